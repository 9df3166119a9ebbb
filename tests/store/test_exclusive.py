"""The exclusive lock that a domain may choose, and how it ends with the process that holds it."""

import pytest

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.maildrop import SESSION_SECONDS, Closed, InUse, LeaseLost, Opened, open_maildrops, renew
from controlpanel.mailstore.models import Process, Session
from tests.store.factories import (
    PROCESS,
    age,
    counters,
    make_mailbox,
    make_opening,
    open_session,
    put,
    quit_session,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


def test_a_second_login_is_told_how_long_it_may_last(box: Mailbox) -> None:
    opened = open_session(box, exclusive=True)
    age("mailstore_session", started="1 hour")
    [refused] = open_maildrops([make_opening(box, exclusive=True)])
    assert isinstance(refused, InUse)
    assert SESSION_SECONDS - 3700 < refused.seconds <= SESSION_SECONDS - 3600
    quit_session(box, opened)
    assert isinstance(open_maildrops([make_opening(box, exclusive=True)])[0], Opened)


def test_the_first_of_a_batch_gets_it_and_others_go_their_way(box: Mailbox) -> None:
    renew(PROCESS)
    free, shared = make_mailbox(), make_mailbox()
    results = open_maildrops(
        [
            make_opening(shared),
            make_opening(box, exclusive=True),
            make_opening(free, exclusive=True),
            make_opening(box, exclusive=True),
            make_opening(shared),
        ]
    )
    assert [type(result) for result in results] == [Opened, Opened, Opened, InUse, Opened]


def test_a_plain_login_is_refused_beside_an_exclusive_one(box: Mailbox) -> None:
    held = open_session(box, exclusive=True)
    assert isinstance(open_maildrops([make_opening(box)])[0], InUse)
    assert Session.objects.get().id == held.session


def test_an_exclusive_login_is_refused_beside_a_plain_one(box: Mailbox) -> None:
    open_session(box)
    assert isinstance(open_maildrops([make_opening(box, exclusive=True)])[0], InUse)


def test_a_process_that_beats_no_more_holds_nothing(box: Mailbox) -> None:
    lost = open_session(box, exclusive=True)
    age("mailstore_process", beat="6 seconds")
    assert isinstance(open_maildrops([make_opening(box, exclusive=True)])[0], Opened)
    assert not Session.objects.filter(id=lost.session).exists()


def test_a_plain_login_heeds_no_dead_holder(box: Mailbox) -> None:
    open_session(box, exclusive=True)
    Process.objects.all().delete()
    assert isinstance(open_maildrops([make_opening(box)])[0], Opened)


def test_who_holds_it_removes(box: Mailbox) -> None:
    [number] = put(box)
    assert quit_session(box, open_session(box, exclusive=True), [number]) == Closed(1)


def test_who_lost_the_lease_removes_nothing(box: Mailbox) -> None:
    [number] = put(box)
    lost = open_session(box, exclusive=True)
    age("mailstore_process", beat="6 seconds")
    [taken] = open_maildrops([make_opening(box, exclusive=True)])
    assert isinstance(taken, Opened)
    assert quit_session(box, lost, [number]) == LeaseLost()
    assert counters(box)[0] == 1


def test_who_lost_the_row_but_not_the_lease_removes(box: Mailbox) -> None:
    [number] = put(box)
    opened = open_session(box, exclusive=True)
    Session.objects.all().delete()
    assert quit_session(box, opened, [number]) == Closed(1)
