"""A POP3 session's door on the real store: sign-in, listing, bodies, removal, and every way to end."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from controlpanel.accounts.models import Throttle
from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.models import DevicePassword, Mailbox, State, Usage
from controlpanel.mailstore.models import Fetched, Message, Process, Session
from pop3service.backend import Backend
from pop3service.backend.reading import AHEAD_OCTETS
from pop3service.backend.store import READ_AHEAD_OCTETS, UNAVAILABLE
from pop3service.requests import (
    CheckLine,
    Code,
    Finish,
    Finished,
    Listing,
    LoggedIn,
    ReadListing,
    ReadMessage,
    ReadMore,
    ReadUniqueIds,
    Reason,
    Refused,
    ScramFailed,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    StopReading,
    TokenLogin,
    Unavailable,
)
from pop3service.signals import Farewell
from tests.store.doors import ANA, FakeLine, answer_to, beside_a_backend, in_thread, login, rows, signed_in, until_rows
from tests.store.factories import make_mailbox, make_message, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana() -> Mailbox:
    box = make_mailbox(ANA)
    box.user.password = make_password("secret")
    box.user.save()
    return box


async def whole(door: Any, number: int) -> bytes:
    pieces = [await answer_to(door, ReadMessage(number))]
    while pieces[-1]:
        assert len(pieces[-1]) <= 256 * 1024
        pieces.append(await answer_to(door, ReadMore()))
    return b"".join(pieces)


# Sign-in


def test_a_right_password_opens_the_maildrop(ana: Mailbox) -> None:
    put(ana, make_message("one"), make_message("two", 5000))

    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine())
        answer = await answer_to(door, login("Ana@Example.ORG"))
        assert answer == LoggedIn(2, sum(map(len, [make_message("one"), make_message("two", 5000)])))
        [session] = await rows(Session.objects.all())
        assert (session.mailbox_id, session.address, session.tls, session.mechanism) == (
            ana.pk, "192.0.2.7", "TLSv1.3", "USER",
        )  # fmt: skip
        assert session.process == backend._store.process.id

    beside_a_backend(test)


@pytest.mark.parametrize(("name", "secret"), [(ANA, "wrong"), ("nobody@example.org", "secret"), ("no address", "x")])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(ana: Mailbox, name: str, secret: str) -> None:
    async def test(backend: Backend) -> None:
        answer = await answer_to(backend.pop3(FakeLine()), login(name, secret))
        assert answer == Refused(Code.AUTH, Reason.WRONG_PASSWORD)
        assert await rows(Throttle.objects.filter(failures__gt=0))

    beside_a_backend(test)
    attempts = [(each.mailbox_id, each.outcome, each.protocol, each.mechanism) for each in Attempt.objects.all()]
    assert attempts == ([(ana.pk, "wrong", "pop3", "USER")] if name == ANA else [])


def test_a_changed_password_is_refused_at_once(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        await signed_in(backend)
        await signed_in(backend)
        ana.user.password = make_password("another")
        await in_thread(ana.user.save)
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert answer == Refused(Code.AUTH, Reason.WRONG_PASSWORD)

    beside_a_backend(test)


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"state": State.SUSPENDED}, Reason.SUSPENDED), ({"pop3_enabled": False}, Reason.POP3_OFF)],
)
def test_policy_is_told_to_who_knows_the_password(ana: Mailbox, change: dict[str, Any], reason: Reason) -> None:
    Mailbox.objects.filter(pk=ana.pk).update(**change)

    async def test(backend: Backend) -> None:
        assert await answer_to(backend.pop3(FakeLine()), login()) == Refused(Code.SYS_PERM, reason)
        wrong = await answer_to(backend.pop3(FakeLine()), login(secret="wrong"))
        assert wrong == Refused(Code.AUTH, Reason.WRONG_PASSWORD)
        assert not await rows(Session.objects.all())

    beside_a_backend(test)
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {reason.name.lower(), "wrong"}


@pytest.mark.parametrize("name", [ANA, "nobody@example.org", "no address", ""])
def test_who_comes_without_tls_is_noted_once_a_connection(ana: Mailbox, name: str) -> None:
    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine(tls=""))
        for _ in range(3):
            assert await answer_to(door, CheckLine("USER", name)) is Reason.TLS_NEEDED
        await answer_to(door, login(secret="wrong"))  # recorded after what was asked before

    beside_a_backend(test)
    noted = Attempt.objects.filter(outcome="tls_needed").values_list("mailbox_id", "mechanism", "tls", "times")
    assert list(noted) == ([(ana.pk, "USER", "", 1)] if name == ANA else [])


def device(box: Mailbox, **fields: Any) -> str:
    password = device_passwords.generate()
    keys = device_passwords.keys(password, bytes(box.scram_salt))
    DevicePassword.objects.create(
        mailbox=box, name="Laptop", stored_key=keys.stored_key, server_key=keys.server_key, **fields
    )
    return password


def test_a_device_password_names_its_device(ana: Mailbox) -> None:
    password = device(ana)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend, secret=password)
        await answer_to(door, Finish([], []))
        [past] = await until_rows(PastSession.objects, 1)
        assert (past.device, past.ended_by) == ("Laptop", "quit")

    beside_a_backend(test)
    assert DevicePassword.objects.get().last_used is not None


def test_an_expired_device_password_says_so(ana: Mailbox) -> None:
    password = device(ana, expires=timezone.now() - timedelta(days=1))

    async def test(backend: Backend) -> None:
        answer = await answer_to(backend.pop3(FakeLine()), login(secret=password))
        assert answer == Refused(Code.AUTH, Reason.DEVICE_PASSWORD_EXPIRED)

    beside_a_backend(test)


def test_scram_opens_with_a_device_password(ana: Mailbox) -> None:
    device(ana)

    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine())
        keys = await answer_to(door, ScramLookup(ANA))
        assert isinstance(keys, ScramKeys)
        assert (keys.salt, keys.iterations, len(keys.keys)) == (bytes(ana.scram_salt), 4096, 1)
        answer = await answer_to(door, ScramLogin("SCRAM-SHA-256", ANA, keys.keys[0].device))
        assert answer == LoggedIn(0, 0)
        [session] = await rows(Session.objects.all())
        assert (session.mechanism, session.device) == ("SCRAM-SHA-256", "Laptop")

    beside_a_backend(test)


def test_scram_does_not_tell_who_exists(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine())
        first, second = [await answer_to(door, ScramLookup("nobody@example.org")) for _ in range(2)]
        assert isinstance(first, ScramKeys)
        assert (first.salt, first.keys) == (second.salt, [])
        assert len(first.salt) == len(ana.scram_salt)
        for name in ("nobody@example.org", ANA):
            await answer_to(door, ScramLookup(name))
            answer = await answer_to(door, ScramFailed("SCRAM-SHA-256", name))
            assert answer == Refused(Code.AUTH, Reason.SCRAM_FAILED)

    beside_a_backend(test)
    assert Attempt.objects.get().mailbox_id == ana.pk


def test_who_guesses_is_slowed(ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pop3service.backend.proving.PATIENCE_SECONDS", 0)

    async def test(backend: Backend) -> None:
        reasons = []
        for number in range(30):
            answer = await answer_to(backend.pop3(FakeLine()), login("nobody@example.org", f"guess {number}"))
            reasons.append(answer.reason)
            if answer.reason is Reason.THROTTLED:
                assert answer.seconds > 0
                assert answer.code is Code.SYS_TEMP
                return
        raise AssertionError(reasons)

    beside_a_backend(test)


def test_no_issuer_of_tokens_is_configured(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        answer = await answer_to(backend.pop3(FakeLine()), TokenLogin("XOAUTH2", ANA, "token"))
        assert answer == Refused(Code.AUTH, Reason.TOKEN_REFUSED)

    beside_a_backend(test)


def test_two_devices_poll_at_once(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        doors = await asyncio.gather(*[signed_in(backend) for _ in range(5)])
        assert len(await rows(Session.objects.all())) == len(doors) == 5

    beside_a_backend(test)


def test_many_at_once_do_not_pass_the_cap_of_a_mailbox(ana: Mailbox, settings: Any) -> None:
    settings.SESSIONS_PER_MAILBOX = 2

    async def test(backend: Backend) -> None:
        answers = await asyncio.gather(*(answer_to(backend.pop3(FakeLine()), login()) for _ in range(12)))
        assert sum(isinstance(answer, LoggedIn) for answer in answers) == 2
        assert answers.count(Refused(Code.IN_USE, Reason.TOO_MANY_SESSIONS)) == 10

    beside_a_backend(test)


def test_one_mailbox_has_so_many_sessions(ana: Mailbox, settings: Any) -> None:
    settings.SESSIONS_PER_MAILBOX = 2

    async def test(backend: Backend) -> None:
        doors = [await signed_in(backend), await signed_in(backend)]
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert answer == Refused(Code.IN_USE, Reason.TOO_MANY_SESSIONS)
        await answer_to(doors[0], Finish([], []))
        await signed_in(backend)  # whether or not the store has heard of that end

    beside_a_backend(test)


def test_quick_polls_are_not_taken_for_a_crowd(ana: Mailbox, settings: Any) -> None:
    settings.SESSIONS_PER_MAILBOX = 2

    async def test(backend: Backend) -> None:
        for _ in range(30):
            assert await answer_to(await signed_in(backend), Finish([], [])) == Finished()
        assert not backend._store.per_mailbox

    beside_a_backend(test)


def test_sessions_of_another_process_count_too(ana: Mailbox, settings: Any) -> None:
    settings.SESSIONS_PER_MAILBOX = 2

    async def test(backend: Backend) -> None:
        other = Backend(asyncio.get_running_loop())
        other.start()
        await signed_in(other)
        await signed_in(backend)
        for each in (backend, other):
            answer = await answer_to(each.pop3(FakeLine()), login())
            assert answer == Refused(Code.IN_USE, Reason.TOO_MANY_SESSIONS)
        await other.stop()
        await signed_in(backend)

    beside_a_backend(test)


def test_login_delay_is_enforced_by_the_clock(ana: Mailbox) -> None:
    ana.domain.login_delay = 60
    ana.domain.expire_days = 30
    ana.domain.save()

    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine())
        assert await answer_to(door, login()) == LoggedIn(0, 0, 60, 30)
        answer = await answer_to(backend.pop3(FakeLine()), login())
        assert (answer.code, answer.reason) == (Code.LOGIN_DELAY, Reason.LOGIN_DELAY)
        assert 0 < answer.seconds <= 60

    beside_a_backend(test)


def test_who_leaves_during_login_leaves_no_session(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        door = backend.pop3(FakeLine())
        door.ask(login(), lambda answer: None)
        door.close(None, "lost")
        await until_rows(PastSession.objects, 1)
        assert not await rows(Session.objects.all())
        assert not backend._store.sessions
        assert not backend._store.per_mailbox

    beside_a_backend(test)


# Reading


def test_the_listing_and_unique_ids_are_the_stores(ana: Mailbox) -> None:
    bodies = [make_message(str(n), n * 10) for n in range(1, 30)]
    put(ana, *bodies)
    uidls = list(Message.objects.order_by("added").values_list("uidl", flat=True))

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        put_later = await in_thread(put, ana)
        assert put_later
        listing = await answer_to(door, ReadListing())
        assert isinstance(listing, Listing)
        assert list(listing.octets) == [len(body) for body in bodies]
        assert await answer_to(door, ReadUniqueIds(1, 29)) == uidls
        assert await answer_to(door, ReadUniqueIds(5, 1)) == uidls[4:5]
        for _ in range(2):
            pages = [await answer_to(door, ReadUniqueIds(first, min(12, 30 - first))) for first in (1, 13, 25)]
            assert list(chain(*pages)) == uidls

    beside_a_backend(test)


def test_a_page_with_a_hole_is_no_page(ana: Mailbox) -> None:
    put(ana, *[b"x\r\n"] * 9)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        await in_thread(Message.objects.filter(added=2).delete)
        assert isinstance(await answer_to(door, ReadUniqueIds(1, 4)), Unavailable)

    beside_a_backend(test)


SIZES = [1, 500, 70_000, 262_143, 262_144, 262_145, 600_000, 4096, 4096]


def test_every_message_comes_whole_in_any_order(ana: Mailbox) -> None:
    bodies = [os.urandom(size) for size in SIZES]
    put(ana, *bodies)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        forward = list(range(1, len(bodies) + 1))
        for number in [*forward, *reversed(forward), 3, 3, 7, 1, 9, 8]:
            assert await whole(door, number) == bodies[number - 1], number
        door.close([], "lost")
        assert backend._store.read_ahead == READ_AHEAD_OCTETS

    beside_a_backend(test)


def test_what_comes_next_is_read_ahead(ana: Mailbox) -> None:
    bodies = [os.urandom(4096) for _ in range(100)]
    put(ana, *bodies)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        asked = []
        ask = backend._store.bodies.ask

        def count(wanted: Any, answer: Any) -> None:
            asked.append(wanted.octets)
            ask(wanted, answer)

        backend._store.bodies.ask = count  # type: ignore[method-assign]
        for number in range(1, 101):
            assert await whole(door, number) == bodies[number - 1]
        assert len(asked) <= 4
        assert max(asked) <= AHEAD_OCTETS
        asked.clear()
        for number in (50, 20, 70, 10):
            await whole(door, number)
        assert asked == [4096] * 4

    beside_a_backend(test)


def test_the_next_chunk_comes_while_the_client_takes_this_one(ana: Mailbox) -> None:
    body = os.urandom(1_000_000)
    put(ana, body)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        asked = []
        ask = backend._store.chunks.ask

        def count(wanted: Any, answer: Any) -> None:
            asked.append(wanted[1])
            if asked.count(2) == 1 and wanted[1] == 2:
                answer(UNAVAILABLE)
            else:
                ask(wanted, answer)

        backend._store.chunks.ask = count  # type: ignore[method-assign]
        pieces = [await answer_to(door, ReadMessage(1))]
        assert asked == [0]
        pieces.append(await answer_to(door, ReadMore()))
        assert asked == [0, 1, 2]
        assert backend._store.read_ahead == READ_AHEAD_OCTETS - 256 * 1024
        while pieces[-1]:
            pieces.append(await answer_to(door, ReadMore()))
        assert b"".join(pieces) == body
        assert asked == [0, 1, 2, 2, 3]  # one that failed before anybody waited is asked again
        assert backend._store.read_ahead == READ_AHEAD_OCTETS
        await answer_to(door, ReadMessage(1))
        await answer_to(door, ReadMore())
        door.close([], "lost")
        assert backend._store.read_ahead == READ_AHEAD_OCTETS

    beside_a_backend(test)


def test_where_memory_is_short_nothing_is_read_ahead(ana: Mailbox) -> None:
    put(ana, *[os.urandom(4096) for _ in range(5)])

    async def test(backend: Backend) -> None:
        backend._store.read_ahead = 0
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        await answer_to(door, ReadMessage(1))
        assert backend._store.read_ahead == 0
        door.spare_memory()
        await answer_to(door, ReadMore())
        assert len(await whole(door, 2)) == 4096

    beside_a_backend(test)


def test_top_stops_a_large_message(ana: Mailbox) -> None:
    put(ana, os.urandom(600_000), make_message("next"))

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        assert len(await answer_to(door, ReadMessage(1))) == 256 * 1024
        assert await answer_to(door, StopReading()) is None
        assert await whole(door, 2) == make_message("next")

    beside_a_backend(test)


def test_a_snapshot_stays_readable_whatever_others_remove(ana: Mailbox) -> None:
    put(ana, make_message("kept in sight"))

    async def test(backend: Backend) -> None:
        first, second = await signed_in(backend), await signed_in(backend)
        for door in (first, second):
            await answer_to(door, ReadListing())
        assert await answer_to(first, Finish([1], [])) == Finished()
        assert await whole(second, 1) == make_message("kept in sight")
        assert await answer_to(second, Finish([1], [1])) == Finished()
        [usage] = await rows(Usage.objects.all())
        assert (usage.messages, usage.octets) == (0, 0)

    beside_a_backend(test)


# The end


def test_quit_removes_and_records(ana: Mailbox) -> None:
    ids = put(ana, *[make_message(str(n)) for n in range(5)])

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        door.line.sent = 777
        assert await answer_to(door, Finish([2, 4], [1, 2])) == Finished()
        said = door.close([1, 2], "lost")
        assert (said["reason"], said["removed"], said["fetched"], said["mailbox"]) == ("quit", 2, 2, ANA)
        assert not await rows(Session.objects.all())

    beside_a_backend(test)
    assert set(Message.objects.filter(removed__isnull=False).values_list("pk", flat=True)) == {ids[1], ids[3]}
    assert set(Fetched.objects.values_list("message_id", flat=True)) == {ids[0], ids[1]}
    past = PastSession.objects.get()
    assert (past.removed, past.fetched, past.octets, past.ended_by) == (2, 2, 777, "quit")


def test_a_lost_line_removes_nothing_and_what_was_fetched_is_known(ana: Mailbox) -> None:
    ids = put(ana, *[make_message(str(n)) for n in range(3)])

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        said = door.close([1, 3], "lost")
        assert (said["reason"], said["fetched"], said["removed"]) == ("lost", 2, 0)
        await until_rows(PastSession.objects, 1)

    beside_a_backend(test)
    assert not Message.objects.filter(removed__isnull=False)
    assert set(Fetched.objects.values_list("message_id", flat=True)) == {ids[0], ids[2]}
    assert PastSession.objects.get().ended_by == "lost"


def test_a_line_lost_while_quit_is_under_way_is_a_quit(ana: Mailbox) -> None:
    put(ana, make_message())

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        door.ask(Finish([1], []), lambda answer: None)
        door.close([1], "lost")
        [past] = await until_rows(PastSession.objects, 1)
        assert (past.removed, past.ended_by) == (1, "quit")
        assert not backend._store.sessions

    beside_a_backend(test)
    assert Usage.objects.get().messages == 0


def refuse_removal() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER no BEFORE UPDATE ON mailstore_message FOR EACH ROW EXECUTE FUNCTION no()"
        )


@pytest.fixture
def store_that_removes_nothing() -> Any:
    refuse_removal()
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER no ON mailstore_message; DROP FUNCTION no")


def test_on_any_fault_nothing_is_removed_and_the_session_ends_as_one(
    ana: Mailbox, store_that_removes_nothing: None
) -> None:
    put(ana, make_message())

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        assert await answer_to(door, Finish([1], [1])) == Unavailable()
        said = door.close([1], "lost")
        assert (said["reason"], said["removed"]) == ("fault", 0)
        [past] = await until_rows(PastSession.objects, 1)
        assert past.ended_by == "fault"

    beside_a_backend(test)
    assert Usage.objects.get().messages == 1


def test_the_panel_ends_a_session_within_a_beat(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        door, other = await signed_in(backend), await signed_in(backend)
        number = next(number for number, each in backend._store.sessions.items() if each is door)
        await in_thread(Session.objects.filter(pk=number).update, end_asked=True)
        for _ in range(300):
            if door.line.ended:
                break
            await asyncio.sleep(0.01)
        assert door.line.ended[0] == (Farewell.ENDED, "panel")
        assert not other.line.ended

    beside_a_backend(test)


def test_after_a_crash_of_the_database_sessions_are_taken_anew(ana: Mailbox) -> None:
    put(ana, make_message())

    async def test(backend: Backend) -> None:
        door, gone = await signed_in(backend), await signed_in(backend)
        await answer_to(door, ReadListing())
        gone.close([], "lost")
        await until_rows(Session.objects, 1)
        await in_thread(empty_unlogged_tables)
        await until_rows(Session.objects, 1)
        assert await answer_to(door, Finish([1], [])) == Finished()
        await asyncio.sleep(1.2)
        assert not await rows(Session.objects.all())

    beside_a_backend(test)
    assert Usage.objects.get().messages == 0


def empty_unlogged_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mailstore_session, mailstore_process")


def test_a_stop_closes_what_is_left_and_forgets_the_process(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        door.close([], "shutdown")

    beside_a_backend(test)
    assert PastSession.objects.get().ended_by == "shutdown"
    assert not Session.objects.exists()


def test_what_holds_for_some_user_is_known_before_anybody_signs_in(ana: Mailbox) -> None:
    ana.domain.login_delay, ana.domain.expire_days = 60, 30
    ana.domain.save()
    other = make_mailbox("eve@example.net").domain
    other.login_delay, other.expire_days = 10, 90
    other.save()

    async def test(backend: Backend) -> None:
        for _ in range(300):
            if (backend.policies.login_delay, backend.policies.expire) == (60, 30):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(backend.policies)

    beside_a_backend(test)


def test_trouble_is_shown_with_the_process() -> None:
    ours = []

    async def test(backend: Backend) -> None:
        ours.append(backend._store.process.id)
        backend.tell_trouble("the certificate is bad")
        await until_rows(Process.objects.filter(pk=ours[0], trouble="the certificate is bad"), 1)

    beside_a_backend(test)
    assert not Process.objects.filter(pk=ours[0]).exists()


def test_without_a_database_every_answer_is_temporary(ana: Mailbox) -> None:
    put(ana, make_message(), os.urandom(300_000))

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        store = backend._store
        for gatherer in (
            store.accounts,
            store.listings,
            store.unique_id_pages,
            store.bodies,
            store.chunks,
            store.closings,
        ):
            gatherer._call = raise_runtime_error  # type: ignore[assignment]
        for request in (login(), ReadListing(), ReadUniqueIds(1, 2), ReadMessage(1), ReadMessage(2), Finish([1], [])):
            assert await answer_to(door, request) == Unavailable(), request
        assert store.read_ahead == READ_AHEAD_OCTETS

    beside_a_backend(test)


def test_a_reply_that_has_begun_waits_for_the_database(ana: Mailbox) -> None:
    body = os.urandom(600_000)
    put(ana, body)

    async def test(backend: Backend) -> None:
        door = await signed_in(backend)
        await answer_to(door, ReadListing())
        begun = await answer_to(door, ReadMessage(1))
        call, backend._store.chunks._call = backend._store.chunks._call, raise_runtime_error
        more = asyncio.create_task(answer_to(door, ReadMore()))
        await asyncio.sleep(0.3)
        assert not more.done()
        backend._store.chunks._call = call
        rest = await more
        while piece := await answer_to(door, ReadMore()):
            rest += piece
        assert begun + rest == body

    beside_a_backend(test)


def raise_runtime_error(requests: Sequence[Any]) -> Any:
    raise RuntimeError
