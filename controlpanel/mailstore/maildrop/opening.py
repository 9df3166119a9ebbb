"""Open maildrops: a session row and the counters, for many logins at once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.errors import MailboxGoneError
from controlpanel.mailstore.locks import lock_usages

SESSION_SECONDS = 12 * 3600  # no session lives longer; the door ends it


@dataclass(frozen=True, slots=True)
class Opening:
    """A login that was let in.

    `device_id` is None where no device password was used; `device` is then "" for the main password, and the
    mechanism's name for an issuer's token. `beside`: how many sessions of the mailbox the same process has already; it
    alone knows that, for rows of ended ones linger.
    """

    mailbox_id: int
    process: UUID
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    exclusive: bool = False
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """The maildrop at `change`: what STAT says. `session` is the number of the live session."""

    session: int
    change: int
    messages: int
    octets: int


@dataclass(frozen=True, slots=True)
class InUse:
    """Another live session excludes this one. `seconds`: the longest that it can last."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Crowded:
    """The mailbox has as many live sessions as it may have (SESSIONS_PER_MAILBOX).

    They count over all processes; logins of the same moment in two of them may pass it by a few.
    """


OPEN = """
WITH wanted AS (
    SELECT * FROM unnest(%(session)s::bigint[], %(mailbox_id)s::bigint[], %(process)s::uuid[], %(device_id)s::bigint[],
                         %(device)s::text[], %(address)s::inet[], %(tls)s::text[], %(mechanism)s::text[],
                         %(exclusive)s::boolean[], %(beside)s::integer[])
        AS wanted (session, mailbox_id, process, device_id, device, address, tls, mechanism, exclusive, beside)
), live AS (
    SELECT session.mailbox_id, max(session.started) FILTER (WHERE session.exclusive) AS excluding,
           count(*) FILTER (WHERE session.process <> ALL(%(process)s::uuid[])) AS elsewhere
    FROM mailstore_session AS session JOIN mailstore_process AS process ON process.id = session.process
    WHERE session.mailbox_id = ANY(%(mailbox_id)s::bigint[])
      AND process.beat > clock_timestamp() - interval '5 seconds'
    GROUP BY session.mailbox_id
), placed AS (
    SELECT wanted.*, change, messages, octets, excluding,
           coalesce(elsewhere, 0) + beside >= %(most)s::bigint AS crowded
    FROM wanted JOIN mailboxes_usage USING (mailbox_id) LEFT JOIN live USING (mailbox_id)
), opened AS (
    INSERT INTO mailstore_session (id, process, mailbox_id, device_id, device, address, tls, mechanism,
                                   started, change, exclusive, end_asked)
    SELECT session, process, mailbox_id, device_id, device, address, tls, mechanism, now(), change, exclusive, false
    FROM placed WHERE excluding IS NULL AND NOT crowded
)
SELECT session, change, messages, octets, extract(epoch FROM clock_timestamp() - excluding)::bigint, crowded FROM placed
"""


def open_maildrops(openings: Sequence[Opening]) -> list[Opened | InUse | Crowded]:
    """Open a session for each, in order. Raises MailboxGoneError where a mailbox has been erased.

    Without an exclusive one among them that is one statement and waits for no lock.
    """
    if any(opening.exclusive for opening in openings):
        with transaction.atomic():
            return _open_exclusive(openings)
    return _open(openings)


def _open(openings: Sequence[Opening]) -> list[Opened | InUse | Crowded]:
    if not openings:
        return []
    numbers = [secrets.randbits(53) for _ in openings]
    asked = database.columns(openings)
    found = {row[0]: row for row in database.rows(OPEN, session=numbers, most=settings.SESSIONS_PER_MAILBOX, **asked)}
    if len(found) < len(openings):
        raise MailboxGoneError
    return [_answer(*found[number]) for number in numbers]


def _answer(
    session: int, change: int, messages: int, octets: int, excluded: int | None, crowded: bool
) -> Opened | InUse | Crowded:
    if excluded is not None:
        return InUse(max(0, SESSION_SECONDS - excluded))
    return Crowded() if crowded else Opened(session, change, messages, octets)


LIVE = """
SELECT session.mailbox_id, extract(epoch FROM clock_timestamp() - max(session.started))::bigint
FROM mailstore_session AS session JOIN mailstore_process AS process ON process.id = session.process
WHERE session.mailbox_id = ANY(%(mailboxes)s::bigint[]) AND process.beat > clock_timestamp() - interval '5 seconds'
GROUP BY session.mailbox_id
"""

DROP_STALE = "DELETE FROM mailstore_session WHERE mailbox_id = ANY(%(mailboxes)s::bigint[])"


def _open_exclusive(openings: Sequence[Opening]) -> list[Opened | InUse | Crowded]:
    """The first in order gets a maildrop that nobody holds; sessions of processes that no longer beat hold nothing."""
    wanted = sorted({opening.mailbox_id for opening in openings if opening.exclusive})
    lock_usages(wanted)
    in_use = {mailbox: InUse(max(0, SESSION_SECONDS - age)) for mailbox, age in database.rows(LIVE, mailboxes=wanted)}
    database.run(DROP_STALE, mailboxes=[mailbox for mailbox in wanted if mailbox not in in_use])
    free: dict[int, Opening] = {}
    for place, opening in enumerate(openings):
        if not opening.exclusive:
            free[place] = opening
        elif opening.mailbox_id not in in_use:
            free[place] = opening
            in_use[opening.mailbox_id] = InUse(SESSION_SECONDS)
    opened = dict(zip(free, _open(list(free.values())), strict=True))
    return [opened.get(place) or in_use[opening.mailbox_id] for place, opening in enumerate(openings)]
