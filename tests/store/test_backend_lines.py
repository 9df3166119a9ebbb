"""Sign-in without TLS and with an old one, which a domain may allow until a day: what the door says, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from controlpanel.journal.models import OLD_TLS, Attempt
from controlpanel.mailboxes.models import Domain, Mailbox
from pop3service import rules
from pop3service.backend import Backend
from pop3service.requests import CheckLine, Code, LoggedIn, Reason, Refused
from tests.store.doors import ANA, FakeLine, answer_to, beside_a_backend, login
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

OFFICE = "192.0.2.7"


@pytest.fixture(autouse=True)
def ana() -> Mailbox:
    box = make_mailbox(ANA)
    box.user.password = make_password("secret")
    box.user.save()
    return box


def day(days: int) -> Any:
    return datetime.now(UTC).date() + timedelta(days=days)


def test_both_sides_mean_the_same_by_an_old_tls() -> None:
    assert OLD_TLS == rules.OLD_TLS


@pytest.mark.parametrize(
    ("tls", "allowed", "reason"),
    [
        ("", {}, Reason.TLS_NEEDED),
        ("", {"plain_login_until": 0}, Reason.TLS_NEEDED),
        ("", {"old_tls_until": 9}, Reason.TLS_NEEDED),
        ("", {"plain_login_until": 1}, None),
        ("TLSv1", {}, Reason.NEWER_TLS_NEEDED),
        ("TLSv1.1", {"plain_login_until": 9}, Reason.NEWER_TLS_NEEDED),
        ("TLSv1.1", {"old_tls_until": -1}, Reason.NEWER_TLS_NEEDED),
        ("TLSv1.1", {"old_tls_until": 1}, None),
        ("TLSv1.2", {}, None),
        ("TLS", {}, None),
    ],
)
def test_a_login_is_judged_by_what_holds_today(tls: str, allowed: dict[str, int], reason: Reason | None) -> None:
    make_domain("other.example", plain_login_until=day(9), old_tls_until=day(9))
    Domain.objects.filter(name="example.org").update(**{name: day(days) for name, days in allowed.items()})
    answers: list[Any] = []

    async def test(backend: Backend) -> None:
        answers.append(await answer_to(backend.pop3(FakeLine(OFFICE, tls)), login()))

    beside_a_backend(test)
    if reason is None:
        assert isinstance(answers[0], LoggedIn)
    else:
        assert answers == [Refused(Code.SYS_PERM, reason)]
        assert Attempt.objects.get().outcome == reason.name.lower()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (ANA, None),
        ("NOBODY@example.org", None),  # whether a mailbox is there is not told
        ("ana@other.example", Reason.TLS_NEEDED),
        ("ana@elsewhere.example", Reason.TLS_NEEDED),
        ("ana", Reason.TLS_NEEDED),
    ],
)
def test_before_the_password_the_domain_alone_decides(name: str, reason: Reason | None) -> None:
    make_mailbox("ana@other.example")
    Domain.objects.filter(name="example.org").update(plain_login_until=day(1))

    async def test(backend: Backend) -> None:
        while not backend.policies.lines.plain:
            await answer_to(backend.pop3(FakeLine()), login(secret="wrong"))
        assert await answer_to(backend.pop3(FakeLine(OFFICE, "")), CheckLine("USER", name)) is reason
        assert await answer_to(backend.pop3(FakeLine("127.0.0.1", "")), CheckLine("USER", name)) is None

    beside_a_backend(test)


def test_where_the_operator_does_not_mind_nobody_is_refused(settings: Any) -> None:
    settings.PLAIN_TEXT_LOGIN = True

    async def test(backend: Backend) -> None:
        assert isinstance(await answer_to(backend.pop3(FakeLine(OFFICE, "")), login()), LoggedIn)
        answer = await answer_to(backend.pop3(FakeLine(OFFICE, "TLSv1")), login())
        assert answer == Refused(Code.SYS_PERM, Reason.NEWER_TLS_NEEDED)

    beside_a_backend(test)
