"""What happens at the same moment, on real connections: a test holds a lock, lets the others queue, and lets go."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from controlpanel.accounts.actor import SHELL
from controlpanel.journal import record
from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.models import Mailbox, State, Usage
from controlpanel.mailboxes.recipients import OverQuota, Recipient, find_recipients
from controlpanel.mailstore import retention
from controlpanel.mailstore.checking import check
from controlpanel.mailstore.delivery import Chunk, Delivered, Delivery, deliver, new_bodies, stage_chunks
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.maildrop import Closed, InUse, Opened, close_maildrops, open_maildrops, read_bodies, renew
from controlpanel.mailstore.models import Message, MessageChunk, Session
from tests.store.background import Background, all_blocked
from tests.store.factories import (
    PROCESS,
    age,
    counters,
    listed,
    make_closing,
    make_delivery,
    make_mailbox,
    make_opening,
    open_session,
    put,
    quit_session,
    remove,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


@pytest.fixture(autouse=True)
def fits_afterwards() -> Iterator[None]:
    yield
    assert list(check()) == []


def test_two_quits_that_remove_the_same(box: Mailbox) -> None:
    first, second = put(box, b"1\r\n", b"22\r\n")
    a, b = open_session(box), open_session(box)
    with transaction.atomic():
        lock_usages([box.pk])
        quits = [Background(quit_session, box, a, [first, second]), Background(quit_session, box, b, [second])]
        all_blocked(*quits)
    results = [each.result() for each in quits]
    assert sum(result.removed for result in results if isinstance(result, Closed)) == 2
    assert counters(box) == (0, 0, 2, 7)


def test_two_deliveries_into_room_for_one() -> None:
    box = make_mailbox(quota=10)
    with transaction.atomic():
        lock_usages([box.pk])
        deliveries = [Background(deliver, [make_delivery(box, b"123456\r\n")]) for _ in range(2)]
        all_blocked(*deliveries)
    assert sorted(type(each.result()[0]).__name__ for each in deliveries) == ["Delivered", "OverQuota"]
    assert counters(box)[:2] == (1, 8)


def test_a_delivery_behind_a_quit_finds_the_room_it_made() -> None:
    box = make_mailbox(quota=10)
    [number] = put(box, b"12345678\r\n")
    opened = open_session(box)
    with transaction.atomic():
        lock_usages([box.pk])
        leaving = Background(quit_session, box, opened, [number])
        leaving.wait_until_blocked()
        coming = Background(deliver, [make_delivery(box, b"12345678\r\n")])
        coming.wait_until_blocked()
    assert leaving.result() == Closed(1)
    assert isinstance(coming.result()[0], Delivered)


def test_batches_that_name_mailboxes_in_other_orders(box: Mailbox) -> None:
    other = make_mailbox()
    mine, theirs = put(box, b"1\r\n", b"2\r\n"), put(other, b"1\r\n", b"2\r\n")

    def closing(each: Mailbox, number: int) -> object:
        return make_closing(each, open_session(each), [number])

    batches = [[closing(box, mine[0]), closing(other, theirs[0])], [closing(other, theirs[1]), closing(box, mine[1])]]
    deliveries = [[make_delivery(box), make_delivery(other)], [make_delivery(other), make_delivery(box)]]
    with transaction.atomic():
        lock_usages([box.pk, other.pk])
        calls = [
            *[Background(close_maildrops, batch) for batch in batches],
            *[Background(deliver, batch) for batch in deliveries],
        ]
        all_blocked(*calls)
    for call in calls:
        call.result()
    assert counters(box)[::2] == counters(other)[::2] == (2, 2)


def test_folds_that_name_mailboxes_in_other_orders(box: Mailbox) -> None:
    other = make_mailbox()
    sessions = [make_closing(each, open_session(each)) for each in (box, other)]
    wrong = [record.RefusedSignIn(each.pk, "pop3", None, "wrong") for each in (box, other)]
    close_maildrops(sessions)
    record.attempts(wrong)
    with transaction.atomic():
        PastSession.objects.filter(mailbox_id=min(box.pk, other.pk)).update(times=1)
        Attempt.objects.filter(mailbox_id=min(box.pk, other.pk)).update(times=1)
        calls = [Background(close_maildrops, batch) for batch in (sessions, sessions[::-1])]
        calls += [Background(record.attempts, batch) for batch in (wrong, wrong[::-1])]
        all_blocked(*calls)
    for call in calls:
        call.result()
    assert list(PastSession.objects.values_list("times", flat=True)) == [3, 3]
    assert list(Attempt.objects.values_list("times", flat=True)) == [3, 3]


def test_two_exclusive_logins(box: Mailbox) -> None:
    renew(PROCESS)
    with transaction.atomic():
        lock_usages([box.pk])
        logins = [Background(open_maildrops, [make_opening(box, exclusive=True)]) for _ in range(2)]
        all_blocked(*logins)
    assert {type(each.result()[0]) for each in logins} == {Opened, InUse}
    assert Session.objects.count() == 1


def test_login_and_listing_wait_for_no_delivery(box: Mailbox) -> None:
    old = put(box)
    with transaction.atomic():
        put_uncommitted(box)
        opened = Background(open_session, box).result()
        assert Background(listed, box, opened).result() == old
    assert listed(box, opened) == old
    assert opened.messages == 1
    assert counters(box)[0] == 2


def put_uncommitted(box: Mailbox) -> None:
    """Deliver within the test's own transaction, by hand: `deliver` refuses to be part of another."""
    lock_usages([box.pk])
    MessageChunk.objects.create(body=10**9, sequence=0, octets=b"x")
    Message.objects.create(mailbox=box, body=10**9, octets=1, uidl="new", added=2, received=timezone.now())
    Usage.objects.filter(mailbox=box).update(messages=F("messages") + 1, octets=F("octets") + 1, change=F("change") + 1)


