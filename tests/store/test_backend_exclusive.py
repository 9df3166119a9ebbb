"""The exclusive lock through the door: waiting for it, being told to wait, and giving way."""

import asyncio

import pytest
from django.contrib.auth.hashers import make_password

from controlpanel.journal.models import PastSession
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailstore.models import Process, Session
from pop3service.backend import Backend
from pop3service.requests import Code, Finish, Finished, LoggedIn, Reason
from pop3service.signals import Farewell
from tests.store.doors import ANA, FakeLine, answer_to, beside_a_backend, in_thread, login, rows, signed_in, until_rows
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held() -> Mailbox:
    """A mailbox of a domain that chose the exclusive lock."""
    box = make_mailbox(ANA)
    box.user.password = make_password("secret")
    box.user.save()
    Domain.objects.update(exclusive_lock=True)
    return box


def test_it_is_waited_for(held: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        first = await signed_in(backend)
        second = asyncio.create_task(signed_in(backend))
        await until_rows(Session.objects.filter(wanted__isnull=False), 1)
        assert not second.done()
        assert await answer_to(first, Finish([], [])) == Finished()
        await second

    beside_a_backend(test)


def test_a_wait_ends(held: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop3service.backend.login.IN_USE_SECONDS", 0.2)

    async def test(backend: Backend) -> None:
        first = await signed_in(backend)
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert (answer.code, answer.reason) == (Code.IN_USE, Reason.IN_USE)
        assert 0 < answer.seconds <= 12 * 3600
        first.close([], "lost")
        await signed_in(backend)

    beside_a_backend(test)


class Idle(FakeLine):
    """A line on which nothing has come for longer than it takes to give way; its client is gone when it is ended."""

    def __init__(self, quiet_seconds: float) -> None:
        super().__init__(quiet_seconds=quiet_seconds)
        self.door = None

    def end(self, why: Farewell, reason: str) -> None:
        super().end(why, reason)
        self.door.close([], reason)


def test_an_idle_session_gives_way_to_who_waits(held: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        line = Idle(61.0)
        line.door = backend.pop3(line)
        assert isinstance(await answer_to(line.door, login()), LoggedIn)
        assert line.watched
        await signed_in(backend)
        assert line.ended == [(Farewell.TAKEN_OVER, "taken_over")]
        [past] = await until_rows(PastSession.objects, 1)
        assert past.ended_by == "taken_over"

    beside_a_backend(test)


def test_of_another_process_too(held: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        other = Backend(asyncio.get_running_loop())
        other.start()
        line = Idle(61.0)
        line.door = other.pop3(line)
        await answer_to(line.door, login())
        await signed_in(backend)
        assert line.ended == [(Farewell.TAKEN_OVER, "taken_over")]
        await other.stop()

    beside_a_backend(test)


def test_who_is_busy_does_not(held: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop3service.backend.login.IN_USE_SECONDS", 2.5)  # two beats

    async def test(backend: Backend) -> None:
        line = Idle(59.0)
        line.door = backend.pop3(line)
        await answer_to(line.door, login())
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert answer.reason is Reason.IN_USE
        assert not line.ended

    beside_a_backend(test)


def test_nobody_gives_way_where_nobody_waits(held: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        line = Idle(3600.0)
        line.door = backend.pop3(line)
        await answer_to(line.door, login())
        before = await in_thread(Process.objects.get)
        for _ in range(2):
            await until_rows(Process.objects.filter(beat__gt=before.beat), 1)
            before = await in_thread(Process.objects.get)
        assert not line.ended

    beside_a_backend(test)


def test_who_was_told_to_wait_may_come_at_once_when_it_is_free(held: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login refused [IN-USE] has not used up the mailbox's turn of LOGIN-DELAY."""
    monkeypatch.setattr("pop3service.backend.login.IN_USE_SECONDS", 0.2)

    async def test(backend: Backend) -> None:
        first = await signed_in(backend)
        await in_thread(Domain.objects.update, login_delay=300)
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert answer.code is Code.IN_USE
        first.close([], "lost")
        await until_rows(PastSession.objects, 1)
        await signed_in(backend)
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert answer.code is Code.LOGIN_DELAY
        assert len(await rows(Session.objects.all())) == 1

    beside_a_backend(test)
