"""A session is the maildrop at one change number."""

from dataclasses import replace

import pytest
from django.utils import timezone

from controlpanel.journal.models import PastSession
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.errors import MailboxGoneError
from controlpanel.mailstore.maildrop import (
    Closed,
    Page,
    Wanted,
    close_maildrops,
    list_maildrops,
    open_maildrops,
    read_bodies,
    read_chunks,
    unique_id_pages,
    unique_ids,
)
from controlpanel.mailstore.models import CHUNK_OCTETS, Fetched, Message, Session
from tests.store.factories import (
    age,
    counters,
    listed,
    make_closing,
    make_delivery,
    make_mailbox,
    make_message,
    make_opening,
    open_session,
    put,
    quit_session,
    remove,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


class TestOpening:
    def test_says_what_the_maildrop_holds(self, box: Mailbox) -> None:
        put(box, b"a\r\n", b"bb\r\n")
        opened = open_session(box)
        assert (opened.messages, opened.octets, opened.change) == (2, 7, 2)

    def test_answers_a_batch_in_order_also_for_one_mailbox_twice(self, box: Mailbox) -> None:
        other = make_mailbox()
        put(box)
        put(other, b"a\r\n")
        first, second, third = open_maildrops([make_opening(box), make_opening(other), make_opening(box)])
        assert (first.messages, second.messages, third.messages) == (1, 1, 1)
        assert first.octets == third.octets != second.octets
        assert len({first.session, second.session, third.session}) == 3

    def test_keeps_who_is_connected(self, box: Mailbox) -> None:
        opened = open_session(box, device_id=7, device="Laptop", address="2001:db8::1")
        live = Session.objects.get(id=opened.session)
        assert (live.mailbox_id, live.device_id, live.device, live.address) == (box.pk, 7, "Laptop", "2001:db8::1")
        assert not live.exclusive
        assert not live.end_asked

    def test_of_an_erased_mailbox_fails(self, box: Mailbox) -> None:
        gone = make_opening(box)
        with pytest.raises(MailboxGoneError):
            open_maildrops([replace(gone, mailbox_id=0)])

    def test_of_nothing_is_nothing(self) -> None:
        assert open_maildrops([]) == []


class TestListing:
    def test_stat_and_list_agree_whatever_comes_and_goes(self, box: Mailbox) -> None:
        first, second, third = put(box, b"1\r\n", b"22\r\n", b"333\r\n")
        remove(box, second)
        opened = open_session(box)
        put(box, b"4444\r\n")
        remove(box, first)
        [listing] = list_maildrops([Wanted(box.pk, opened.change)])
        assert list(listing.ids) == [first, third]
        assert (len(listing.ids), sum(listing.octets)) == (opened.messages, opened.octets)

    def test_answers_a_batch_in_order_also_for_one_mailbox_twice(self, box: Mailbox) -> None:
        empty, other = make_mailbox(), make_mailbox()
        before = open_session(box).change
        mine, theirs = put(box), put(other)
        now = open_session(box).change
        wanted = [Wanted(box.pk, now), Wanted(empty.pk, 0), Wanted(other.pk, 1), Wanted(box.pk, before)]
        assert [list(each.ids) for each in list_maildrops(wanted)] == [mine, [], theirs, []]

    def test_unique_ids_come_page_by_page(self, box: Mailbox) -> None:
        [first] = put(box, uidl="old-1")
        [second] = put(box, uidl="old-2")
        assert unique_ids([[second], [first, second], []]) == [["old-2"], ["old-1", "old-2"], []]

    def test_pages_of_unique_ids_follow_one_another(self, box: Mailbox) -> None:
        ids = put(box, *[b"x\r\n"] * 5)
        before = open_session(box)
        remove(box, ids[1])
        change = before.change  # the removed one is still seen at this change number
        other = make_mailbox()
        theirs = put(other, uidl="theirs")
        put(box, uidl="later")
        uidls = [Message.objects.get(pk=number).uidl for number in ids]
        first, elsewhere, nothing = unique_id_pages(
            [Page(box.pk, change, 0, 3), Page(other.pk, 1, 0, 3), Page(box.pk, change, change, 3)]
        )
        assert (first.uidls, first.ids) == (uidls[:3], sum(ids[:3]))
        assert (elsewhere.uidls, elsewhere.ids) == (["theirs"], theirs[0])
        assert (nothing.uidls, nothing.ids) == ((), 0)
        [second] = unique_id_pages([Page(box.pk, change, first.added, 3)])
        assert (second.uidls, second.ids) == (uidls[3:], sum(ids[3:]))


class TestReading:
    def test_whole_bodies_of_many_messages(self, box: Mailbox) -> None:
        bodies = [make_message(octets=size) for size in (100, 9_000, CHUNK_OCTETS + 10)]
        ids = put(box, *bodies)
        assert read_bodies(ids + ids[:1]) == dict(zip(ids, bodies, strict=True))

    def test_chunks_of_many_messages(self, box: Mailbox) -> None:
        body = make_message(octets=2 * CHUNK_OCTETS + 5)
        [large], [small] = put(box, body), put(box, b"s\r\n")
        chunks = read_chunks([(large, 2), (small, 0), (large, 0), (large, 1), (large, 3), (small, 0)])
        assert chunks[2] + chunks[3] + chunks[0] == body
        assert chunks[1] == chunks[5] == b"s\r\n"
        assert chunks[4] == b""

    def test_a_removed_message_stays_readable(self, box: Mailbox) -> None:
        [number] = put(box, b"still\r\n")
        remove(box, number)
        assert read_bodies([number]) == {number: b"still\r\n"}

    def test_a_message_that_is_not_there(self) -> None:
        assert read_bodies([1]) == {}
        assert read_chunks([(1, 0)]) == [b""]


class TestClosing:
    def test_removes_and_refunds(self, box: Mailbox) -> None:
        first, second = put(box, b"1\r\n", b"22\r\n")
        opened = open_session(box)
        assert quit_session(box, opened, [first], device="Laptop", device_id=3) == Closed(1)
        assert counters(box) == (1, 4, 1, 3)
        removed = Message.objects.get(id=first)
        assert (removed.removed_by, removed.removed_how, removed.removed_device) == (opened.session, "client", "Laptop")
        assert removed.removed_address == "203.0.113.7"
        assert listed(box, open_session(box)) == [second]
        assert not Session.objects.filter(id=opened.session).exists()

    def test_two_sessions_of_a_batch_that_remove_the_same(self, box: Mailbox) -> None:
        first, second = put(box, b"1\r\n", b"22\r\n")
        a, b = open_session(box), open_session(box)
        closings = [make_closing(box, a, [first]), make_closing(box, b, [first, second])]
        assert close_maildrops(closings) == [Closed(1), Closed(1)]
        assert counters(box) == (0, 0, 2, 7)

    def test_two_sessions_after_one_another_that_remove_the_same(self, box: Mailbox) -> None:
        [number] = put(box)
        a, b = open_session(box), open_session(box)
        assert quit_session(box, a, [number]) == Closed(1)
        assert quit_session(box, b, [number]) == Closed(0)
        assert counters(box)[:1] == (0,)
        assert Message.objects.get(id=number).removed_by == a.session

    def test_a_quit_that_is_asked_again_finds_its_work_done(self, box: Mailbox) -> None:
        first, second = put(box, b"1\r\n", b"22\r\n")
        closing = make_closing(box, open_session(box), [first, second], fetched=[first])
        assert close_maildrops([closing]) == close_maildrops([closing]) == [Closed(2)]
        assert counters(box) == (0, 0, 2, 7)
        assert PastSession.objects.get().removed == 2

    def test_a_lost_connection_removes_nothing(self, box: Mailbox) -> None:
        [number] = put(box)
        assert quit_session(box, open_session(box), [number], ended_by="lost") == Closed(0)
        assert counters(box)[0] == 1

    def test_a_message_of_another_mailbox_is_not_touched(self, box: Mailbox) -> None:
        other = make_mailbox()
        [theirs] = put(other)
        assert quit_session(box, open_session(box), [theirs], fetched=[theirs]) == Closed(0)
        assert counters(other)[0] == 1
        assert not Fetched.objects.exists()

    def test_removal_raises_the_change_once_a_mailbox(self, box: Mailbox) -> None:
        ids = put(box, b"1\r\n", b"2\r\n")
        quit_session(box, open_session(box), ids)
        assert open_session(box).change == 3
        quit_session(box, open_session(box))
        assert open_session(box).change == 3

    def test_who_fetched_is_written_once_a_device(self, box: Mailbox) -> None:
        first, second = put(box, b"1\r\n", b"2\r\n")
        a, b, c = open_session(box), open_session(box), open_session(box)
        close_maildrops(
            [
                make_closing(box, a, fetched=[first, first]),
                make_closing(box, b, fetched=[second, first]),
                make_closing(box, c, fetched=[first], device_id=9, device="Phone", ended_by="lost"),
            ]
        )
        found = Fetched.objects.order_by("message_id", "device_id").values_list("message_id", "device_id", "device")
        assert list(found) == [(first, 0, ""), (first, 9, "Phone"), (second, 0, "")]

    def test_a_session_that_moved_something_is_a_row_and_polls_fold(self, box: Mailbox) -> None:
        [number] = put(box)
        a, b, c = (open_session(box) for _ in range(3))
        close_maildrops(
            [
                make_closing(box, a, octets_sent=10),
                make_closing(box, b, fetched=[number], octets_sent=500),
                make_closing(box, c, octets_sent=20, ended_by="lost"),
            ]
        )
        quit_session(box, open_session(box), octets_sent=5)
        own, folded = PastSession.objects.order_by("times")
        assert (own.session, own.fetched, own.removed, own.octets, own.times) == (b.session, 1, 0, 500, 1)
        assert (folded.session, folded.times, folded.octets, folded.ended_by) == (None, 3, 35, "quit")

    def test_the_mailbox_was_seen_at_most_once_an_hour(self, box: Mailbox) -> None:
        quit_session(box, open_session(box))
        seen = Mailbox.objects.get(id=box.pk).last_seen
        assert seen is not None
        Mailbox.objects.filter(id=box.pk).update(last_seen=timezone.now())
        later = Mailbox.objects.get(id=box.pk).last_seen
        quit_session(box, open_session(box))
        assert Mailbox.objects.get(id=box.pk).last_seen == later
        age("mailboxes_mailbox", last_seen="61 minutes")
        quit_session(box, open_session(box))
        assert Mailbox.objects.get(id=box.pk).last_seen == seen

    def test_a_session_whose_row_a_crash_took_still_closes(self, box: Mailbox) -> None:
        [number] = put(box)
        opened = open_session(box)
        Session.objects.all().delete()
        assert quit_session(box, opened, [number]) == Closed(1)

    def test_of_nothing_is_nothing(self) -> None:
        assert close_maildrops([]) == []


def test_a_mailbox_of_ten_thousand_is_listed_in_order(box: Mailbox) -> None:
    for _ in range(10):
        deliver([make_delivery(box, b"x\r\n") for _ in range(1000)])
    opened = open_session(box)
    ids = listed(box, opened)
    assert len(ids) == opened.messages == 10_000
    assert ids == sorted(ids)
