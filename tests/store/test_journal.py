"""What happened, many at once, folded by the hour."""

from datetime import timedelta

import pytest
from django.utils import timezone

from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.accounts.models import User
from controlpanel.journal import forgetting, record
from controlpanel.journal.models import Activity, Attempt, PastSession, RefusedMessage
from tests.store.factories import age

pytestmark = pytest.mark.django_db


def ended(mailbox_id: int = 1, **fields: object) -> record.Finished:
    session: dict[str, object] = {
        "session": 5,
        "device_id": None,
        "device": "",
        "address": None,
        "tls": "",
        "mechanism": "USER",
        "started": timezone.now(),
        "ended_by": "quit",
    }
    return record.Finished(mailbox_id, **(session | fields))  # type: ignore[arg-type]


class TestActivity:
    def test_keeps_who_did_what(self) -> None:
        user = User.objects.create_user("ana@example.org")
        actor = Actor(user, "192.0.2.1")
        record.activity(actor, "mailbox.created", mailbox_id=3, subject="bob@example.org", details={"quota": 5})
        row = Activity.objects.get()
        assert (row.actor_id, row.actor, row.act, row.mailbox_id) == (user.pk, "ana@example.org", "mailbox.created", 3)
        assert (row.subject, row.details, row.address) == ("bob@example.org", {"quota": 5}, "192.0.2.1")

    def test_the_shell_is_nobody(self) -> None:
        record.activity(SHELL, "domain.created", domain_id=2)
        row = Activity.objects.get()
        assert (row.actor_id, row.actor, row.details, row.address) == (None, "", {}, None)


class TestAttempts:
    def test_fold_within_a_batch_and_with_what_is_there(self) -> None:
        wrong = record.RefusedSignIn(1, "pop3", "192.0.2.1", "wrong", "PLAIN")
        nowhere = record.RefusedSignIn(1, "pop3", None, "wrong", "USER")
        record.attempts([wrong, nowhere, wrong, record.RefusedSignIn(2, "pop3", "192.0.2.1", "wrong")])
        record.attempts([wrong, nowhere, wrong])
        times = Attempt.objects.order_by("mailbox_id", "times").values_list("mailbox_id", "address", "times")
        assert list(times) == [(1, None, 2), (1, "192.0.2.1", 4), (2, "192.0.2.1", 1)]

    def test_another_hour_is_another_row(self) -> None:
        wrong = record.RefusedSignIn(1, "pop3", "192.0.2.1", "wrong")
        record.attempts([wrong])
        age("journal_attempt", hour="1 hour", last="1 hour")
        record.attempts([wrong])
        assert list(Attempt.objects.values_list("times", flat=True)) == [1, 1]

    def test_from_ever_new_addresses_fill_no_disk(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(record, "ADDRESSES_AN_HOUR", 3)
        for number in range(6):
            record.attempts([record.RefusedSignIn(1, "pop3", f"2001:db8::{number}", "wrong")])
        record.attempts([record.RefusedSignIn(1, "pop3", "2001:db8::2", "wrong")])
        record.attempts([record.RefusedSignIn(2, "pop3", "2001:db8::5", "wrong")])
        rows = Attempt.objects.filter(mailbox_id=1).order_by("address")
        shown = {str(row.address): row.times for row in rows}
        assert shown == {"2001:db8::": 1, "2001:db8::1": 1, "2001:db8::2": 2, "None": 3}
        assert Attempt.objects.get(mailbox_id=2).address == "2001:db8::5"

    def test_of_nothing_is_nothing(self) -> None:
        record.attempts([])
        assert not Attempt.objects.exists()


class TestFinished:
    @pytest.fixture(autouse=True)
    def only_these(self) -> None:
        """A mail service of an earlier test may have written its last sessions down after that test was over."""
        PastSession.objects.all().delete()

    def test_polls_fold_by_mailbox_device_and_address(self) -> None:
        first = timezone.now() - timedelta(minutes=5)
        record.finished(
            [
                ended(1, octets=1, tls="TLSv1.2", started=first),
                ended(1, octets=2, tls="TLSv1.3", ended_by="lost"),
                ended(1, address="192.0.2.1"),
                ended(1, device_id=3, device="Phone"),
                ended(2),
            ]
        )
        record.finished([ended(1, octets=4, ended_by="idle")])
        assert PastSession.objects.count() == 4
        folded = PastSession.objects.get(mailbox_id=1, device_id=None, address=None)
        assert (folded.times, folded.octets, folded.started, folded.ended_by) == (3, 7, first, "idle")
        assert folded.session is None

    def test_what_moved_something_stands_alone(self) -> None:
        record.finished([ended(fetched=1), ended(removed=1), ended(fetched=1)])
        assert list(PastSession.objects.values_list("session", "times", "hour")) == [(5, 1, None)] * 3

    def test_another_hour_is_another_row(self) -> None:
        record.finished([ended()])
        age("journal_pastsession", hour="1 hour")
        record.finished([ended()])
        assert list(PastSession.objects.values_list("times", flat=True)) == [1, 1]


def test_refusals_take_any_text() -> None:
    record.refusals([record.Refusal(1, "552 5.2.2", "a\0b" * 300, "\ud800" * 400, 5), record.Refusal(1, "452")])
    assert list(RefusedMessage.objects.order_by("id").values_list("reply", "octets")) == [("552 5.2.2", 5), ("452", 0)]
    record.refusals([])


def test_refusals_of_one_mailbox_are_bounded_by_the_hour() -> None:
    for _ in range(3):
        record.refusals([record.Refusal(1, "550")] * 60)
    record.refusals([record.Refusal(2, "550")])
    assert RefusedMessage.objects.filter(mailbox_id=1).count() == 120
    assert RefusedMessage.objects.filter(mailbox_id=2).count() == 1
    age("journal_refusedmessage", at="61 minutes")
    record.refusals([record.Refusal(1, "550")])
    assert RefusedMessage.objects.filter(mailbox_id=1).count() == 121


def test_all_but_changes_are_forgotten_after_ninety_days() -> None:
    record.activity(SHELL, "domain.created")
    for days in ("2 days", "89 days", "0 days"):
        record.finished([ended(fetched=1)])
        record.attempts([record.RefusedSignIn(1, "pop3", None, "wrong")])
        record.refusals([record.Refusal(1, "452")])
        age("journal_pastsession", ended=days)
        age("journal_attempt", last=days, hour=days)
        age("journal_refusedmessage", at=days)
    age("journal_activity", at="900 days")
    assert forgetting.forget()
    assert not forgetting.forget()
    assert [each.objects.count() for each in (PastSession, Attempt, RefusedMessage, Activity)] == [2, 2, 2, 1]
