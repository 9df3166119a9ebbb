"""Two dates of a form as a stretch of time: from the first's beginning to the second's end, where the reader lives."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.http import QueryDict
from django.utils import timezone

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """`since` <= moment < `until`; `first` and `last` as a date field takes them, "" where none was given."""

    since: datetime
    until: datetime
    first: str
    last: str


def asked_for(query: QueryDict) -> Period:
    """Read `from` and `to`; what is no date counts as none, and dates the wrong way round are turned."""
    first, last = _day(query.get("from", "")), _day(query.get("to", ""))
    if first and last and first > last:
        first, last = last, first
    since = _midnight(first) if first else EARLIEST
    until = _midnight(last + timedelta(days=1)) if last else timezone.now() + timedelta(days=1)
    return Period(since, until, first.isoformat() if first else "", last.isoformat() if last else "")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 9000 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
