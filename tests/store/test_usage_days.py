"""What mailboxes held from day to day, and who grows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from controlpanel.jobs.schedule import note_usage
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import usage_days
from controlpanel.mailstore.models import Growth, UsageDay
from tests.store.factories import age, make_mailbox, put, remove

pytestmark = pytest.mark.django_db


def look() -> None:
    list(note_usage())


def go_back(days: int) -> None:
    """All that was noted, and every mailbox, is so many days older."""
    age("mailboxes_mailbox", created=f"{days} days")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailstore_usageday SET day = day - %s", [days])


def grown(box: Mailbox) -> tuple[int, int]:
    row = Growth.objects.get(mailbox=box)
    return row.week, row.month


def test_a_day_is_noted_where_something_changed(monkeypatch: Any) -> None:
    box, quiet = make_mailbox(), make_mailbox()
    put(quiet, b"x" * 10)
    look()
    put(box, b"x" * 100)
    look()
    put(box, b"x" * 50)
    look()
    assert [(row.octets, row.messages) for row in UsageDay.objects.filter(mailbox=box)] == [(150, 2)]
    go_back(1)
    put(box, b"x")
    look()
    assert list(UsageDay.objects.filter(mailbox=box).order_by("day").values_list("octets", flat=True)) == [150, 151]
    assert UsageDay.objects.filter(mailbox=quiet).count() == 1


def test_a_new_mailbox_has_grown_by_all_that_it_holds() -> None:
    box = make_mailbox()
    put(box, b"x" * 100)
    look()
    assert grown(box) == (100, 100)


def test_of_an_old_one_only_what_was_seen_counts() -> None:
    box = make_mailbox()
    put(box, b"x" * 100)
    go_back(400)
    look()
    assert grown(box) == (0, 0)
    go_back(3)
    [one] = put(box, b"x" * 20)
    look()
    assert grown(box) == (20, 20)
    go_back(6)
    look()
    assert grown(box) == (20, 20)
    go_back(2)
    look()
    assert grown(box) == (0, 20)
    remove(box, one)
    look()
    assert grown(box) == (-20, 0)


def test_every_mailbox_is_looked_at_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_days, "MAILBOXES_A_STEP", 2)
    boxes = [make_mailbox() for _number in range(5)]
    look()
    assert Growth.objects.count() == len(boxes)


def test_days_that_no_chart_shows_are_forgotten_but_for_the_last() -> None:
    box = make_mailbox()
    for _day in range(3):
        put(box, b"x")
        look()
        go_back(1)
    go_back(usage_days.DAYS_KEPT)
    usage_days.prune()
    assert list(UsageDay.objects.values_list("octets", flat=True)) == [3]
    today = datetime.now(UTC).date()
    put(box, b"x")
    look()
    [held, now] = usage_days.history([box.pk])[box.pk]
    assert (held.octets, now.octets, now.day) == (3, 4, today)
    assert held.day < today - timedelta(days=usage_days.DAYS_KEPT)


def test_a_dropped_mailbox_takes_its_days_along() -> None:
    box = make_mailbox()
    look()
    box.delete()
    assert not UsageDay.objects.exists()
