"""People and certificates for the tests of set-up."""

import ssl
from typing import Any

import pytest
import trustme

from controlpanel.clientsetup.selftest import certificates, lookups
from tests.panel.conftest import People, people, plain_static_files

__all__ = ["People", "people", "plain_static_files"]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel trusts the test's authority as it trusts the world's."""

    def strict() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    monkeypatch.setattr(certificates, "strict", strict)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], list[str] | None]:
    """The DNS of a test: values by name and type; None where no server answers."""
    known: dict[tuple[str, str], list[str] | None] = {}

    def look_up(name: str, kind: str) -> list[str]:
        values = known.get((name, kind), [])
        if values is None:
            raise lookups.UnansweredError(name)
        return values

    monkeypatch.setattr(lookups, "dns_lookup", look_up)
    return known


def server_context(authority: trustme.CA, *names: str, **issue: Any) -> ssl.SSLContext:
    """What a server presents that has a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **issue).configure_cert(context)
    return context