def test_a_login_in_flight_while_the_message_goes(box: Mailbox) -> None:
    """The session's row is written and not yet seen by others: only the minute after a removal protects its mail."""
    [number] = put(box)
    retention.sweep_bodies()
    age("mailstore_sincecrash", since="61 seconds")
    other = open_session(box)
    with transaction.atomic():
        [opened] = open_maildrops([make_opening(box)])
        assert isinstance(opened, Opened)
        assert Background(quit_session, box, other, [number]).result() == Closed(1)
        assert Background(retention.delete_for_good, box.pk, [number]).result() == 1
        assert not Background(retention.sweep_bodies).result()
    age("mailstore_message", removed_at="61 seconds")
    assert not retention.sweep_bodies()
    assert listed(box, opened) == [number]
    assert read_bodies([number])


def test_restore_and_the_end_of_its_days(box: Mailbox) -> None:
    [number] = put(box)
    remove(box, number)
    age("mailstore_message", removed_at="15 days")
    with transaction.atomic():
        lock_usages([box.pk])
        back = Background(retention.restore, box.pk, [number])
        back.wait_until_blocked()
        gone = Background(retention.let_go)
        gone.wait_until_blocked()
    assert back.result().messages + gone.result() == 1
    assert counters(box)[0] == back.result().messages


def test_two_restores_of_the_same(box: Mailbox) -> None:
    [number] = put(box)
    remove(box, number)
    with transaction.atomic():
        lock_usages([box.pk])
        calls = [Background(retention.restore, box.pk, [number]) for _ in range(2)]
        all_blocked(*calls)
    assert sorted(call.result().messages for call in calls) == [0, 1]
    assert counters(box)[0] == 1


@pytest.mark.parametrize("of_domain", [False, True])
def test_a_deletion_is_not_undone_once_its_mail_may_be_going(box: Mailbox, of_domain: bool) -> None:
    put(box)
    holder = box.domain if of_domain else box
    holder.state = State.DELETED
    holder.save()
    undelete = changes.undelete_domain if of_domain else changes.undelete_mailbox
    table, where = "mailboxes_domain" if of_domain else "mailboxes_mailbox", f"id = {holder.pk}"
    age(table, where, state_since="29 days 23 hours")
    assert not retention.erase_deleted()
    age(table, where, state_since="2 hours")
    with transaction.atomic():
        lock_usages([box.pk])
        erasing = Background(retention.erase_deleted)
        erasing.wait_until_blocked()
        undoing = Background(lambda: undelete(holder, actor=SHELL))
        with pytest.raises(changes.ChangeRefused, match="days to undo this are over"):
            undoing.result()
    assert erasing.result()
    assert counters(box)[0] == 0


def test_nothing_is_erased_while_a_change_holds_the_mailbox(box: Mailbox) -> None:
    put(box)
    box.state = State.DELETED
    box.save()
    age("mailboxes_mailbox", f"id = {box.pk}", state_since="31 days")
    with transaction.atomic():
        lock(box)
        assert not Background(retention.erase_deleted).result()
    assert counters(box)[0] == 1


def test_the_sweep_passes_by_a_body_that_is_being_delivered(box: Mailbox) -> None:
    [body] = new_bodies(1)
    stage_chunks([Chunk(body, 0, b"late\r\n")])
    age("mailstore_stagedbody", since="25 hours")
    with transaction.atomic():
        lock_usages([box.pk])
        late = Background(deliver, [Delivery(box.pk, 6, body=body)])
        late.wait_until_blocked()
        assert not retention.sweep_staged()
    [result] = late.result()
    assert isinstance(result, Delivered)
    assert read_bodies([result.message_id]) == {result.message_id: b"late\r\n"}


def test_two_sweeps_share_the_work(box: Mailbox) -> None:
    ids = put(box, b"1\r\n", b"2\r\n")
    remove(box, *ids)
    retention.delete_for_good(box.pk, ids)
    retention.sweep_bodies()
    age("mailstore_sincecrash", since="61 seconds")
    age("mailstore_message", removed_at="61 seconds")
    with transaction.atomic():
        Message.objects.select_for_update().get(id=ids[0])
        assert Background(retention.sweep_bodies).result()
        assert not Background(retention.sweep_bodies).result()
    assert set(read_bodies(ids)) == {ids[0]}
    assert retention.sweep_bodies()


def test_a_form_that_holds_the_mailbox_delays_no_mail() -> None:
    box = make_mailbox(quota=10)
    put(box, b"123456\r\n")
    opened = open_session(box)
    with transaction.atomic():
        Mailbox.objects.select_for_update(no_key=True).get(id=box.pk)
        assert Background(quit_session, box, opened).result() == Closed(0)
        [full] = Background(find_recipients, [Recipient(box.address_text, 3)]).result()
        assert isinstance(full, OverQuota)
    assert Mailbox.objects.get(id=box.pk).last_seen is None
    assert Mailbox.objects.get(id=box.pk).full_since is None
