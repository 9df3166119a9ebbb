"""One row a process keeps all its sessions alive."""

from uuid import uuid4

import pytest
from django.utils import timezone

from controlpanel.journal.models import PastSession
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.maildrop import (
    Held,
    MailProcess,
    Opened,
    drop_process,
    open_maildrops,
    re_take,
    renew,
    sweep_dead,
)
from controlpanel.mailstore.models import Process, Session
from controlpanel.mailstore.overview import end_session
from tests.store.factories import PROCESS, age, make_mailbox, make_opening, open_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


def held(box: Mailbox, opened: Opened, **fields: object) -> Held:
    return Held(opened.session, opened.change, timezone.now(), make_opening(box, **fields))


def test_the_first_beat_is_anew_and_the_next_is_not() -> None:
    process = MailProcess(uuid4(), "mail.example", 1)
    assert renew(process).anew
    started = Process.objects.get(id=process.id).started
    age("mailstore_process", beat="10 seconds")
    assert not renew(process).anew
    again = Process.objects.get(id=process.id)
    assert again.started == started
    assert again.beat >= started


def test_a_beat_brings_back_which_sessions_to_end(box: Mailbox) -> None:
    kept, ended = open_session(box), open_session(box)
    other = MailProcess(uuid4(), "mail.example", 2)
    renew(other)
    [elsewhere] = open_maildrops([make_opening(box, process=other.id)])
    assert isinstance(elsewhere, Opened)
    assert end_session(box.pk, ended.session)
    assert end_session(box.pk, elsewhere.session)
    assert not end_session(make_mailbox().pk, kept.session)
    assert renew(PROCESS).to_end == [ended.session]


def test_after_a_crash_of_the_database_sessions_are_taken_again(box: Mailbox) -> None:
    a, b = open_session(box), open_session(box)
    kept = Session.objects.get(id=a.session)
    Session.objects.all().delete()
    Process.objects.all().delete()
    assert renew(PROCESS).anew
    assert re_take([held(box, a), held(box, b)]) == []
    again = Session.objects.get(id=a.session)
    assert (again.change, again.mailbox_id, again.process) == (kept.change, kept.mailbox_id, kept.process)
    assert re_take([held(box, a)]) == []
    assert Session.objects.count() == 2


def test_a_session_whose_lock_another_took_is_to_end(box: Mailbox) -> None:
    lost = open_session(box, exclusive=True)
    other = make_mailbox()
    kept = open_session(other, exclusive=True)
    Session.objects.all().delete()
    [taken] = open_maildrops([make_opening(box, exclusive=True)])
    assert isinstance(taken, Opened)
    assert re_take([held(box, lost, exclusive=True), held(other, kept, exclusive=True)]) == [lost.session]
    assert set(Session.objects.values_list("id", flat=True)) == {taken.session, kept.session}


def test_a_process_that_stops_leaves_nothing(box: Mailbox) -> None:
    open_session(box)
    drop_process(PROCESS.id)
    assert not Session.objects.exists()
    assert not Process.objects.filter(id=PROCESS.id).exists()
    assert PastSession.objects.get().ended_by == "shutdown"


def test_the_dead_are_swept_after_thirty_seconds(box: Mailbox) -> None:
    living = MailProcess(uuid4(), "mail.example", 2)
    open_session(box)
    open_session(box)
    age("mailstore_process", beat="29 seconds")
    renew(living)
    [kept] = open_maildrops([make_opening(box, process=living.id)])
    assert isinstance(kept, Opened)
    assert sweep_dead() == 0
    age("mailstore_process", f"id = '{PROCESS.id}'", beat="2 seconds")
    assert sweep_dead() == 2
    assert Session.objects.get().id == kept.session
    folded = PastSession.objects.get()
    assert (folded.times, folded.ended_by) == (2, "fault")
    assert renew(PROCESS).anew
