"""POP3 by hand against a small server: marks are repeated, numbers stand still, QUIT works once."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.accounts.actor import Actor
from controlpanel.clientsetup import by_hand
from controlpanel.clientsetup.by_hand import CommandError, parse
from controlpanel.mailboxes.changes import lent_device_password
from controlpanel.mailboxes.models import DevicePassword
from controlpanel.mailboxes.rules import NotAllowed
from tests.clientsetup.conftest import People, server_context
from tests.clientsetup.fake_pop3 import FakePop3, listening
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db

SESSION = re.compile(r'name="session" value="([^"]+)"')
HX = {"HX-Request": "true"}


@pytest.fixture
def server(authority: trustme.CA, settings: Any) -> Iterator[FakePop3]:
    messages = {f"id-{n}": f"Subject: {n}\r\n\r\nbody {n}\r\n".encode() for n in range(1, 6)}
    with listening(FakePop3(server_context(authority, "localhost"), messages)) as fake:
        settings.POP3_FROM_PANEL = f"127.0.0.1:{fake.port}"
        yield fake


class Page:
    """A browser on the page: what it shows, and the session that its form carries on."""

    def __init__(self, people: People, headers: dict[str, str] | None = None) -> None:
        self.client: Client = people.client("owner")
        self.path = f"/mail/{people.mailbox.pk}/setup/by-hand/"
        self.headers = headers or {}
        self.session = ""
        self.shown = ""

    def say(self, typed: str = "", **more: str) -> str:
        form = {"session": self.session, "typed": typed, **more}
        answer = self.client.post(self.path, form, headers=self.headers)
        assert answer.status_code == 200
        self.shown = answer.content.decode()
        found = SESSION.search(self.shown)
        self.session = found[1] if found else ""
        return self.shown

    def lines(self) -> list[str]:
        return re.findall(r"<bdi>(.*?)</bdi>", self.shown, re.DOTALL)

    @property
    def state(self) -> str:
        found = re.search(r'aria-current="step"><b>(\w+)', self.shown)
        return found[1] if found else ""


@pytest.fixture
def page(people: People, server: FakePop3) -> Page:
    page = Page(people)
    page.say()
    return page


def test_the_first_request_opens_the_mailbox_and_shows_how(page: Page, server: FakePop3) -> None:
    assert page.state == "TRANSACTION"
    assert page.lines()[:2] == ["+OK fake", "STLS"]
    assert page.lines()[-2:] == ["PASS ••••••••", "+OK 5 messages"]
    assert not re.search(r"[a-z2-7]{4}(-[a-z2-7]{4}){6}", page.shown), "no password is shown"


def test_marks_are_repeated_and_removed_by_quit_alone(page: Page, server: FakePop3) -> None:
    page.say("DELE 2")
    page.say("dele 4")
    assert page.lines() == ["DELE 4", "+OK marked"]
    page.say("LIST")
    assert [line.split()[0] for line in page.lines()[2:-1]] == ["1", "3", "5"]
    assert len(server.messages) == 5, "nothing is removed before QUIT"
    assert "QUIT and remove 2 messages" in page.shown
    page.say("QUIT")
    assert list(server.messages) == ["id-1", "id-3", "id-5"]
    assert (page.state, page.session) == ("UPDATE", "")
    assert "2 messages were removed." in page.shown


def test_quit_is_said_only_when_asked_for(page: Page, server: FakePop3) -> None:
    page.say("DELE 1")
    server.heard.clear()
    page.say("STAT")
    assert "QUIT" not in server.heard
    assert server.heard.count("DELE 1") == 1


def test_the_same_quit_twice_removes_nothing_more(page: Page, server: FakePop3) -> None:
    page.say("DELE 2")
    spent = page.session
    page.say("QUIT")
    page.session = spent
    page.say("QUIT")
    assert "Begin again" in page.shown
    assert (page.session, page.state) == ("", "")
    assert list(server.messages) == ["id-1", "id-3", "id-4", "id-5"]


def test_when_another_client_removes_a_message_the_numbers_are_not_used_any_more(page: Page, server: FakePop3) -> None:
    """Number 3 would now be what was 4: to mark it would be to lose the wrong message."""
    page.say("LIST")
    del server.messages["id-1"]
    page.say("DELE 3")
    assert "the numbers mean others now" in page.shown
    assert not [line for line in server.heard if line.startswith("DELE")]
    assert len(server.messages) == 4


def test_the_same_ids_in_another_order_are_noticed(page: Page, server: FakePop3) -> None:
    server.messages = dict(reversed(server.messages.items()))
    page.say("RETR 1")
    assert "the numbers mean others now" in page.shown


def test_what_arrives_meanwhile_is_told_and_not_touched(page: Page, server: FakePop3) -> None:
    server.messages["id-6"] = b"new\r\n"
    page.say("STAT")
    assert "1 message has come since" in page.shown
    page.say("DELE 6")
    assert "There was no message 6 when this session began" in page.shown
    assert page.session
    page.say("DELE 5")
    assert "+OK marked" in page.lines()


def test_rset_takes_the_marks_away(page: Page, server: FakePop3) -> None:
    page.say("DELE 1")
    page.say("RSET")
    page.say("QUIT")
    assert len(server.messages) == 5


def test_a_refused_mark_is_not_kept(page: Page, server: FakePop3) -> None:
    page.say("DELE 1")
    page.say("DELE 1")
    assert page.lines()[-1] == "-ERR no such message"
    page.say("QUIT")
    assert len(server.messages) == 4


def test_a_message_is_shown_as_text_and_only_as_text(page: Page, server: FakePop3) -> None:
    body = "Subject: <script>alert(1)</script>\r\n\r\n</pre><img src=x onerror=y>\r\n.dot\r\n\x1b[2J\u202e\r\n".encode()
    server.messages["id-1"] = body
    page.say("RETR 1")
    assert "<script>alert" not in page.shown
    assert "<img src=x" not in page.shown
    assert "&lt;img src=x onerror=y&gt;" in page.shown
    assert ".dot" in page.lines(), "dot-stuffing is taken off"
    assert "␛[2J[U+202E]" in page.lines()
    assert page.lines()[-1] == "."


def test_a_huge_message_is_shown_in_part_and_not_read_to_its_end(page: Page, server: FakePop3) -> None:
    server.messages["id-2"] = b"Subject: huge\r\n\r\n" + b"x" * 70 + b"\r\n" * 1 + (b"y" * 70 + b"\r\n") * 200_000
    page.say("RETR 2")
    assert "longer than this page shows" in page.shown
    assert len(page.lines()) <= by_hand.SHOWN_LINES + 2
    page.say("TOP 2 0")
    page.say("DELE 2")
    page.say("QUIT")
    assert "id-2" not in server.messages


def test_an_empty_mailbox_can_be_talked_to(people: People, server: FakePop3) -> None:
    server.messages.clear()
    page = Page(people)
    page.say()
    page.say("STAT")
    assert page.lines()[-1] == "+OK 0 0"
    page.say("QUIT")
    assert page.state == "UPDATE"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("USER ana", "comes before the sign-in"),
        ("PASS x", "comes before the sign-in"),
        ("DELE", "wants a message number"),
        ("DELE 0", "wants a message number"),
        ("RETR 1 2", "wants a message number"),
        ("TOP 1", "wants a message number"),
        ("EXPLODE", "no command that works here"),
        ("", "no command that works here"),
        ("STAT\r\nDELE 1", "wants a message number"),
        ("STAT" + " " * 200, "no command that works here"),
        ("ＳＴＡＴ", "no command that works here"),
    ],
)
def test_what_cannot_be_said_is_not_said(page: Page, server: FakePop3, typed: str, words: str) -> None:
    server.heard.clear()
    before = page.session
    page.say(typed)
    assert words in page.shown
    assert server.heard == []
    assert page.session
    assert by_hand.read_token(int(page.path.split("/")[2]), before)


@given(st.text(max_size=120))
def test_any_text_is_a_command_on_one_line_or_none(text: str) -> None:
    try:
        command = parse(text)
    except CommandError:
        return
    assert re.fullmatch(r"[A-Z]{3,4}( [1-9][0-9]{0,8}( (0|[1-9][0-9]{0,8}))?)?", command)


@pytest.mark.parametrize("command", ["UIDL", "STAT", "PASS", "USER"])
def test_a_line_that_breaks_is_said_and_loses_nothing(page: Page, server: FakePop3, command: str) -> None:
    server.cut_at = command
    page.say("STAT")
    assert "did not go on" in page.shown
    assert len(server.messages) == 5


def test_a_refused_sign_in_shows_the_servers_own_words(people: People, server: FakePop3) -> None:
    server.refuses = "-ERR [SYS/PERM] POP3 is turned off for this mailbox."
    page = Page(people)
    page.say()
    assert (page.state, page.session) == ("AUTHORIZATION", "")
    assert page.lines()[-1] == "-ERR [SYS/PERM] POP3 is turned off for this mailbox."


def test_no_service_is_said(people: People, settings: Any, authority: trustme.CA) -> None:
    with listening(FakePop3(server_context(authority, "localhost"))) as gone:
        settings.POP3_FROM_PANEL = f"127.0.0.1:{gone.port}"
    page = Page(people)
    page.say()
    assert "did not go on" in page.shown


def test_another_machine_has_to_show_the_certificate_of_the_public_name(
    people: People, server: FakePop3, trusted: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PUBLIC_HOST = "mail.hosting.example"
    monkeypatch.setattr(by_hand, "_context", lambda _host: by_hand.certificates.strict())
    page = Page(people)
    page.say()
    assert "did not go on" in page.shown
    assert not [line for line in server.heard if line.startswith(("USER", "PASS"))]


class TestPassword:
    def test_it_is_lent_for_the_request_alone(self, page: Page, people: People, server: FakePop3) -> None:
        for _ in range(3):
            page.say("STAT")
        lent = DevicePassword.objects.get(lent=True)
        assert lent.revoked is not None
        assert (lent.may_send, lent.name) == (False, "By hand, in the browser")
        passwords = {line for line in server.heard if line.startswith("PASS")}
        assert len(passwords) == server.sessions == 4

    def test_it_is_taken_back_when_the_line_breaks(self, page: Page, server: FakePop3) -> None:
        server.cut_at = "STAT"
        page.say("STAT")
        assert not DevicePassword.objects.filter(lent=True, revoked=None).exists()

    def test_it_stands_in_no_list_of_devices(self, page: Page, people: People) -> None:
        DevicePassword.objects.filter(lent=True).update(revoked=None)
        for path in (f"/mail/{people.mailbox.pk}/devices/", f"/mailboxes/{people.mailbox.pk}/"):
            role = "owner" if path.startswith("/mail/") else "administrator"
            assert "By hand, in the browser" not in people.client(role).get(path).content.decode()


class TestToken:
    def test_a_session_is_one_mailboxes_own(self, page: Page, people: People) -> None:
        other = make_mailbox("eva@papelera.example")
        assert by_hand.read_token(other.pk, page.session) is None

    @pytest.mark.parametrize("token", ["x", "a.b.c", "Ñ" * 100])
    def test_a_forged_session_begins_nothing(self, page: Page, server: FakePop3, token: str) -> None:
        server.heard.clear()
        page.session = token
        page.say("QUIT")
        assert "too old" in page.shown
        assert server.heard == []

    def test_marks_cannot_be_slipped_in(self, page: Page, server: FakePop3) -> None:
        page.say("STAT", marks="1", command="")
        page.say("QUIT")
        assert len(server.messages) == 5


def test_a_button_counts_before_what_is_typed(page: Page, server: FakePop3) -> None:
    page.say("DELE 1", command="STAT")
    assert page.lines()[0] == "STAT"


def test_with_scripts_only_what_is_new_is_sent(people: People, server: FakePop3) -> None:
    page = Page(people, HX)
    page.say()
    page.say("STAT")
    assert "<html" not in page.shown
    assert page.shown.count("hx-swap-oob") == 2
    assert page.lines() == ["STAT", "+OK 5 110"]


def test_in_spanish_the_service_speaks_spanish_too(people: People, server: FakePop3) -> None:
    page = Page(people, {"accept-language": "es"})
    page.say()
    assert "LANG es" in server.heard
    assert "LANG es" not in page.lines()


def test_two_pages_at_once_are_lent_two_passwords(people: People) -> None:
    actor = Actor(people.owner)
    with lent_device_password(people.mailbox, "one", actor=actor) as first:
        with lent_device_password(people.mailbox, "one", actor=actor) as second:
            assert first != second
            assert DevicePassword.objects.filter(lent=True, revoked=None).count() == 2
        with lent_device_password(people.mailbox, "one", actor=actor):
            assert DevicePassword.objects.filter(lent=True).count() == 2, "a row that is free is used again"
    assert not DevicePassword.objects.filter(lent=True, revoked=None).exists()


def test_a_password_is_lent_to_the_owner_alone(people: People) -> None:
    for user in (people.administrator, people.operator, people.other_owner):
        with pytest.raises(NotAllowed), lent_device_password(people.mailbox, "one", actor=Actor(user)):
            pass
    assert not DevicePassword.objects.filter(lent=True).exists()
