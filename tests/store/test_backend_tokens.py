"""Signing in with a token of a configured issuer: the real door, an issuer on loopback."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailstore.models import Session
from pop3service.backend import Backend
from pop3service.pop3 import Peer, Rules, Tls
from pop3service.pop3 import Session as Pop3Session
from pop3service.requests import Code, LoggedIn, Reason, Refused, Request, TokenLogin, Unavailable
from pop3service.worker import mechanisms
from tests.accounts.tokens import AUDIENCE, Signer, SmallIssuer, claims, serving
from tests.store.doors import FakeLine, answer_to, beside_a_backend, in_thread
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana@example.org"
SIGNER = Signer("one")
REFUSED = Refused(Code.AUTH, Reason.TOKEN_REFUSED)


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox(ANA)


@pytest.fixture
def issuer(settings: Any) -> Iterator[SmallIssuer]:
    with serving(SIGNER) as small:
        settings.OAUTH_ISSUER = small.url
        settings.OAUTH_AUDIENCE = AUDIENCE
        settings.OAUTH_DISCOVERY_URL = f"{small.url}/.well-known/openid-configuration"
        yield small


def answers(*requests: TokenLogin) -> list[Any]:
    found: list[Any] = []

    async def test(backend: Backend) -> None:
        for request in requests:
            door = backend.pop3(FakeLine())
            found.append(await answer_to(door, request))
            door.close((), "lost")

    beside_a_backend(test)
    return found


def test_a_token_opens_the_mailbox_that_it_names(ana: Mailbox, issuer: SmallIssuer) -> None:
    token = SIGNER.sign(claims(issuer.url, "Ana@Example.ORG"))

    async def test(backend: Backend) -> None:
        for name in ("", ANA, "ANA@example.org"):
            assert isinstance(
                await answer_to(backend.pop3(FakeLine()), TokenLogin("OAUTHBEARER", name, token)), LoggedIn
            )
        assert await in_thread(lambda: {each.mechanism for each in Session.objects.all()}) == {"OAUTHBEARER"}

    beside_a_backend(test)


def test_it_opens_no_other(ana: Mailbox, issuer: SmallIssuer) -> None:
    make_mailbox("eve@example.org")
    token = SIGNER.sign(claims(issuer.url))
    nobody = SIGNER.sign(claims(issuer.url, "nobody@example.org"))
    asked = [("eve@example.org", token), ("x", token), ("", nobody), (ANA, nobody), (ANA, "made.up.token")]
    assert answers(*[TokenLogin("XOAUTH2", *each) for each in asked]) == [REFUSED] * 5
    assert {(each.mailbox_id, each.outcome) for each in Attempt.objects.all()} == {(ana.pk, "token_refused")}


def test_who_tries_many_tokens_is_slowed(ana: Mailbox, issuer: SmallIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop3service.backend.proving.PATIENCE_SECONDS", 0)
    stale = TokenLogin("XOAUTH2", ANA, "stale.token.again")
    assert answers(*[stale] * 20) == [REFUSED] * 20
    reasons = [answer.reason for answer in answers(*[TokenLogin("XOAUTH2", "", f"made.up.{n}") for n in range(12)])]
    assert reasons[0] is Reason.TOKEN_REFUSED
    assert reasons[-1] is Reason.THROTTLED


def test_pages_can_tell_a_token_from_the_main_password(ana: Mailbox, issuer: SmallIssuer) -> None:
    answers(TokenLogin("XOAUTH2", ANA, SIGNER.sign(claims(issuer.url))))
    past = PastSession.objects.get()
    assert (past.device_id, past.device, past.mechanism) == (None, "XOAUTH2", "XOAUTH2")


def test_policy_holds_for_tokens_too_but_they_are_no_main_password(ana: Mailbox, issuer: SmallIssuer) -> None:
    request = TokenLogin("XOAUTH2", ANA, SIGNER.sign(claims(issuer.url)))
    Domain.objects.update(device_passwords_only=True)
    [answer] = answers(request)
    assert isinstance(answer, LoggedIn)
    Mailbox.objects.update(state=State.SUSPENDED)
    assert answers(request) == [Refused(Code.SYS_PERM, Reason.SUSPENDED)]


def test_without_its_keys_the_client_is_not_asked_to_sign_in_again(ana: Mailbox, issuer: SmallIssuer) -> None:
    issuer.status = 503
    assert answers(TokenLogin("XOAUTH2", ANA, SIGNER.sign(claims(issuer.url)))) == [Unavailable()]


def test_without_an_issuer_nothing_is_offered_and_no_token_opens(
    ana: Mailbox, issuer: SmallIssuer, settings: Any
) -> None:
    assert {"OAUTHBEARER", "XOAUTH2"} <= set(mechanisms())
    settings.OAUTH_ISSUER = ""
    assert mechanisms() == ("SCRAM-SHA-256", "PLAIN", "LOGIN")
    assert answers(TokenLogin("XOAUTH2", ANA, SIGNER.sign(claims(issuer.url)))) == [REFUSED]


def test_a_token_over_eight_kilobytes_passes_from_the_line_to_the_issuer(ana: Mailbox, issuer: SmallIssuer) -> None:
    token = SIGNER.sign(claims(issuer.url, groups=["x" * 70] * 90))
    assert len(token) > 8 * 1024
    session = Pop3Session(Rules("mail.example.org", mechanisms=mechanisms()), Peer("192.0.2.7", tls=Tls("TLSv1.3")))
    session.receive(b"AUTH XOAUTH2 " + b64encode(f"user={ANA}\1auth=Bearer {token}\1\1".encode()) + b"\r\n")
    event = session.next_event()
    while not isinstance(event, Request):
        event = session.next_event()
    assert isinstance(event, TokenLogin)
    assert event.token == token
    [answer] = answers(event)
    assert isinstance(answer, LoggedIn)
