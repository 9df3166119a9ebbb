"""The set-up pages against the real mail service: a session by hand, a check, and a client that is seen to connect."""

import poplib
import re
import ssl
import time
from typing import Any

import pytest
import trustme
from django.test import Client

from controlpanel.clientsetup.selftest import certificates, lookups
from controlpanel.journal.models import PastSession
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.models import Fetched, Message
from tests.store.factories import make_message, put
from tests.wire.service import MailService

HOST = "mail.example.org"
SECRET = re.compile(r"data-secret>([a-z2-7-]+)<")
SEEN = re.compile(r'hx-get="(/mail/\d+/setup/seen/[^"?]+)\?shown=([^"]+)"')
SESSION = re.compile(r'name="session" value="([^"]+)"')


@pytest.fixture
def panel(
    ana: Mailbox, service: MailService, settings: Any, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> Client:
    """Ana's browser, on a panel whose public name is the service's."""

    def strict() -> ssl.SSLContext:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        return context

    monkeypatch.setattr(certificates, "strict", strict)
    addresses = {(HOST, "A"): ["127.0.0.1"]}
    monkeypatch.setattr(lookups, "dns_lookup", lambda name, kind: addresses.get((name, kind), []))
    settings.PUBLIC_HOST = HOST
    settings.POP3_FROM_PANEL = f"127.0.0.1:{service.pop3}"
    settings.PUBLIC_POP3_PORT, settings.PUBLIC_POP3S_PORT = service.pop3, service.pop3s
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    client = Client(headers={"host": "localhost", "accept-language": "en"})
    client.force_login(ana.user)
    return client


def say(panel: Client, ana: Mailbox, session: str = "", typed: str = "") -> tuple[str, str]:
    answer = panel.post(f"/mail/{ana.pk}/setup/by-hand/", {"session": session, "typed": typed})
    shown = answer.content.decode()
    found = SESSION.search(shown)
    return found[1] if found else "", shown


def test_by_hand_a_huge_message_goes_unread_and_the_others_stay(panel: Client, ana: Mailbox) -> None:
    small, huge, _last = put(ana, make_message("small"), make_message("huge", 3_000_000), make_message("last"))
    session, _shown = say(panel, ana)
    session, shown = say(panel, ana, session, "LIST")
    assert "2 30000" in shown
    session, shown = say(panel, ana, session, "RETR 1")
    assert "Subject: small" in shown
    session, shown = say(panel, ana, session, "DELE 2")
    assert Message.objects.get(pk=huge).removed is None
    _session, shown = say(panel, ana, session, "QUIT")
    assert "1 message was removed." in shown
    assert Message.objects.get(pk=huge).removed is not None
    assert Message.objects.filter(mailbox=ana, removed=None).count() == 2
    again, shown = say(panel, ana, session, "QUIT")
    assert (again, "numbers mean others now" in shown) == ("", True)
    assert Fetched.objects.filter(message_id=small).count() <= 1


def test_the_check_finds_a_good_service_good(panel: Client, ana: Mailbox) -> None:
    put(ana)
    page = panel.post(f"/mail/{ana.pk}/setup/check/").content.decode()
    assert page.count("clients trust it") == 2
    assert page.count("A device password opens the mailbox.") == 2
    assert page.count("1 message waits.") == 2
    assert "PASS ••••••••" in page


def test_the_page_sees_a_client_come_with_a_wrong_password_and_with_the_right_one(
    panel: Client, ana: Mailbox, service: MailService, client_context: ssl.SSLContext
) -> None:
    page = panel.post(f"/mail/{ana.pk}/setup/thunderbird/").content.decode()
    secret, (url, shown) = SECRET.search(page)[1], SEEN.search(page).groups()  # type: ignore[index,union-attr]

    def seen(until: str) -> str:
        for _ in range(200):
            piece = panel.get(f"{url}?shown={shown}", headers={"HX-Request": "true"}).content.decode()
            if until in piece:
                return piece
            time.sleep(0.05)
        raise AssertionError(piece)

    with pytest.raises(poplib.error_proto, match="AUTH"):
        sign_in(service, client_context, "never this one")
    assert "with a wrong password" in seen("wrong password")
    line = sign_in(service, client_context, secret)
    connected = seen("It works")
    assert "Thunderbird" in connected
    line.quit()
    assert PastSession.objects.filter(mailbox_id=ana.pk).count() <= 1


def sign_in(service: MailService, context: ssl.SSLContext, secret: str) -> poplib.POP3_SSL:
    line = poplib.POP3_SSL("localhost", service.pop3s, context=context, timeout=20)
    line.user("ana@example.org")
    line.pass_(secret)
    return line
