"""What time, and the owner, do to mail."""

import pytest

from controlpanel.mailboxes.models import Mailbox, State, Usage
from controlpanel.mailstore import retention
from controlpanel.mailstore.checking import check
from controlpanel.mailstore.delivery import Chunk, new_bodies, stage_chunks
from controlpanel.mailstore.maildrop import read_bodies
from controlpanel.mailstore.models import Fetched, Message, MessageChunk, Session, SinceCrash, StagedBody
from tests.store.factories import (
    age,
    counters,
    listed,
    make_domain,
    make_mailbox,
    open_session,
    put,
    quit_session,
    remove,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


@pytest.fixture(autouse=True)
def no_crash_lately() -> None:
    retention.sweep_bodies()
    age("mailstore_sincecrash", since="61 seconds")


@pytest.fixture(autouse=True)
def fits_afterwards() -> object:
    yield
    assert list(check()) == []


def bodies() -> int:
    return MessageChunk.objects.values("body").distinct().count()


def expire_all() -> None:
    after: int | None = 0
    while after is not None:
        after = retention.expire(after)


class TestLettingGo:
    def test_after_the_days_of_the_domain(self, box: Mailbox) -> None:
        longer = make_mailbox()
        longer.domain.restore_days = 30
        longer.domain.save()
        for each in (box, longer):
            remove(each, *put(each, b"1\r\n"))
        age("mailstore_message", removed_at="13 days")
        assert not retention.let_go()
        age("mailstore_message", removed_at="2 days")
        assert retention.let_go()
        assert not retention.let_go()
        assert counters(box) == (0, 0, 0, 0)
        assert counters(longer) == (0, 0, 1, 3)

    def test_oldest_first_where_the_cap_is_passed(self) -> None:
        box = make_mailbox(quota=100, removed_cap=10)
        first, second, third = (put(box, text)[0] for text in (b"12345678\r\n", b"1234\r\n", b"12\r\n"))
        for number in (first, second, third):
            remove(box, number)
        assert retention.let_go()
        assert not retention.let_go()
        assert counters(box)[2:] == (2, 10)
        assert Message.objects.get(gone_at__isnull=False).id == first

    def test_the_cap_is_the_quota_where_none_is_said(self) -> None:
        box = make_mailbox(quota=10)
        for _ in range(3):
            remove(box, *put(box, b"12345678\r\n"))
        assert retention.let_go()
        assert counters(box)[2:] == (1, 10)

    def test_without_quota_and_cap_there_is_no_cap(self, box: Mailbox) -> None:
        remove(box, *put(box, b"x" * 10_000))
        assert not retention.let_go()

    def test_deliver_and_drain_cannot_fill_the_disk(self) -> None:
        box = make_mailbox(quota=1000)
        for _ in range(20):
            remove(box, *put(box, b"x" * 900))
            while retention.let_go():
                pass
        age("mailstore_message", removed_at="61 seconds")
        while retention.sweep_bodies():
            pass
        assert bodies() == 1


class TestSweeping:
    def gone(self, box: Mailbox) -> int:
        [number] = put(box)
        remove(box, number)
        retention.delete_for_good(box.pk, [number])
        return number

    def test_a_minute_after_the_removal(self, box: Mailbox) -> None:
        number = self.gone(box)
        assert not retention.sweep_bodies()
        assert read_bodies([number])
        age("mailstore_message", removed_at="61 seconds")
        assert retention.sweep_bodies()
        assert not retention.sweep_bodies()
        assert read_bodies([number]) == {}
        assert Message.objects.get(id=number).body is None
        assert bodies() == 0

    def test_nothing_that_a_live_session_sees(self, box: Mailbox) -> None:
        [number] = put(box)
        before = open_session(box)
        remove(box, number)
        after = open_session(box)
        retention.delete_for_good(box.pk, [number])
        age("mailstore_message", removed_at="61 seconds")
        assert not retention.sweep_bodies()
        assert listed(box, before) == [number]
        assert read_bodies([number])
        quit_session(box, before)
        assert retention.sweep_bodies()
        assert listed(box, after) == []

    def test_what_came_after_a_long_session_began(self, box: Mailbox) -> None:
        open_session(box)
        self.gone(box)
        age("mailstore_message", removed_at="61 seconds")
        assert retention.sweep_bodies()

    def test_a_minute_after_a_crash_emptied_the_sessions(self, box: Mailbox) -> None:
        self.gone(box)
        age("mailstore_message", removed_at="61 seconds")
        SinceCrash.objects.all().delete()
        assert not retention.sweep_bodies()
        age("mailstore_sincecrash", since="61 seconds")
        assert retention.sweep_bodies()

    def test_a_bounded_number_of_octets_but_at_least_one(self, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention.by_time, "OCTETS_A_STEP", 15)
        ids = put(box, *[b"12345678\r\n"] * 3)
        remove(box, *ids)
        retention.delete_for_good(box.pk, ids)
        age("mailstore_message", removed_at="61 seconds")
        assert [retention.sweep_bodies() for _ in range(3)] == [True, True, False]


class TestForgetting:
    def test_ninety_days_after_it_is_gone(self, box: Mailbox) -> None:
        [number], [kept] = put(box), put(box)
        quit_session(box, open_session(box), [number], fetched=[number, kept])
        retention.delete_for_good(box.pk, [number])
        age("mailstore_message", f"id = {number}", removed_at="90 days", gone_at="89 days 23 hours")
        retention.sweep_bodies()
        assert not retention.forget()
        age("mailstore_message", f"id = {number}", gone_at="2 hours")
        assert retention.forget()
        assert not retention.forget()
        assert Message.objects.get().id == kept
        assert Fetched.objects.get().message_id == kept

    def test_never_before_its_body_is_swept(self, box: Mailbox) -> None:
        [number] = put(box)
        open_session(box)
        remove(box, number)
        retention.delete_for_good(box.pk, [number])
        age("mailstore_message", removed_at="100 days", gone_at="100 days")
        assert not retention.sweep_bodies()
        assert not retention.forget()


class TestExpiring:
    def expiring(self, **policy: object) -> Mailbox:
        return make_mailbox(f"ana@{make_domain(**{'expire_days': 10} | policy).name}")

    def test_counts_from_the_first_fetch(self) -> None:
        box = self.expiring()
        fetched, later, unfetched = put(box, b"1\r\n", b"2\r\n", b"3\r\n")
        quit_session(box, open_session(box), fetched=[fetched, later])
        quit_session(box, open_session(box), fetched=[fetched], device_id=5)
        age("mailstore_message", received="100 days")
        age("mailstore_fetched", f"message_id = {fetched} and device_id = 0", at="11 days")
        age("mailstore_fetched", f"message_id = {later}", at="9 days")
        expire_all()
        assert listed(box, open_session(box)) == [later, unfetched]
        assert Message.objects.get(id=fetched).removed_how == "expired"
        assert counters(box) == (2, 6, 1, 3)

    def test_unfetched_mail_where_the_domain_says_so(self) -> None:
        box = self.expiring(expire_unfetched=True)
        old, young = put(box, b"1\r\n", b"2\r\n")
        age("mailstore_message", f"id = {old}", received="11 days")
        age("mailstore_message", f"id = {young}", received="9 days")
        expire_all()
        assert listed(box, open_session(box)) == [young]

    def test_a_restored_message_has_the_days_once_more(self) -> None:
        box = self.expiring(expire_unfetched=True)
        [old] = put(box)
        age("mailstore_message", received="11 days")
        expire_all()
        assert retention.restore(box.pk, [old]).messages == 1
        expire_all()
        assert counters(box)[0] == 1
        age("mailstore_message", f"id = {old}", removed_at="11 days", gone_at="11 days")
        expire_all()
        assert counters(box)[0] == 0

    def test_never_without_a_policy(self, box: Mailbox) -> None:
        [number] = put(box)
        quit_session(box, open_session(box), fetched=[number])
        age("mailstore_message", received="900 days")
        age("mailstore_fetched", at="900 days")
        expire_all()
        assert counters(box)[0] == 1

    def test_goes_on_until_all_mailboxes_are_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention.by_time, "MAILBOXES_A_STEP", 2)
        monkeypatch.setattr(retention.by_time, "MESSAGES_A_STEP", 2)
        boxes = [self.expiring(expire_unfetched=True) for _ in range(5)]
        for box in boxes:
            put(box, *[b"1\r\n"] * 5)
        age("mailstore_message", received="11 days")
        expire_all()
        assert [counters(box)[:3] for box in boxes] == [(0, 0, 5)] * 5

    def test_a_session_keeps_what_it_sees(self) -> None:
        box = self.expiring(expire_unfetched=True)
        [number] = put(box)
        opened = open_session(box)
        age("mailstore_message", received="11 days")
        expire_all()
        assert listed(box, opened) == [number]
        assert listed(box, open_session(box)) == []


