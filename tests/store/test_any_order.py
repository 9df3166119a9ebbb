"""Mail comes, is removed, restored, expired and purged in any order: counters fit, and sessions keep what they saw."""

from collections.abc import Iterable
from datetime import datetime

import pytest
from django.db import transaction
from django.db.models import Max, Min
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from controlpanel import database
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import retention
from controlpanel.mailstore.checking import check
from controlpanel.mailstore.delivery import Delivered, deliver
from controlpanel.mailstore.maildrop import Closed, Opened, Wanted, close_maildrops, list_maildrops, read_bodies
from controlpanel.mailstore.models import Fetched, Message
from tests.store.factories import age, make_closing, make_delivery, make_mailbox, open_session

QUOTA, CAP, RESTORE_DAYS, EXPIRE_DAYS = 400, 250, 14, 3
which_box = st.integers(0, 1)
places = st.lists(st.integers(0, 30), max_size=6)


class Box:
    """What we expect of a mailbox: the ids of its messages, present ones in order."""

    def __init__(self, row: Mailbox) -> None:
        self.row = row
        self.present: list[int] = []
        self.removed: list[int] = []

    def remove(self, ids: Iterable[int]) -> int:
        """Return how many were still there."""
        gone = [number for number in self.present if number in set(ids)]
        self.present = [number for number in self.present if number not in gone]
        self.removed += gone
        return len(gone)


def chosen(ids: list[int], places: Iterable[int]) -> list[int]:
    return [ids[place % len(ids)] for place in places] if ids else []


