"""Messages are counted under the mailbox's lock, one by one, and on disk before a reply."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from controlpanel.journal.models import RefusedMessage
from controlpanel.mailboxes.models import Mailbox, State
from controlpanel.mailboxes.models import OverQuota as Answer
from controlpanel.mailstore.delivery import (
    AlreadyThere,
    Chunk,
    Closed,
    Delivered,
    OverQuota,
    copy_chunks,
    deliver,
    discard_bodies,
    new_bodies,
    stage_chunks,
)
from controlpanel.mailstore.errors import BodyGoneError
from controlpanel.mailstore.maildrop import read_bodies
from controlpanel.mailstore.models import CHUNK_OCTETS, Message, MessageChunk, StagedBody
from tests.store.factories import age, counters, make_delivery, make_mailbox, make_message, put, remove

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


def set_answer(box: Mailbox, answer: Answer) -> None:
    box.domain.over_quota = answer
    box.domain.save()


class TestAdding:
    def test_adds_in_order_and_counts(self, box: Mailbox) -> None:
        ids = put(box, b"1\r\n", b"22\r\n", b"333\r\n")
        assert list(Message.objects.filter(mailbox=box).order_by("added").values_list("id", flat=True)) == ids
        assert list(Message.objects.order_by("added").values_list("added", flat=True)) == [1, 2, 3]
        assert counters(box) == (3, 12, 0, 0)

    def test_keeps_the_raw_header_fields(self, box: Mailbox) -> None:
        [number] = put(box, make_message("=?utf-8?q?ma=C3=B1ana?="), sender="Ana@Example.org")
        row = Message.objects.get(id=number)
        assert (row.subject, row.from_header) == ("=?utf-8?q?ma=C3=B1ana?=", "Ana <ana@example.org>")
        assert (row.sender, row.date_header) == ("Ana@Example.org", "Tue, 24 Nov 2026 10:00:00 +0100")

    @pytest.mark.parametrize("text", ["a\0b" * 500, "\ud800" * 500, "😀" * 500])
    def test_takes_any_text_of_any_length(self, box: Mailbox, text: str) -> None:
        fields = ["sender", "message_id", "from_header", "subject", "date_header"]
        [number] = put(box, b"x\r\n", **dict.fromkeys(fields, text))
        assert "\0" not in Message.objects.get(id=number).subject

    def test_mailboxes_mixed_in_one_batch(self, box: Mailbox) -> None:
        other = make_mailbox()
        boxes = [box, other, box, other, other]
        results = deliver([make_delivery(each, f"{n}\r\n".encode()) for n, each in enumerate(boxes)])
        ids = [result.message_id for result in results if isinstance(result, Delivered)]
        assert [read_bodies([number])[number] for number in ids] == [b"0\r\n", b"1\r\n", b"2\r\n", b"3\r\n", b"4\r\n"]
        assert counters(box)[0] == 2
        assert counters(other)[0] == 3

    def test_a_wrong_length_is_not_stored(self, box: Mailbox) -> None:
        with pytest.raises(ValueError, match="not as long"):
            deliver([replace(make_delivery(box, b"12\r\n"), octets=3)])

    def test_of_nothing_is_nothing(self) -> None:
        assert deliver([]) == []


class TestUniqueIds:
    def test_are_short_opaque_and_differ(self, box: Mailbox) -> None:
        put(box, *[b"x\r\n"] * 200)
        uidls = list(Message.objects.values_list("uidl", flat=True))
        assert len(set(uidls)) == 200
        assert all(re.fullmatch("[a-z2-7]{16}", uidl) for uidl in uidls)

    def test_an_import_brings_its_own_once(self, box: Mailbox) -> None:
        moment = datetime(2019, 5, 1, tzinfo=UTC)
        first = make_delivery(box, uidl="0000001a4f3c", received=moment)
        assert [type(result) for result in deliver([first, first])] == [Delivered, AlreadyThere]
        assert deliver([first]) == [AlreadyThere()]
        assert isinstance(deliver([replace(first, mailbox_id=make_mailbox().pk)])[0], Delivered)
        assert Message.objects.filter(mailbox=box).values_list("uidl", "received").get() == ("0000001a4f3c", moment)
        assert counters(box)[0] == 1

    def test_a_refused_message_leaves_no_chunk(self, box: Mailbox) -> None:
        put(box, uidl="a")
        deliver([make_delivery(box, uidl="a")])
        assert MessageChunk.objects.count() == 1


class TestQuota:
    def test_is_tested_one_by_one_in_order(self) -> None:
        box = make_mailbox(quota=10)
        results = deliver([make_delivery(box, b"x" * octets + b"\r\n") for octets in (4, 5, 2, 1)])
        assert [type(result) for result in results] == [Delivered, OverQuota, Delivered, OverQuota]
        assert counters(box)[:2] == (2, 10)

    def test_a_removed_message_makes_room(self) -> None:
        box = make_mailbox(quota=10)
        [number] = put(box, b"12345678\r\n")
        remove(box, number)
        assert put(box, b"12345678\r\n")

    def test_no_quota_is_no_limit_and_force_exceeds_one(self, box: Mailbox) -> None:
        put(box, b"x" * 10_000)
        small = make_mailbox(quota=10)
        put(small, b"x" * 10_000, force=True)
        assert counters(small)[1] == 10_000

    @pytest.mark.parametrize(
        ("answer", "days", "policy"),
        [
            (Answer.DEFER, 9, "defer"),
            (Answer.REFUSE, 0, "refuse"),
            (Answer.DEFER_A_DAY, 0, "defer"),
            (Answer.DEFER_A_DAY, 1, "refuse"),
        ],
    )
    def test_the_domain_says_what_a_full_mailbox_answers(self, answer: Answer, days: int, policy: str) -> None:
        box = make_mailbox(quota=10)
        set_answer(box, answer)
        put(box, b"12345678\r\n")
        deliver([make_delivery(box, b"x\r\n")])
        age("mailboxes_mailbox", full_since=f"{days} days 1 second")
        assert deliver([make_delivery(box, b"x\r\n")]) == [OverQuota(policy, (box.pk,))]

    def test_a_message_larger_than_the_quota_is_refused_at_once(self) -> None:
        box = make_mailbox(quota=10)
        set_answer(box, Answer.DEFER)
        assert deliver([make_delivery(box, b"x" * 11)]) == [OverQuota("refuse", (box.pk,))]
        assert Mailbox.objects.get(id=box.pk).full_since is None

    def test_full_since_is_the_first_refusal_since_there_was_room(self) -> None:
        box = make_mailbox(quota=11)
        put(box, b"123456\r\n")
        deliver([make_delivery(box, b"xx\r\n")])
        first = Mailbox.objects.get(id=box.pk).full_since
        assert first is not None
        age("mailboxes_mailbox", full_since="1 hour")
        deliver([make_delivery(box, b"xx\r\n")])
        kept = Mailbox.objects.get(id=box.pk).full_since
        assert kept is not None
        assert kept < first
        put(box, b"\r\n")
        assert Mailbox.objects.get(id=box.pk).full_since is None

    def test_a_removal_that_makes_room_ends_it(self) -> None:
        box = make_mailbox(quota=10)
        first, second = put(box, b"123\r\n", b"123\r\n")
        deliver([make_delivery(box, b"x\r\n")])
        assert Mailbox.objects.get(id=box.pk).full_since is not None
        remove(box, first)
        assert Mailbox.objects.get(id=box.pk).full_since is None
        put(box, b"x" * 50, force=True)
        deliver([make_delivery(box, b"x\r\n")])
        remove(box, second)
        assert Mailbox.objects.get(id=box.pk).full_since is not None

    def test_what_is_forced_in_does_not_end_it(self) -> None:
        box = make_mailbox(quota=10)
        put(box, b"12345678\r\n")
        deliver([make_delivery(box, b"x\r\n")])
        put(box, b"a warning\r\n", force=True)
        assert Mailbox.objects.get(id=box.pk).full_since is not None

    def test_room_within_a_batch_starts_the_day_anew(self) -> None:
        box = make_mailbox(quota=11)
        put(box, b"123456\r\n")
        deliver([make_delivery(box, b"xx\r\n")])
        age("mailboxes_mailbox", full_since="2 days")
        _, refused = deliver([make_delivery(box, b"\r\n"), make_delivery(box, b"x\r\n")])
        assert refused == OverQuota("defer", (box.pk,))
        full_since = Mailbox.objects.get(id=box.pk).full_since
        assert full_since is not None
        age("mailboxes_mailbox", full_since="23 hours")
        assert deliver([make_delivery(box, b"xx\r\n")]) == [OverQuota("defer", (box.pk,))]

    def test_the_owner_learns_of_the_refusal(self) -> None:
        box = make_mailbox(quota=10)
        deliver([make_delivery(box, make_message(), sender="ana@example.org", message_id="<1@x>")])
        row = RefusedMessage.objects.get()
        assert (row.mailbox_id, row.reply, row.sender, row.message_id) == (
            box.pk,
            "552 5.2.2",
            "ana@example.org",
            "<1@x>",
        )


class TestStates:
    @pytest.mark.parametrize("state", [State.CLOSED, State.DELETED])
    @pytest.mark.parametrize("of_domain", [False, True])
    def test_closed_refuses(self, box: Mailbox, state: State, of_domain: bool) -> None:
        holder = box.domain if of_domain else box
        holder.state = state
        holder.save()
        assert deliver([make_delivery(box)]) == [Closed((box.pk,))]
        assert RefusedMessage.objects.get().reply == "550 5.2.1"
        assert not MessageChunk.objects.exists()
        assert isinstance(deliver([make_delivery(box, force=True)])[0], Delivered)

    def test_suspended_takes_mail(self) -> None:
        assert put(make_mailbox(state=State.SUSPENDED))

    def test_no_mailbox_is_closed(self, box: Mailbox) -> None:
        nowhere = replace(make_delivery(box), mailbox_id=0)
        assert [type(result) for result in deliver([nowhere, make_delivery(box)])] == [Closed, Delivered]


class TestStaging:
    def staged(self, *chunks: bytes) -> int:
        [body] = new_bodies(1)
        stage_chunks([Chunk(body, sequence, octets) for sequence, octets in enumerate(chunks)])
        return body

    def test_a_large_message_arrives_in_chunks(self, box: Mailbox) -> None:
        chunks = [bytes([n]) * CHUNK_OCTETS for n in range(3)]
        body = self.staged(*chunks)
        assert StagedBody.objects.get().body == body
        octets = 3 * CHUNK_OCTETS
        [result] = deliver([replace(make_delivery(box), chunks=(), body=body, octets=octets)])
        assert isinstance(result, Delivered)
        assert read_bodies([result.message_id]) == {result.message_id: b"".join(chunks)}
        assert not StagedBody.objects.exists()

    def test_a_further_recipient_gets_a_copy_behind_its_own_head(self, box: Mailbox) -> None:
        other = make_mailbox()
        first = self.staged(b"for ana\r\n", b"x" * CHUNK_OCTETS, b"end\r\n")
        second = self.staged(b"for bob, who has a longer name\r\n")
        copy_chunks(first, second, 1)
        common = CHUNK_OCTETS + len(b"end\r\n")
        deliveries = [
            replace(make_delivery(box), chunks=(), body=first, octets=9 + common),
            replace(make_delivery(other), chunks=(), body=second, octets=32 + common),
        ]
        results = deliver(deliveries)
        bodies = read_bodies([result.message_id for result in results if isinstance(result, Delivered)])
        assert [body.split(b"\r\n")[0] for _, body in sorted(bodies.items())] == [
            b"for ana",
            b"for bob, who has a longer name",
        ]
        assert {body[-5:] for body in bodies.values()} == {b"end\r\n"}

    def test_small_and_staged_ones_in_one_batch(self, box: Mailbox) -> None:
        body = self.staged(b"large\r\n")
        deliveries = [
            make_delivery(box, b"1\r\n"),
            replace(make_delivery(box), chunks=(), body=body, octets=7),
            make_delivery(box, b"2\r\n"),
        ]
        ids = [result.message_id for result in deliver(deliveries) if isinstance(result, Delivered)]
        assert [read_bodies([number])[number] for number in ids] == [b"1\r\n", b"large\r\n", b"2\r\n"]

    def test_a_refused_body_stays_staged_until_discarded(self) -> None:
        box = make_mailbox(quota=10)
        body = self.staged(b"x" * 20)
        [result] = deliver([replace(make_delivery(box), chunks=(), body=body, octets=20)])
        assert isinstance(result, OverQuota)
        assert MessageChunk.objects.filter(body=body).exists()
        discard_bodies([body])
        assert not MessageChunk.objects.exists()
        assert not StagedBody.objects.exists()

    def test_a_body_that_has_its_message_cannot_be_discarded(self, box: Mailbox) -> None:
        [number] = put(box)
        row = Message.objects.get(id=number)
        assert row.body is not None
        discard_bodies([row.body])
        assert read_bodies([number])

    @pytest.mark.parametrize("octets", [6, 8])
    def test_a_body_of_another_length_is_not_delivered(self, box: Mailbox, octets: int) -> None:
        body = self.staged(b"large\r\n")
        with pytest.raises(BodyGoneError):
            deliver([replace(make_delivery(box), chunks=(), body=body, octets=octets)])
        assert counters(box)[0] == 0

    def test_a_body_stands_in_one_delivery(self, box: Mailbox) -> None:
        twice = replace(make_delivery(box), chunks=(), body=self.staged(b"large\r\n"), octets=7)
        with pytest.raises(BodyGoneError):
            deliver([twice, twice])

    def test_a_swept_body_is_not_delivered(self, box: Mailbox) -> None:
        with pytest.raises(BodyGoneError):
            deliver([replace(make_delivery(box), chunks=(), body=12345, octets=7)])

    def test_numbers_never_come_twice(self) -> None:
        numbers = new_bodies(3) + new_bodies(2)
        assert all(a < b for a, b in pairwise(numbers))
