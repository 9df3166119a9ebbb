"""Which mailboxes are past a mark of their domain's, and who has yet to be told. One look a minute, by a job.

Deliveries know nothing of marks: usage, quota and marks are compared here, so a quota that shrinks is a crossing as
well. A crossing is told once; below the mark it may be told again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from controlpanel import database
from controlpanel.mailboxes.recipients import REFUSING

AT_ONCE = 500

# `octets` times 100 is at most 2**57.
NOTE_CROSSINGS = """
WITH crossed AS (
    SELECT mailbox.id AS mailbox_id, (
        SELECT max(mark) FROM unnest(domain.warn_marks) AS mark WHERE usage.octets * 100 >= mailbox.quota * mark
    ) AS mark
    FROM mailboxes_usage AS usage
    JOIN mailboxes_mailbox AS mailbox ON mailbox.id = usage.mailbox_id
    JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
    WHERE usage.octets * 100 >= mailbox.quota * domain.warn_marks[1]
      AND NOT (mailbox.state = ANY(%(refusing)s::text[]) OR domain.state = ANY(%(refusing)s::text[]))
)
INSERT INTO mailboxes_quotawarning AS known (mailbox_id, mark, at, owner_told, administrators_told)
SELECT mailbox_id, mark, clock_timestamp(), false, false
FROM crossed
WHERE NOT EXISTS (
    SELECT FROM mailboxes_quotawarning AS known
    WHERE known.mailbox_id = crossed.mailbox_id AND known.mark >= crossed.mark
)
ORDER BY mailbox_id LIMIT %(most)s::bigint
ON CONFLICT (mailbox_id) DO UPDATE
SET mark = excluded.mark, at = excluded.at, owner_told = false, administrators_told = false
WHERE known.mark < excluded.mark
"""

BELOW = """
WITH below AS (
    SELECT warning.mailbox_id, (
        SELECT max(mark) FROM unnest(domain.warn_marks) AS mark
        WHERE usage.octets * 100 >= mailbox.quota * mark
          AND NOT (mailbox.state = ANY(%(refusing)s::text[]) OR domain.state = ANY(%(refusing)s::text[]))
    ) AS mark
    FROM mailboxes_quotawarning AS warning
    JOIN mailboxes_usage AS usage ON usage.mailbox_id = warning.mailbox_id
    JOIN mailboxes_mailbox AS mailbox ON mailbox.id = warning.mailbox_id
    JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
), lowered AS (
    UPDATE mailboxes_quotawarning AS warning SET mark = below.mark
    FROM below WHERE warning.mailbox_id = below.mailbox_id AND below.mark < warning.mark
)
DELETE FROM mailboxes_quotawarning AS warning
USING below WHERE warning.mailbox_id = below.mailbox_id AND below.mark IS NULL
"""


def note_crossings() -> bool:
    """Write down who passed a mark, some at once, and say whether there may be more."""
    return database.run(NOTE_CROSSINGS, refusing=list(REFUSING), most=AT_ONCE) >= AT_ONCE


def forget_crossings() -> None:
    """Lower what is written down to the marks that mailboxes are still past; nobody is told of closed ones."""
    database.run(BELOW, refusing=list(REFUSING))


@dataclass(frozen=True, slots=True)
class Crossing:
    """A mailbox past `mark` percent. `stamp` tells this crossing from others; `language` is its owner's.

    `answer`: what its domain does when it is full.
    """

    mailbox: int
    address: str
    domain: str
    mark: int
    stamp: str
    octets: int
    quota: int | None
    language: str
    answer: str


FIND = """
SELECT warning.mailbox_id, mailbox.address_text, domain.name, warning.mark::integer,
       to_char(warning.at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), usage.octets, mailbox.quota,
       COALESCE(NULLIF(owner.language, ''), domain.language), domain.over_quota
FROM mailboxes_quotawarning AS warning
JOIN mailboxes_usage AS usage ON usage.mailbox_id = warning.mailbox_id
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = warning.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
WHERE NOT owner_told
ORDER BY warning.mailbox_id LIMIT %(most)s::bigint
"""


def owners_to_tell(most: int) -> list[Crossing]:
    """Return crossings of which the owner has not been told."""
    return [Crossing(*row) for row in database.rows(FIND, most=most)]


TOLD = """
UPDATE mailboxes_quotawarning AS warning SET owner_told = true
FROM unnest(%(mailboxes)s::bigint[], %(marks)s::integer[]) AS told (mailbox_id, mark)
WHERE warning.mailbox_id = told.mailbox_id AND warning.mark <= told.mark
"""


def owners_are_told(crossings: Sequence[Crossing]) -> None:
    """Write down that the owners know of these; one that has gone further meanwhile is told of that as well."""
    database.run(TOLD, mailboxes=[each.mailbox for each in crossings], marks=[each.mark for each in crossings])


ADMINISTRATORS_TOLD = """
UPDATE mailboxes_quotawarning SET administrators_told = true
WHERE mailbox_id = ANY(%(mailboxes)s::bigint[]) AND NOT administrators_told
"""


def administrators_are_told(mailboxes: Collection[int]) -> None:
    database.run(ADMINISTRATORS_TOLD, mailboxes=list(mailboxes))


@dataclass(frozen=True, slots=True)
class Untold:
    """A mailbox past `mark` percent, and the numbers of the Users who look after it: operators where nobody else."""

    mailbox: int
    address: str
    mark: int
    octets: int
    quota: int | None
    users: tuple[int, ...]


FIND_UNTOLD = """
SELECT warning.mailbox_id, mailbox.address_text, warning.mark::integer, usage.octets, mailbox.quota,
       COALESCE((SELECT array_agg(person.id ORDER BY person.id)
                 FROM mailboxes_domain_administrators AS runs
                 JOIN accounts_user AS person ON person.id = runs.user_id AND person.is_active
                 WHERE runs.domain_id = mailbox.domain_id),
                (SELECT array_agg(id ORDER BY id) FROM accounts_user WHERE is_operator AND is_active), '{}')
FROM mailboxes_quotawarning AS warning
JOIN mailboxes_usage AS usage ON usage.mailbox_id = warning.mailbox_id
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = warning.mailbox_id
WHERE NOT administrators_told
ORDER BY warning.mailbox_id LIMIT %(most)s::bigint
"""


def untold(most: int) -> list[Untold]:
    """Return crossings of which administrators have had no mail, by mailbox."""
    found = database.rows(FIND_UNTOLD, most=most)
    return [Untold(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in found]