class Store(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo._from_testcase = True  # what is durable in the store may then run within it
        self.undo.__enter__()
        small = make_mailbox(quota=QUOTA, removed_cap=CAP)
        small.domain.expire_days = EXPIRE_DAYS
        small.domain.expire_unfetched = True
        small.domain.save()
        self.boxes = [Box(make_mailbox()), Box(small)]
        self.bodies: dict[int, bytes] = {}
        self.sessions: list[tuple[Box, Opened, list[int]]] = []
        retention.sweep_bodies()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def octets(self, ids: Iterable[int]) -> int:
        return sum(len(self.bodies[number]) for number in ids)

    def ids(self, box: Box, *order: str, **where: object) -> list[int]:
        rows = Message.objects.filter(mailbox=box.row, **where).order_by(*order or ["added"])
        return list(rows.values_list("id", flat=True))

    def ago(self, days: int) -> datetime:
        """By the database's clock, which stands still within a transaction."""
        [(moment,)] = database.rows("SELECT now() - make_interval(days => %(days)s)", days=days)
        return moment

    # What people and clients do

    @rule(batch=st.lists(st.tuples(which_box, st.integers(1, 90)), max_size=5))
    def mail_comes(self, batch: list[tuple[int, int]]) -> None:
        mail = [(self.boxes[which], f"{place}".encode() * octets) for place, (which, octets) in enumerate(batch)]
        results = deliver([make_delivery(box.row, body) for box, body in mail])
        for (box, body), result in zip(mail, results, strict=True):
            has_room = box.row.quota is None or self.octets(box.present) + len(body) <= box.row.quota
            assert isinstance(result, Delivered) == has_room
            if isinstance(result, Delivered):
                box.present.append(result.message_id)
                self.bodies[result.message_id] = body

    @rule(which=which_box)
    def a_client_opens(self, which: int) -> None:
        box = self.boxes[which]
        opened = open_session(box.row)
        assert (opened.messages, opened.octets) == (len(box.present), self.octets(box.present))
        self.sessions.append((box, opened, list(box.present)))

    @rule(number=st.integers(1, 3), places=places, ended_by=st.sampled_from(["quit", "quit", "lost"]))
    def clients_close(self, number: int, places: list[int], ended_by: str) -> None:
        ending, self.sessions = self.sessions[:number], self.sessions[number:]
        closings = []
        for box, opened, seen in ending:
            ids = chosen(seen, places)
            closings.append(make_closing(box.row, opened, ids, fetched=ids[:2], ended_by=ended_by))
        removed = [
            box.remove(closing.removed) if ended_by == "quit" else 0
            for (box, *_), closing in zip(ending, closings, strict=True)
        ]
        assert close_maildrops(closings) == [Closed(count) for count in removed]

    @rule(which=which_box, places=places)
    def an_owner_removes(self, which: int, places: list[int]) -> None:
        box = self.boxes[which]
        ids = chosen(box.present, places)
        assert retention.remove_messages(box.row.pk, ids) == box.remove(ids)

    @rule(which=which_box, places=places)
    def an_owner_restores(self, which: int, places: list[int]) -> None:
        box = self.boxes[which]
        ids = set(chosen(box.removed, places))
        restored = retention.restore(box.row.pk, list(ids))
        assert (restored.messages, restored.octets) == (len(ids), self.octets(ids))
        for number, back in Message.objects.filter(id__in=ids).order_by("added").values_list("id", "restored_as"):
            box.removed.remove(number)
            box.present.append(back)
            self.bodies[back] = self.bodies[number]

    @rule(which=which_box, places=places)
    def an_owner_deletes_for_good(self, which: int, places: list[int]) -> None:
        box = self.boxes[which]
        ids = set(chosen(box.removed, places))
        assert retention.delete_for_good(box.row.pk, list(ids)) == len(ids)
        box.removed = [number for number in box.removed if number not in ids]

    # What time does

    @rule(hours=st.sampled_from([1, 30, 24 * 8, 24 * 100]))
    def time_passes(self, hours: int) -> None:
        passed = f"{hours} hours"
        age("mailstore_message", received=passed, removed_at=passed, gone_at=passed)
        age("mailstore_fetched", at=passed)
        age("mailstore_sincecrash", since=passed)

    @rule()
    def jobs_expire(self) -> None:
        after: int | None = 0
        while after is not None:
            after = retention.expire(after)
        plain, expiring = self.boxes
        assert self.ids(plain, removed=None) == plain.present
        expiring.remove(set(expiring.present) - set(self.ids(expiring, removed=None)))
        for number in expiring.present:
            [first] = Fetched.objects.filter(message_id=number).aggregate(Min("at")).values()
            [restored] = Message.objects.filter(restored_as=number).aggregate(Max("gone_at")).values()
            received = Message.objects.get(id=number).received
            assert (first or max(received, restored or received)) >= self.ago(EXPIRE_DAYS)

    @rule()
    def jobs_let_go(self) -> None:
        before = [self.ids(box, "removed", "id", removed__isnull=False, gone_at=None) for box in self.boxes]
        while retention.let_go():
            pass
        for box, order in zip(self.boxes, before, strict=True):
            left = self.ids(box, "removed", "id", removed__isnull=False, gone_at=None)
            gone = order[: len(order) - len(left)]
            assert gone + left == order
            assert not self.ids(box, id__in=left, removed_at__lt=self.ago(RESTORE_DAYS))
            cap = box.row.removed_cap or 10**9
            assert self.octets(left) <= cap
            if gone and not self.ids(box, id=gone[-1], removed_at__lt=self.ago(RESTORE_DAYS)):
                assert self.octets([gone[-1], *left]) > cap
            box.removed = [number for number in box.removed if number in left]

    @rule()
    def jobs_sweep_and_forget(self) -> None:
        while retention.sweep_bodies():
            pass
        while retention.forget():
            pass

    # What always holds

    @invariant()
    def the_store_fits(self) -> None:
        assert list(check()) == []

    @invariant()
    def mailboxes_hold_what_they_should(self) -> None:
        for box in self.boxes:
            assert self.ids(box, removed=None) == box.present
            assert set(self.ids(box, removed__isnull=False, gone_at=None)) == set(box.removed)

    @invariant()
    def sessions_keep_what_they_saw(self) -> None:
        listings = list_maildrops([Wanted(box.row.pk, opened.change) for box, opened, _ in self.sessions])
        for listing, (_, opened, seen) in zip(listings, self.sessions, strict=True):
            assert list(listing.ids) == seen
            assert (len(listing.ids), sum(listing.octets)) == (opened.messages, opened.octets)
            assert read_bodies(seen) == {number: self.bodies[number] for number in seen}


@pytest.mark.django_db
@pytest.mark.timeout(300)
def test_any_order() -> None:
    run_state_machine_as_test(Store, settings=settings(max_examples=30, stateful_step_count=25, deadline=None))
