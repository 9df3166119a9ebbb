"""An LMTP session's door on the real store: recipients, small and large messages, refusals, and what breaks off."""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import pytest

from controlpanel.journal.models import RefusedMessage
from controlpanel.mailboxes.models import Mailbox, OverQuota, State, Usage
from controlpanel.mailstore.maildrop import read_bodies
from controlpanel.mailstore.models import Message, MessageChunk, StagedBody
from pop3service.backend import Backend
from pop3service.envelope import Address, Envelope
from pop3service.lmtp_requests import Abort, Begin, Chunk, End, FindRecipients, Verdict
from tests.store.doors import FakeLine, answer_to, beside_a_backend, in_thread
from tests.store.factories import make_alias, make_mailbox, make_message

pytestmark = pytest.mark.django_db(transaction=True)

FROM = Envelope("eva@example.net")
CHUNK = 256 * 1024


def trace(recipient: str, sender: str = "eva@example.net") -> bytes:
    return f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()


async def found(door: Any, *addresses: str, envelope: Envelope = FROM) -> list[tuple[Verdict, Any]]:
    return await answer_to(door, FindRecipients([Address(each, each) for each in addresses], envelope))


async def begun(door: Any, *addresses: str, envelope: Envelope = FROM) -> None:
    takers = [name for verdict, name in await found(door, *addresses, envelope=envelope) if verdict is Verdict.OK]
    assert await answer_to(door, Begin(takers, envelope)) is True


async def sent(door: Any, text: bytes, *addresses: str, envelope: Envelope = FROM) -> list[Verdict]:
    """Send a message as the core does: in chunks of 256 KiB."""
    await begun(door, *addresses, envelope=envelope)
    for start in range(0, len(text), CHUNK):
        await answer_to(door, Chunk(text[start : start + CHUNK]))
    return await answer_to(door, End())


def maildrop(box: Mailbox) -> list[bytes]:
    ids = list(Message.objects.filter(mailbox=box).order_by("added").values_list("pk", flat=True))
    bodies = read_bodies(ids)
    return [bodies[each] for each in ids]


def nothing_is_left_over() -> bool:
    named = set(Message.objects.values_list("body", flat=True))
    return not StagedBody.objects.exists() and set(MessageChunk.objects.values_list("body", flat=True)) <= named


def test_recipients_are_judged_in_order() -> None:
    make_mailbox("ana@example.org")
    make_mailbox("closed@example.org", state=State.CLOSED)
    full = make_mailbox("full@example.org", quota=10)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        names = ("ana", "nobody", "closed", "full", "ana+tag", "ANA")
        size = Envelope("eva@example.net", size=100)
        verdicts = await found(door, *[f"{name}@example.org" for name in names], envelope=size)
        assert [verdict for verdict, _ in verdicts] == [
            Verdict.OK, Verdict.UNKNOWN, Verdict.CLOSED, Verdict.FULL_FOR_GOOD, Verdict.OK, Verdict.OK,
        ]  # fmt: skip

    beside_a_backend(test)
    assert set(RefusedMessage.objects.values_list("reply", flat=True)) == {
        Verdict.CLOSED.reply,
        Verdict.FULL_FOR_GOOD.reply,
    }
    refused = RefusedMessage.objects.get(mailbox_id=full.pk)
    assert (refused.sender, refused.recipient) == ("eva@example.net", "full@example.org")


