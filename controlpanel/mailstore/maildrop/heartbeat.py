"""Which mail processes live, and with them their sessions: one row a process, renewed each second.

All times are the database's. A session whose process has not beaten for 5 seconds excludes nobody any more; after 30
seconds its row is swept. The tables are unlogged: a crash of PostgreSQL empties them, and the next beat says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from controlpanel import database
from controlpanel.journal import record
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.maildrop.lease import lost_leases
from controlpanel.mailstore.maildrop.opening import Opening
from controlpanel.mailstore.maildrop.pace import forget_turns


@dataclass(frozen=True, slots=True)
class MailProcess:
    """A mail process; `id` is made anew (uuid4) at every start. `trouble`: what an operator should see of it."""

    id: UUID
    host: str
    pid: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Renewed:
    """`to_end`: sessions that the panel asked to end. `wanted`: those whose maildrop another login waits for.

    `anew`: this row was missing, so `re_take` the sessions.
    """

    to_end: list[int]
    wanted: list[int]
    anew: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A session that its process still holds, as it was opened."""

    session: int
    change: int
    started: datetime
    opening: Opening


# The subquery still reads the table as it was before this statement.
RENEW = """
WITH beat AS (
    INSERT INTO mailstore_process (id, host, pid, started, beat, trouble)
    VALUES (%(id)s, %(host)s, %(pid)s, clock_timestamp(), clock_timestamp(), %(trouble)s)
    ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, trouble = excluded.trouble
)
SELECT ARRAY(SELECT id FROM mailstore_session WHERE process = %(id)s AND end_asked),
       ARRAY(SELECT id FROM mailstore_session
             WHERE process = %(id)s AND wanted > clock_timestamp() - interval '3 seconds'),
       NOT EXISTS (SELECT FROM mailstore_process WHERE id = %(id)s)
"""


def renew(process: MailProcess) -> Renewed:
    """Beat, once a second and first before any opening. At the first beat of a process `anew` is true."""
    [answer] = database.rows(RENEW, id=process.id, host=process.host, pid=process.pid, trouble=process.trouble)
    return Renewed(*answer)


RE_TAKE = """
INSERT INTO mailstore_session (id, process, mailbox_id, device_id, device, address, tls, mechanism,
                               started, change, exclusive, end_asked)
SELECT id, process, mailbox_id, device_id, device, address, tls, mechanism, started, change, exclusive, false
FROM unnest(%(session)s::bigint[], %(change)s::bigint[], %(started)s::timestamptz[], %(mailbox_id)s::bigint[],
            %(process)s::uuid[], %(device_id)s::bigint[], %(device)s::text[], %(address)s::inet[], %(tls)s::text[],
            %(mechanism)s::text[], %(exclusive)s::boolean[])
    AS held (id, change, started, mailbox_id, process, device_id, device, address, tls, mechanism, exclusive)
ON CONFLICT (id) DO NOTHING
"""


def re_take(sessions: Sequence[Held]) -> list[int]:
    """Insert the rows of these sessions again where they are missing. Returns those to end: their lock is another's.

    None of them may be on its way through `close_maildrops`: its row would come back after that and stay.
    """
    with transaction.atomic():
        lock_usages({held.opening.mailbox_id for held in sessions if held.opening.exclusive})
        lost = lost_leases((held.session, held.opening.mailbox_id) for held in sessions if held.opening.exclusive)
        kept = [held for held in sessions if held.session not in lost]
        if kept:
            openings = database.columns(held.opening for held in kept)
            database.run(RE_TAKE, **database.columns(kept, "session", "change", "started"), **openings)
    return sorted(lost)


DROP_PROCESS = "DELETE FROM mailstore_process WHERE id = %(id)s"
DROP_DEAD = "DELETE FROM mailstore_process WHERE beat < clock_timestamp() - interval '30 seconds'"
DROP_ORPHANS = """
DELETE FROM mailstore_session AS session
WHERE NOT EXISTS (SELECT FROM mailstore_process WHERE id = session.process)
RETURNING mailbox_id, id, device_id, device, host(address), tls, mechanism, started
"""


def drop_process(process: UUID) -> None:
    """Forget a process that stops; sessions that it did not close end as its shutdown."""
    with transaction.atomic():
        database.run(DROP_PROCESS, id=process)
        _drop_orphans("shutdown")


def sweep_dead() -> int:
    """Record and drop the sessions of processes that have not beaten for 30 seconds. Returns how many sessions."""
    with transaction.atomic():
        database.run(DROP_DEAD)
        forget_turns()
        return _drop_orphans("fault")


def _drop_orphans(ended_by: str) -> int:
    """What they fetched was known to their process alone, so they count as sessions that moved nothing."""
    orphans = [record.Finished(*[*row, ended_by]) for row in database.rows(DROP_ORPHANS)]
    record.finished(orphans)
    return len(orphans)