class TestRestoring:
    def test_adds_anew_at_the_end_in_the_old_order(self, box: Mailbox) -> None:
        first, second, third = put(box, b"1\r\n", b"22\r\n", b"333\r\n")
        remove(box, second)
        remove(box, first)
        assert retention.restore(box.pk, [second, first]) == retention.Restored(2, 7, False)
        kept, *back = listed(box, open_session(box))
        assert kept == third
        assert [read_bodies([number])[number] for number in back] == [b"1\r\n", b"22\r\n"]
        assert counters(box) == (3, 12, 0, 0)

    def test_gives_a_new_unique_id_and_keeps_the_rest(self, box: Mailbox) -> None:
        [old] = put(box, sender="ana@example.org")
        remove(box, old)
        retention.restore(box.pk, [old])
        before, after = Message.objects.order_by("id")
        assert before.uidl != after.uidl
        assert (after.sender, after.subject, after.received, after.body) == (
            before.sender,
            before.subject,
            before.received,
            before.body,
        )
        assert before.restored_as == after.id

    def test_twice_or_of_another_mailbox_or_of_what_is_there_restores_nothing(self, box: Mailbox) -> None:
        old, present = put(box, b"1\r\n", b"2\r\n")
        remove(box, old)
        nothing = retention.Restored(0, 0, False)
        assert retention.restore(make_mailbox().pk, [old]) == nothing
        assert retention.restore(box.pk, [old, old, present]).messages == 1
        assert retention.restore(box.pk, [old]) == nothing
        assert retention.restore(0, [old]) == nothing

    def test_a_session_keeps_the_message_it_lists(self, box: Mailbox) -> None:
        [number] = put(box, b"1\r\n")
        opened = open_session(box)
        remove(box, number)
        between = open_session(box)
        retention.restore(box.pk, [number])
        [back] = listed(box, open_session(box))
        assert listed(box, opened) == [number]
        assert listed(box, between) == []
        remove(box, back)
        retention.delete_for_good(box.pk, [back])
        age("mailstore_message", removed_at="61 seconds")
        assert not retention.sweep_bodies()
        assert read_bodies([number]) == {number: b"1\r\n"}
        Session.objects.all().delete()
        while retention.sweep_bodies():
            pass
        assert bodies() == 0

    def test_a_session_keeps_it_through_any_number_of_restores(self, box: Mailbox) -> None:
        [number] = put(box, b"1\r\n")
        opened = open_session(box)
        for back in range(3):
            remove(box, *listed(box, open_session(box)))
            if back < 2:
                [last] = Message.objects.filter(gone_at=None).values_list("id", flat=True)
                retention.restore(box.pk, [last])
        Session.objects.exclude(id=opened.session).delete()
        retention.delete_for_good(box.pk, list(Message.objects.values_list("id", flat=True)))
        age("mailstore_message", removed_at="61 seconds")
        while retention.sweep_bodies():
            pass
        assert read_bodies(listed(box, opened)) == {number: b"1\r\n"}

    def test_the_old_row_goes_and_the_body_stays(self, box: Mailbox) -> None:
        [number] = put(box, b"1\r\n")
        for _ in range(3):
            remove(box, number)
            retention.restore(box.pk, [number])
            [number] = listed(box, open_session(box))
        Session.objects.all().delete()
        age("mailstore_message", "removed is not null", removed_at="61 seconds", gone_at="91 days")
        while retention.sweep_bodies():
            pass
        while retention.forget():
            pass
        assert Message.objects.get().id == number
        assert read_bodies([number]) == {number: b"1\r\n"}

    def test_may_exceed_the_quota(self) -> None:
        box = make_mailbox(quota=10)
        remove(box, *put(box, b"12345678\r\n"))
        put(box, b"1234567\r\n")
        [old] = Message.objects.filter(removed__isnull=False).values_list("id", flat=True)
        assert retention.restore(box.pk, [old]) == retention.Restored(1, 10, True)

    def test_what_is_gone_stays_gone(self, box: Mailbox) -> None:
        [number] = put(box)
        remove(box, number)
        assert retention.delete_for_good(box.pk, [number, number]) == 1
        assert retention.delete_for_good(box.pk, [number]) == 0
        assert retention.restore(box.pk, [number]).messages == 0
        assert counters(box) == (0, 0, 0, 0)

    def test_only_what_is_removed_can_be_deleted_for_good(self, box: Mailbox) -> None:
        [number] = put(box)
        assert retention.delete_for_good(box.pk, [number]) == 0
        assert counters(box)[0] == 1


