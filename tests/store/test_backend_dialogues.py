"""The door hands over the dialogues that somebody wants to read, of this mailbox and of no other."""

import asyncio
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from controlpanel.journal.models import Dialogue
from controlpanel.mailboxes.models import Mailbox
from pop3service.backend import Backend
from pop3service.backend.recording import MOST_ENTRIES
from pop3service.requests import CheckLine, Finish, LoggedIn, Refused, ScramLookup
from pop3service.tape import Entry
from tests.store.doors import ANA, FakeLine, answer_to, beside_a_backend, login, until_rows
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def box(address: str, *, recorded: bool) -> Mailbox:
    made = make_mailbox(
        address, record_sessions=5, record_until=timezone.now() + timedelta(hours=1 if recorded else -1)
    )
    made.user.password = make_password("secret")
    made.user.save()
    return made


def test_a_session_is_written_down_from_its_beginning() -> None:
    ana = box(ANA, recorded=True)

    async def test(backend: Backend) -> None:
        line = FakeLine()
        door = backend.pop3(line)
        assert isinstance(await answer_to(door, login()), LoggedIn)
        [hear] = line.sinks
        hear(Entry(1700000000.0, "S", "+OK"))
        hear(Entry(1700000001.5, "C", "STAT"))
        await answer_to(door, Finish((), ()))
        door.close(None, "quit")
        await until_rows(Dialogue.objects, 1)

    beside_a_backend(test)
    kept = Dialogue.objects.get()
    assert kept.entries == [[0, "S", "+OK"], [1500, "C", "STAT"]]
    assert (kept.mailbox_id, kept.signed_in, kept.mechanism, kept.ended_by) == (ana.pk, True, "USER", "quit")
    assert (kept.address, kept.tls, kept.started.timestamp()) == ("192.0.2.7", "TLSv1.3", 1700000000.0)
    ana.refresh_from_db()
    assert ana.record_sessions == 4


async def until_heard(line: FakeLine) -> None:
    for _ in range(500):
        if line.sinks:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody asked for the dialogue")


@pytest.mark.parametrize(
    "request_", [login(secret="wrong"), ScramLookup(ANA), CheckLine("USER", ANA)], ids=lambda each: type(each).__name__
)
def test_a_failed_sign_in_is_written_down_and_uses_up_nothing(request_: object) -> None:
    ana = box(ANA, recorded=True)

    async def test(backend: Backend) -> None:
        line = FakeLine(tls="")
        door = backend.pop3(line)
        await answer_to(door, request_)
        await until_heard(line)
        door.close(None, "lost")
        await until_rows(Dialogue.objects, 1)

    beside_a_backend(test)
    assert not Dialogue.objects.get().signed_in
    ana.refresh_from_db()
    assert ana.record_sessions == 5


def test_who_did_not_ask_is_not_written_down() -> None:
    box(ANA, recorded=False)

    async def test(backend: Backend) -> None:
        line = FakeLine()
        door = backend.pop3(line)
        assert isinstance(await answer_to(door, login()), LoggedIn)
        door.close(None, "lost")
        assert not line.sinks

    beside_a_backend(test)
    assert not Dialogue.objects.exists()


def test_a_dialogue_that_opens_another_mailbox_in_the_end_is_nobodys() -> None:
    box(ANA, recorded=True)
    box("eve@example.org", recorded=False)

    async def test(backend: Backend) -> None:
        line = FakeLine()
        door = backend.pop3(line)
        assert isinstance(await answer_to(door, login(secret="wrong")), Refused)
        assert isinstance(await answer_to(door, login(name="eve@example.org")), LoggedIn)
        assert line.sinks
        door.close(None, "lost")

    beside_a_backend(test)
    assert not Dialogue.objects.exists()


def test_a_long_dialogue_is_cut() -> None:
    box(ANA, recorded=True)

    async def test(backend: Backend) -> None:
        line = FakeLine()
        door = backend.pop3(line)
        await answer_to(door, login())
        for _ in range(MOST_ENTRIES + 100):
            line.sinks[0](Entry(1700000000.0, "C", "NOOP"))
        door.close(None, "lost")
        await until_rows(Dialogue.objects, 1)

    beside_a_backend(test)
    assert len(Dialogue.objects.get().entries) == MOST_ENTRIES + 1