@pytest.mark.parametrize("size", [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_a_message_of_any_size_arrives_under_its_trace(size: int) -> None:
    ana, eve = make_mailbox("ana@example.org"), make_mailbox("eve@example.org")
    text = os.urandom(size)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        assert await sent(door, text, "ana@example.org", "eve@example.org") == [Verdict.OK, Verdict.OK]

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana@example.org") + text]
    assert maildrop(eve) == [trace("eve@example.org") + text]
    assert Message.objects.get(mailbox=eve).recipient == "eve@example.org"
    assert [usage.octets for usage in Usage.objects.all()] == [len(trace("ana@example.org")) + size] * 2
    assert nothing_is_left_over()


def test_one_session_delivers_many_messages() -> None:
    ana = make_mailbox("ana@example.org")
    texts = [os.urandom(size) for size in (10, CHUNK + 5, 20, CHUNK * 2, 30)]

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        for text in texts:
            assert await sent(door, text, "ana@example.org") == [Verdict.OK]

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana@example.org") + text for text in texts]


@pytest.mark.parametrize("size", [100, CHUNK * 2])
def test_the_same_mailbox_twice_is_one_copy_and_two_replies(size: int) -> None:
    ana = make_mailbox("ana@example.org")
    make_alias("info@example.org", ana)
    text = os.urandom(size)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        addresses = ("ana+list@example.org", "ana@example.org", "info@example.org")
        assert await sent(door, text, *addresses) == [Verdict.OK] * 3

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana+list@example.org") + text]


def test_an_alias_is_delivered_if_any_target_takes_it() -> None:
    ana, eve = make_mailbox("ana@example.org"), make_mailbox("eve@example.org", quota=10)
    make_alias("all@example.org", ana, eve)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        verdicts = await sent(door, make_message(), "all@example.org", "eve@example.org")
        assert verdicts == [Verdict.OK, Verdict.FULL_FOR_GOOD]

    beside_a_backend(test)
    assert maildrop(ana) == [trace("all@example.org") + make_message()]
    assert maildrop(eve) == []


@pytest.mark.parametrize("size", [100, CHUNK * 2])
@pytest.mark.parametrize(
    ("policy", "verdict"), [(OverQuota.DEFER, Verdict.FULL), (OverQuota.REFUSE, Verdict.FULL_FOR_GOOD)]
)
def test_who_has_no_room_at_the_dot_is_refused_alone(size: int, policy: OverQuota, verdict: Verdict) -> None:
    ana, eve = make_mailbox("ana@example.org"), make_mailbox("eve@example.org", quota=CHUNK * 4)
    eve.domain.over_quota = policy
    eve.domain.save()
    filler, text = os.urandom(CHUNK * 4 - 200), os.urandom(size)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        assert await sent(door, filler, "eve@example.org") == [Verdict.OK]
        assert await sent(door, text, "eve@example.org", "ana@example.org") == [verdict, Verdict.OK]

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana@example.org") + text]
    assert len(maildrop(eve)) == 1
    assert RefusedMessage.objects.filter(mailbox_id=eve.pk).count() == 1
    assert nothing_is_left_over()


def test_what_a_list_shows_is_read_from_the_header() -> None:
    make_mailbox("ana@example.org")
    text = b"Subject: =?utf-8?q?hola?=\r\nFrom: Eva <eva@example.net>\r\nMessage-ID: <1@example.net>\r\n\r\nx\r\n"

    async def test(backend: Backend) -> None:
        await sent(backend.lmtp(FakeLine()), text, "ana@example.org")

    beside_a_backend(test)
    message = Message.objects.get()
    assert (message.subject, message.from_header, message.message_id, message.sender) == (
        "=?utf-8?q?hola?=", "Eva <eva@example.net>", "<1@example.net>", "eva@example.net",
    )  # fmt: skip


def test_a_bounce_has_no_sender() -> None:
    ana = make_mailbox("ana@example.org")

    async def test(backend: Backend) -> None:
        await sent(backend.lmtp(FakeLine()), b"x\r\n", "ana@example.org", envelope=Envelope(""))

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana@example.org", sender="") + b"x\r\n"]


def test_very_many_recipients_are_delivered_in_parts() -> None:
    boxes = [make_mailbox(f"u{n}@example.org") for n in range(40)]
    text = os.urandom(CHUNK - 1000)

    async def test(backend: Backend) -> None:
        weights = []
        ask = backend._store.deliveries.ask

        def weigh(message: Any, answer: Any) -> None:
            weights.append(sum(len(chunk) for each in message for chunk in each.chunks))
            ask(message, answer)

        backend._store.deliveries.ask = weigh  # type: ignore[method-assign]
        verdicts = await sent(backend.lmtp(FakeLine()), text, *[box.address_text for box in boxes])
        assert verdicts == [Verdict.OK] * 40
        assert max(weights) <= 4 * 2**20

    beside_a_backend(test)
    assert Message.objects.count() == 40


# What breaks off


@pytest.mark.parametrize("chunks", [1, 2, 3])
@pytest.mark.parametrize("by_request", [True, False])
def test_a_message_that_breaks_off_leaves_nothing(chunks: int, by_request: bool) -> None:
    ana = make_mailbox("ana@example.org")

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        await begun(door, "ana@example.org")
        for _ in range(chunks):
            await answer_to(door, Chunk(os.urandom(CHUNK)))
        if by_request:
            await answer_to(door, Abort())
            assert await sent(door, b"next\r\n", "ana@example.org") == [Verdict.OK]
        else:
            door.close(Abort(), "lost")

    beside_a_backend(test)
    assert maildrop(ana) == ([trace("ana@example.org") + b"next\r\n"] if by_request else [])
    assert nothing_is_left_over()


def test_a_line_lost_while_a_chunk_is_written_leaves_nothing() -> None:
    make_mailbox("ana@example.org")

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        await begun(door, "ana@example.org")
        await answer_to(door, Chunk(os.urandom(CHUNK)))
        door.ask(Chunk(os.urandom(CHUNK)), lambda answer: None)
        door.close(Abort(), "lost")

    beside_a_backend(test)
    assert nothing_is_left_over()


@pytest.mark.parametrize("size", [100, CHUNK * 2])
def test_a_line_lost_after_the_dot_takes_nothing_back(size: int) -> None:
    ana = make_mailbox("ana@example.org")

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        await begun(door, "ana@example.org")
        for _ in range(size // CHUNK or 1):
            await answer_to(door, Chunk(b"x" * min(size, CHUNK)))
        door.ask(End(), lambda answer: None)
        door.close(None, "lost")
        for _ in range(300):
            if await in_thread(Message.objects.count):
                return
            await asyncio.sleep(0.01)

    beside_a_backend(test)
    assert maildrop(ana) == [trace("ana@example.org") + b"x" * size]
    assert nothing_is_left_over()


def raise_runtime_error(requests: Sequence[Any]) -> Any:
    raise RuntimeError


@pytest.mark.parametrize("broken", ["new_bodies", "staging", "copies", "deliveries"])
@pytest.mark.parametrize("size", [100, CHUNK * 3])
def test_a_fault_of_the_store_is_temporary_and_leaves_nothing(broken: str, size: int) -> None:
    make_mailbox("ana@example.org")
    make_mailbox("eve@example.org")

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        gatherer = getattr(backend._store, broken)
        call, gatherer._call = gatherer._call, raise_runtime_error
        used = size > CHUNK or broken == "deliveries"
        text = os.urandom(size)
        verdicts = await sent(door, text, "ana@example.org", "eve@example.org")
        assert verdicts == [Verdict.FAULT if used else Verdict.OK] * 2
        gatherer._call = call
        assert await sent(door, text, "ana@example.org") == [Verdict.OK]

    beside_a_backend(test)
    assert nothing_is_left_over()


def test_without_a_database_recipients_are_deferred() -> None:
    async def test(backend: Backend) -> None:
        backend._store.recipients._call = raise_runtime_error  # type: ignore[assignment]
        assert await found(backend.lmtp(FakeLine()), "ana@example.org") == [(Verdict.FAULT, None)]

    beside_a_backend(test)


def test_what_waits_for_delivery_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    make_mailbox("ana@example.org")
    monkeypatch.setattr("pop3service.backend.lmtp_door.MESSAGES_WAITING", 0)

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        [(_, taker)] = await found(door, "ana@example.org")
        assert await answer_to(door, Begin([taker], FROM)) is False

    beside_a_backend(test)


def test_mail_for_elsewhere_is_not_lost_while_nobody_forwards_it() -> None:
    make_alias("away@example.org", "ana@example.com")
    make_alias("both@example.org", "ana@example.com", make_mailbox("eva@example.org"))

    async def test(backend: Backend) -> None:
        door = backend.lmtp(FakeLine())
        assert await found(door, "away@example.org", "both@example.org") == [(Verdict.FAULT, None)] * 2

    beside_a_backend(test)
