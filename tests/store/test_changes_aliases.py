import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Address, Alias, Domain
from tests.store.changing import administrator, not_allowed, refused, told
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _relay(settings) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@example.org"


@pytest.fixture
def domain() -> Domain:
    domain = make_domain("example.org")
    for name in ("ana", "luis"):
        make_mailbox(f"{name}@example.org")
    return domain


def targets_of(address: Address) -> list[str]:
    rows = Alias.objects.filter(address=address).select_related("mailbox").order_by("pk")
    return [row.mailbox.address_text if row.mailbox else row.outside for row in rows]


def test_an_alias_hands_on_to_mailboxes_here_and_addresses_elsewhere(domain: Domain) -> None:
    admin = administrator(domain)
    targets = ["ANA@example.org", "", " luis@Example.org ", "Eva.B@M\u00fcnchen.example", "ana@example.org"]
    alias = changes.create_alias(domain, "Ventas", targets, actor=admin)
    assert str(alias) == "ventas@example.org"
    assert targets_of(alias) == ["ana@example.org", "luis@example.org", "Eva.B@xn--mnchen-3ya.example"]
    row = told("create_alias")
    assert (row.domain_id, row.subject) == (domain.pk, "ventas@example.org")
    assert row.details == {"targets": targets_of(alias)}


@pytest.mark.parametrize("local", ["*", "", " "])
def test_a_catch_all_takes_what_nobody_has(domain: Domain, local: str) -> None:
    alias = changes.create_alias(domain, local, ["ana@example.org"], actor=SHELL)
    assert alias.local == ""
    with refused("local", "taken"):
        changes.create_alias(domain, "*", ["ana@example.org"], actor=SHELL)


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        ([], "at least one address"),
        (["", " "], "at least one address"),
        (["nobody"], "name@domain"),
        (["ventas@example.org"], "There is no mailbox ventas@example.org"),
        (["nobody@example.org"], "There is no mailbox nobody@example.org"),
        (["ana@example.org", "equipo@example.org"], "equipo@example.org is an alias itself"),
        (["a b@elsewhere.example"], "not allowed"),
        ([f"a{n}@elsewhere.example" for n in range(101)], "at most 100"),
    ],
)
def test_what_cannot_be_a_target_is_said(domain: Domain, targets: list[str], sentence: str) -> None:
    changes.create_alias(domain, "equipo", ["ana@example.org"], actor=SHELL)
    with refused("targets", sentence):
        changes.create_alias(domain, "ventas", targets, actor=SHELL)
    assert not Address.objects.filter(local="ventas").exists()


def test_an_alias_does_not_hand_mail_to_itself(domain: Domain) -> None:
    alias = changes.create_alias(domain, "ventas", ["ana@example.org"], actor=SHELL)
    with refused("targets", "is an alias itself"):
        changes.change_alias(alias, ["ventas@example.org"], actor=SHELL)


def test_two_aliases_do_not_hand_mail_to_each_other(domain: Domain) -> None:
    one = changes.create_alias(domain, "one", ["ana@example.org"], actor=SHELL)
    changes.create_alias(domain, "two", ["ana@example.org"], actor=SHELL)
    with refused("targets", "is an alias itself"):
        changes.change_alias(one, ["two@example.org"], actor=SHELL)


def test_without_a_relay_nothing_goes_elsewhere(domain: Domain, settings) -> None:
    settings.RELAY_URL = ""
    with refused("targets", "RELAY_URL is not set"):
        changes.create_alias(domain, "ventas", ["eva@elsewhere.example"], actor=SHELL)


@pytest.mark.parametrize("local", ["ana", "ANA"])
def test_a_mailboxs_address_is_no_alias(domain: Domain, local: str) -> None:
    with refused("local", "taken by a mailbox"):
        changes.create_alias(domain, local, ["luis@example.org"], actor=SHELL)


def test_nobody_makes_an_alias_where_somebody_signs_in(domain: Domain) -> None:
    User.objects.create_user("boss@example.org", is_operator=True)
    with refused("local", "signs in with this address"):
        changes.create_alias(domain, "boss", ["ana@example.org"], actor=administrator(domain))


def test_nobody_who_has_no_mailbox_signs_in_where_an_alias_is(domain: Domain) -> None:
    changes.create_alias(domain, "boss", ["ana@example.org"], actor=SHELL)
    with refused("address", "taken"):
        changes.create_operator("boss@example.org", actor=SHELL)
    with refused("address", "taken"):
        changes.appoint_administrator(domain, "boss@example.org", actor=SHELL)
    assert not User.objects.filter(address="boss@example.org").exists()


def test_targets_are_changed_as_a_whole_and_told_once(domain: Domain) -> None:
    alias = changes.create_alias(domain, "ventas", ["ana@example.org"], actor=SHELL)
    changes.change_alias(alias, ["luis@example.org", "eva@elsewhere.example"], actor=SHELL)
    assert targets_of(alias) == ["luis@example.org", "eva@elsewhere.example"]
    assert told("change_alias").details == {"targets": [["ana@example.org"], targets_of(alias)]}
    before = Activity.objects.count()
    changes.change_alias(alias, ["eva@elsewhere.example", "luis@example.org"], actor=SHELL)
    assert Activity.objects.count() == before
    with refused("targets", "at least one"):
        changes.change_alias(alias, [], actor=SHELL)
    assert targets_of(alias) == ["luis@example.org", "eva@elsewhere.example"]


def test_a_deleted_alias_frees_its_address(domain: Domain) -> None:
    alias = changes.create_alias(domain, "ventas", ["ana@example.org"], actor=SHELL)
    changes.delete_alias(alias, actor=SHELL)
    assert told("delete_alias").details == {"targets": ["ana@example.org"]}
    assert not Alias.objects.exists()
    changes.create_mailbox(domain, "ventas", actor=SHELL)


def test_a_mailboxs_own_address_is_not_deleted_as_an_alias(domain: Domain) -> None:
    with refused("", "mailbox, not an alias"):
        changes.delete_alias(Address.objects.get(local="ana"), actor=SHELL)
    with refused("", "mailbox, not an alias"):
        changes.change_alias(Address.objects.get(local="ana"), ["luis@example.org"], actor=SHELL)


def test_a_deleted_domain_takes_no_alias(domain: Domain) -> None:
    changes.delete_domain(domain, actor=SHELL)
    with refused("", "deleted"):
        changes.create_alias(domain, "ventas", ["ana@example.org"], actor=SHELL)


def test_aliases_are_changed_by_who_runs_the_domain(domain: Domain) -> None:
    alias = changes.create_alias(domain, "ventas", ["ana@example.org"], actor=SHELL)
    stranger = administrator(make_domain("other.example"))
    with not_allowed():
        changes.create_alias(domain, "info", ["ana@example.org"], actor=stranger)
    with not_allowed():
        changes.change_alias(alias, ["luis@example.org"], actor=stranger)
    with not_allowed():
        changes.delete_alias(alias, actor=stranger)
