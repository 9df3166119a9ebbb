"""What every test may ask for. The database server starts when the first test wants it, never at import."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import CommandError
from django.core.management.commands import flush
from django.utils import translation

from controlpanel import environment
from controlpanel.launcher.postgres import PostgreSQL
from tests import programs
from tests.postgres import migrate, new_database, temporary_server, with_name

hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")  # a busy machine is no fault of what is tested

_of_the_run = ExitStack()
_urls: list[str] = []


def _shared_server() -> str:
    if not _urls:
        _urls.append(_of_the_run.enter_context(temporary_server()).url())
    return _urls[0]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Under xdist the controlling process owns the server, and each worker learns where it is."""
    node.workerinput["server_url"] = _shared_server()


def pytest_unconfigure() -> None:
    _of_the_run.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    programs.report(terminalreporter)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English, whatever language the one before it read pages in."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """The URL of the run's server: no fsync, one for all workers."""
    workerinput: dict[str, str] = getattr(request.config, "workerinput", {})
    return workerinput.get("server_url") or _shared_server()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(server_url: str, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Point Django at the run's server; pytest-django then makes its own test database there."""
    settings.DATABASES["default"].update(environment.database(server_url))


@pytest.fixture(scope="session", autouse=True)
def patient_flush() -> Iterator[None]:
    """After a test its mail service may write still, and hold what emptying the tables has to lock: try again."""
    empty = flush.Command.handle

    def persist(self: flush.Command, **options: Any) -> None:
        for tries_left in reversed(range(10)):
            try:
                return empty(self, **options)
            except CommandError:
                if not tries_left:
                    raise
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush.Command, "handle", persist)
        yield


@pytest.fixture
def database_url(server_url: str, transactional_db: None) -> str:
    """The URL of the test database that this test's own Django uses, for a process that shares it."""
    return with_name(server_url, settings.DATABASES["default"]["NAME"])


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    with new_database(server_url) as url:
        migrate(url)
        yield url


@pytest.fixture
def service_database_url(server_url: str, migrated_template: str) -> Iterator[str]:
    """The URL of a fresh database with our schema and no rows, for processes that the test starts."""
    with new_database(server_url, template=migrated_template) as url:
        yield url


@pytest.fixture
def durable_server() -> Iterator[PostgreSQL]:
    """A server for this test alone, with fsync, that the test may `kill()` and `start()` again."""
    with temporary_server(durable=True) as server:
        yield server
