"""How often mail clients were at a mailbox on each day, and what they took along."""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from controlpanel import database


@dataclass(frozen=True, slots=True)
class Day:
    """A day where the reader lives: `times` mail clients came, `fetched` and `removed` messages, `octets` sent."""

    day: date
    times: int
    fetched: int
    removed: int
    octets: int


BY_DAY = """
SELECT (ended AT TIME ZONE %(zone)s::text)::date, sum(times)::bigint, sum(fetched)::bigint, sum(removed)::bigint,
       sum(octets)::bigint
FROM journal_pastsession
WHERE mailbox_id = %(mailbox)s::bigint AND protocol = 'pop3'
  AND ended > now() - make_interval(days => %(days)s::integer)
GROUP BY 1 ORDER BY 1 DESC
"""


def by_day(mailbox_id: int, days: int) -> list[Day]:
    """Return the days of the last so many on which somebody came, the last first."""
    zone = timezone.get_current_timezone_name()
    return [Day(*row) for row in database.rows(BY_DAY, mailbox=mailbox_id, days=days, zone=zone)]
