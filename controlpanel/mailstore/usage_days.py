"""How what mailboxes hold changes from day to day. A job looks each hour; deliveries know nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from controlpanel import database

MAILBOXES_A_STEP = 5000
ROWS_A_STEP = 5000
DAYS_KEPT = 92

# Of a mailbox that is older than its first row, that row is the oldest that is known; a new one began with nothing.
NOTE = """
WITH seen AS MATERIALIZED (
    SELECT usage.mailbox_id, usage.messages, usage.octets, usage.removed_octets, mailbox.created, growth.week,
           growth.month,
           (growth.messages, growth.octets, growth.removed_octets)
               IS DISTINCT FROM (usage.messages, usage.octets, usage.removed_octets) AS changed
    FROM (
        SELECT * FROM mailboxes_usage WHERE mailbox_id > %(after)s::bigint ORDER BY mailbox_id LIMIT %(most)s::bigint
    ) AS usage
    JOIN mailboxes_mailbox AS mailbox ON mailbox.id = usage.mailbox_id
    LEFT JOIN mailstore_growth AS growth ON growth.mailbox_id = usage.mailbox_id
), noted AS (
    INSERT INTO mailstore_usageday (mailbox_id, day, messages, octets, removed_octets)
    SELECT mailbox_id, (now() AT TIME ZONE 'UTC')::date, messages, octets, removed_octets
    FROM seen WHERE changed ORDER BY mailbox_id
    ON CONFLICT (mailbox_id, day) DO UPDATE
    SET messages = excluded.messages, octets = excluded.octets, removed_octets = excluded.removed_octets
), grown AS (
    INSERT INTO mailstore_growth (mailbox_id, messages, octets, removed_octets, week, month)
    SELECT seen.mailbox_id, messages, seen.octets, removed_octets,
           seen.octets - COALESCE(week.octets, CASE WHEN created > now() - interval '7 days' THEN 0 END,
                                  first.octets, seen.octets),
           seen.octets - COALESCE(month.octets, CASE WHEN created > now() - interval '30 days' THEN 0 END,
                                  first.octets, seen.octets)
    FROM seen
    LEFT JOIN LATERAL (
        SELECT octets FROM mailstore_usageday AS day
        WHERE day.mailbox_id = seen.mailbox_id AND day <= (now() AT TIME ZONE 'UTC')::date - 7
        ORDER BY day DESC LIMIT 1
    ) AS week ON true
    LEFT JOIN LATERAL (
        SELECT octets FROM mailstore_usageday AS day
        WHERE day.mailbox_id = seen.mailbox_id AND day <= (now() AT TIME ZONE 'UTC')::date - 30
        ORDER BY day DESC LIMIT 1
    ) AS month ON true
    LEFT JOIN LATERAL (
        SELECT octets FROM mailstore_usageday AS day WHERE day.mailbox_id = seen.mailbox_id ORDER BY day LIMIT 1
    ) AS first ON true
    WHERE seen.changed OR seen.week <> 0 OR seen.month <> 0
    ORDER BY seen.mailbox_id
    ON CONFLICT (mailbox_id) DO UPDATE
    SET messages = excluded.messages, octets = excluded.octets, removed_octets = excluded.removed_octets,
        week = excluded.week, month = excluded.month
)
SELECT max(mailbox_id), count(*) FROM seen
"""


def note(after: int = 0) -> int | None:
    """Look at the mailboxes next after number `after`; return the number to go on after, None at the end."""
    last, number = database.rows(NOTE, after=after, most=MAILBOXES_A_STEP)[0]
    return int(last) if number >= MAILBOXES_A_STEP else None


# The last row of before stays, for a mailbox that has not changed since.
PRUNE = """
WITH old AS (
    SELECT id FROM mailstore_usageday AS day
    WHERE day < current_date - %(days)s::integer
      AND EXISTS (SELECT FROM mailstore_usageday AS later
                  WHERE later.mailbox_id = day.mailbox_id AND later.day > day.day
                    AND later.day <= current_date - %(days)s::integer)
    LIMIT %(most)s::bigint
)
DELETE FROM mailstore_usageday WHERE id IN (SELECT id FROM old)
"""


def prune() -> bool:
    """Forget days that no chart shows; say whether there may be more."""
    return database.run(PRUNE, days=DAYS_KEPT, most=ROWS_A_STEP) >= ROWS_A_STEP


@dataclass(frozen=True, slots=True)
class Held:
    """What a mailbox held from a day on."""

    day: date
    octets: int


HISTORY = """
SELECT wanted.mailbox_id, held.day, held.octets
FROM unnest(%(mailboxes)s::bigint[]) AS wanted (mailbox_id)
CROSS JOIN LATERAL (
    (SELECT day, octets FROM mailstore_usageday AS before
     WHERE before.mailbox_id = wanted.mailbox_id AND day <= current_date - %(days)s::integer
     ORDER BY day DESC LIMIT 1)
    UNION ALL
    (SELECT day, octets FROM mailstore_usageday AS since
     WHERE since.mailbox_id = wanted.mailbox_id AND day > current_date - %(days)s::integer)
) AS held
ORDER BY wanted.mailbox_id, held.day
"""


def history(mailboxes: Sequence[int], days: int = DAYS_KEPT - 1) -> dict[int, list[Held]]:
    """Return by mailbox what it held on the days that it changed, and the last look before; one query for all."""
    found: dict[int, list[Held]] = {number: [] for number in mailboxes}
    for mailbox, day, octets in database.rows(HISTORY, mailboxes=list(mailboxes), days=days):
        found[mailbox].append(Held(day, octets))
    return found
