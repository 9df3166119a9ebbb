"""End sessions: remove what QUIT removes, refund it, record what happened; one transaction for many sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from controlpanel import database
from controlpanel.journal import record
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.maildrop.lease import lost_leases
from controlpanel.mailstore.models import MAIN_PASSWORD, Removal
from controlpanel.mailstore.removal import Asked, remove

QUIT = "quit"  # the only end that removes
LOST_LEASE = "fault"  # how the journal calls the end of a session whose maildrop another took


@dataclass(frozen=True, slots=True)
class Closing:
    """A session that ends. `removed` and `fetched` hold ids of its listing; only `ended_by` "quit" removes."""

    session: int
    mailbox_id: int
    removed: Sequence[int]
    fetched: Sequence[int]
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    started: datetime
    octets_sent: int
    ended_by: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Done. `removed`: how many messages this session removed; fewer than asked where another was first."""

    removed: int


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """The session's row was gone and an exclusive session has the maildrop: nothing was removed."""


def close_maildrops(closings: Sequence[Closing]) -> list[Closed | LeaseLost]:
    """End sessions: remove, refund, record, and drop their rows, all in one transaction. Raises: nothing was done.

    Committed to disk before it returns where a message was removed; a session that removed nothing is no fsync.
    """
    with transaction.atomic(durable=True):
        removing = [closing for closing in closings if closing.removed and closing.ended_by == QUIT]
        lost, removed = _remove(removing) if removing else (set(), {})
        if not removed:
            database.run("SET LOCAL synchronous_commit = off")
        _record(closings, lost, removed)
        database.run(DROP_SESSIONS, sessions=[closing.session for closing in closings])
    return [LeaseLost() if closing.session in lost else Closed(removed.get(closing.session, 0)) for closing in closings]


def _remove(closings: Sequence[Closing]) -> tuple[set[int], dict[int | None, int]]:
    """Return the sessions that lost their lease, and how many messages each of the others removed."""
    lock_usages({closing.mailbox_id for closing in closings})
    lost = lost_leases((closing.session, closing.mailbox_id) for closing in closings)
    asked = [
        Asked(number, closing.mailbox_id, closing.session, closing.device, closing.address)
        for closing in closings
        if closing.session not in lost
        for number in closing.removed
    ]
    return lost, remove(asked, Removal.CLIENT)


# A message that was erased meanwhile is not recorded: nothing would forget the row again.
FETCHED = """
INSERT INTO mailstore_fetched (message_id, device_id, mailbox_id, device, at)
SELECT message.id, fetched.device_id, message.mailbox_id, fetched.device, now()
FROM unnest(%(ids)s::bigint[], %(device_ids)s::bigint[], %(mailboxes)s::bigint[], %(devices)s::text[])
    AS fetched (id, device_id, mailbox_id, device)
JOIN mailstore_message AS message ON message.id = fetched.id AND message.mailbox_id = fetched.mailbox_id
ORDER BY message.id, fetched.device_id
ON CONFLICT DO NOTHING
"""

# At most once an hour a mailbox, and never waiting for a form that holds the row.
SEEN = """
WITH seen AS (
    SELECT id FROM mailboxes_mailbox
    WHERE id = ANY(%(mailboxes)s::bigint[]) AND (last_seen IS NULL OR last_seen < now() - interval '1 hour')
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE mailboxes_mailbox AS mailbox SET last_seen = now() FROM seen WHERE mailbox.id = seen.id
"""

DROP_SESSIONS = "DELETE FROM mailstore_session WHERE id = ANY(%(sessions)s::bigint[])"


def _record(closings: Sequence[Closing], lost: set[int], removed: dict[int | None, int]) -> None:
    fetched = [(number, closing) for closing in closings for number in closing.fetched]
    if fetched:
        database.run(
            FETCHED,
            ids=[number for number, _ in fetched],
            device_ids=[closing.device_id or MAIN_PASSWORD for _, closing in fetched],
            mailboxes=[closing.mailbox_id for _, closing in fetched],
            devices=[closing.device for _, closing in fetched],
        )
    record.finished([_finished(closing, lost, removed) for closing in closings])
    database.run(SEEN, mailboxes=[closing.mailbox_id for closing in closings])


def _finished(closing: Closing, lost: set[int], removed: dict[int | None, int]) -> record.Finished:
    return record.Finished(
        mailbox_id=closing.mailbox_id,
        session=closing.session,
        device_id=closing.device_id,
        device=closing.device,
        address=closing.address,
        tls=closing.tls,
        mechanism=closing.mechanism,
        started=closing.started,
        fetched=len(set(closing.fetched)),
        removed=removed.get(closing.session, 0),
        octets=closing.octets_sent,
        ended_by=LOST_LEASE if closing.session in lost else closing.ended_by,
    )