def test_an_owner_removes_as_a_client_does(box: Mailbox) -> None:
    first, second = put(box, b"1\r\n", b"22\r\n")
    assert retention.remove_messages(box.pk, [first, first, 0]) == 1
    assert retention.remove_messages(box.pk, [first]) == 0
    assert counters(box) == (1, 4, 1, 3)
    row = Message.objects.get(id=first)
    assert (row.removed_how, row.removed_by, row.removed_device) == ("owner", None, "")
    assert listed(box, open_session(box)) == [second]


class TestDeletedMailboxes:
    @pytest.mark.parametrize("of_domain", [False, True])
    def test_lose_their_mail_after_thirty_days(
        self, box: Mailbox, of_domain: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retention.leftovers, "MESSAGES_A_STEP", 2)
        kept = make_mailbox()
        [theirs] = put(kept)
        ids = put(box, *[b"1\r\n"] * 5)
        quit_session(box, open_session(box), ids[:2], fetched=ids)
        retention.restore(box.pk, ids[:1])
        holder = box.domain if of_domain else box
        holder.state = State.DELETED
        holder.save()
        table = "mailboxes_domain" if of_domain else "mailboxes_mailbox"
        age(table, f"id = {holder.pk}", state_since="29 days")
        assert not retention.erase_deleted()
        age(table, f"id = {holder.pk}", state_since="2 days")
        assert retention.emptied_mailboxes() == []
        assert [retention.erase_deleted() for _ in range(4)] == [True, True, True, False]
        assert Message.objects.get().id == theirs
        assert not Fetched.objects.exists()
        assert bodies() == 1
        assert counters(box) == (0, 0, 0, 0)
        assert retention.emptied_mailboxes() == [box.pk]

    def test_whose_usage_is_there_still(self, box: Mailbox) -> None:
        box.state = State.DELETED
        box.save()
        age("mailboxes_mailbox", state_since="31 days")
        assert not retention.erase_deleted()
        assert Usage.objects.filter(mailbox=box).exists()


def test_staged_bodies_are_swept_after_a_day(box: Mailbox) -> None:
    old, young = new_bodies(2)
    stage_chunks([Chunk(old, 0, b"x"), Chunk(old, 1, b"x"), Chunk(young, 0, b"x")])
    put(box)
    age("mailstore_stagedbody", f"body = {old}", since="25 hours")
    assert retention.sweep_staged()
    assert not retention.sweep_staged()
    assert StagedBody.objects.get().body == young
    assert not MessageChunk.objects.filter(body=old).exists()
    assert bodies() == 2
