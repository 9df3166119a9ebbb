"""Options, fixtures, and the rule that every test names what it requires and where that stands."""

import ssl
from collections.abc import Generator, Iterator

import pytest
from maildrop import Maildrop
from report import Report, Requirement, requirement_of
from target import Account, Target, address


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "the server that the run points at")
    group.addoption("--pop3", metavar="HOST:PORT", help="POP3 in clear, with or without STLS")
    group.addoption("--pop3s", metavar="HOST:PORT", help="POP3 over TLS")
    group.addoption("--lmtp", metavar="HOST:PORT", help="LMTP (or the path of its Unix socket), to fill the mailbox")
    group.addoption("--user", help="who signs in; ALL MAIL IN THIS MAILBOX IS REMOVED")
    group.addoption("--password")
    group.addoption("--recipient", metavar="ADDRESS", help="the mailbox's address for LMTP, if it is not --user")
    group.addoption("--second-user", help="a second mailbox, emptied too; its password best has spaces within")
    group.addoption("--second-password")
    group.addoption("--utf8-user", help="a mailbox with a name or password outside ASCII")
    group.addoption("--utf8-password")
    group.addoption("--ca", metavar="FILE", help="the certificate authority that signed the server's certificate")
    group.addoption("--insecure", action="store_true", help="accept any certificate")
    group.addoption("--wipe", action="store_true", help="the mailboxes may hold mail at the start: remove it")
    group.addoption("--patience", type=float, default=30.0, metavar="SECONDS", help="for each answer (default 30)")
    group.addoption("--slow", action="store_true", help="also the tests that wait for minutes")
    group.addoption("--report", metavar="FILE", help="write the results into this Markdown file's table")
    group.addoption("--column", default="Server", metavar="NAME", help="name of their column in the table")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("pop3") or config.getoption("pop3s"):
        if config.getoption("user") is None or config.getoption("password") is None:
            raise pytest.UsageError("--user and --password are needed")
        if config.getoption("report"):
            config.pluginmanager.register(Report(config.getoption("report"), config.getoption("column")))
    elif not config.getoption("collectonly") and not config.getoption("markers"):
        raise pytest.UsageError("name a server: --pop3 HOST:PORT, --pop3s HOST:PORT, or both")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests: dict[Requirement, str] = {}
    for item in items:
        requirement, test = requirement_of(item), item.nodeid.partition("[")[0]
        if tests.setdefault(requirement, test) != test:
            raise pytest.UsageError(f"{test} and {tests[requirement]} name the same requirement: {requirement}")
        item.user_properties.append(("requirement", requirement))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("slow") and not item.config.getoption("slow"):
        pytest.skip("not run: needs --slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections.insert(0, ("requirement", str(requirement_of(item))))
    return report


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Iterator[Target]:
    """The target of this run; its mailboxes are empty, or may be emptied."""
    target = _target(pytestconfig)
    _look_before_wiping(target, target.account, pytestconfig)
    yield target
    target.close_all()


@pytest.fixture(scope="session")
def second_account(run: Target, pytestconfig: pytest.Config) -> Account:
    """Who has the second mailbox."""
    if run.second is None:
        pytest.skip("needs --second-user")
    _look_before_wiping(run, run.second, pytestconfig)
    return run.second


@pytest.fixture
def target(run: Target) -> Iterator[Target]:
    """The server; connections that a test leaves open are closed after it."""
    yield run
    run.close_all()


@pytest.fixture(autouse=True)
def _only_what_is_announced(request: pytest.FixtureRequest, target: Target) -> None:
    for marker in request.node.iter_markers("announced"):
        for capability in marker.args:
            if not target.announces(capability):
                pytest.skip(f"not announced: {capability}")
    for marker in request.node.iter_markers("offered"):
        for keyword in marker.args:
            if keyword not in target.extensions:
                pytest.skip(f"not announced: LMTP {keyword}")


@pytest.fixture
def maildrop(target: Target) -> Iterator[Maildrop]:
    """The account's maildrop, empty before and after."""
    yield from _emptied(target, target.account)


@pytest.fixture
def second(target: Target, second_account: Account) -> Iterator[Maildrop]:
    """The second account's maildrop, empty before and after."""
    yield from _emptied(target, second_account)


def _emptied(target: Target, account: Account) -> Iterator[Maildrop]:
    if target.lmtp_address is None:
        pytest.skip("needs --lmtp")
    maildrop = Maildrop(target, account)
    maildrop.empty()
    yield maildrop
    target.close_all()
    maildrop.empty()


def _look_before_wiping(target: Target, account: Account, config: pytest.Config) -> None:
    session = target.login(account)
    if target.lmtp_address is not None and session.stat()[0] and not config.getoption("wipe"):
        pytest.exit(f"the mailbox of {account.name} holds mail: name an empty one, or add --wipe to remove it", 4)
    session.quit()


def _target(config: pytest.Config) -> Target:
    def where(option: str, port: int) -> tuple[str, int] | str | None:
        return address(config.getoption(option), port) if config.getoption(option) else None

    def who(prefix: str) -> Account | None:
        name, password = config.getoption(f"{prefix}user"), config.getoption(f"{prefix}password")
        return Account(name, password or "", name) if name else None

    account = Account(
        config.getoption("user"),
        config.getoption("password"),
        config.getoption("recipient") or config.getoption("user"),
    )
    context = ssl.create_default_context(cafile=config.getoption("ca"))
    if config.getoption("insecure"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return Target(
        pop3=where("pop3", 110),
        pop3s=where("pop3s", 995),
        lmtp_address=where("lmtp", 24),
        account=account,
        second=who("second_"),
        utf8=who("utf8_"),
        tls=context,
        patience=config.getoption("patience"),
    )
