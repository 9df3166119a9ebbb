"""What pages show of a mailbox's mail and sessions: one statement a page. Header fields come raw, see headers.py."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from controlpanel import database

Order = Literal["newest", "oldest", "largest"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that a client finds."""

    id: int
    octets: int
    uidl: str
    received: datetime
    sender: str
    message_id: str
    from_header: str
    subject: str
    date_header: str


@dataclass(frozen=True, slots=True)
class One(Waiting):
    """A message by itself. `removed`: no client finds it any more, and its owner can restore it."""

    recipient: str
    removed: bool


@dataclass(frozen=True, slots=True)
class Removed(Waiting):
    """A message that can be restored. `device` "": the main password, from `address`; both empty: no mail client."""

    removed_at: datetime
    how: str
    session: int | None
    device: str
    address: str | None
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class FetchedBy:
    """A device that fetched a message whole, and when first. `device_id` 0 and `device` "": the main password."""

    device_id: int
    device: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveSession:
    """Who is connected now. `ending`: the panel has asked to end it."""

    session: int
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    started: datetime
    exclusive: bool
    ending: bool


NEWEST = """
SELECT id, octets, uidl, received, sender, message_id, from_header, subject, date_header
FROM mailstore_message WHERE mailbox_id = %(mailbox)s::bigint AND removed IS NULL
ORDER BY added DESC LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
"""
OLDEST = """
SELECT id, octets, uidl, received, sender, message_id, from_header, subject, date_header
FROM mailstore_message WHERE mailbox_id = %(mailbox)s::bigint AND removed IS NULL
ORDER BY added LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
"""
# The page is chosen from the index alone, and only then are its rows read.
LARGEST = """
SELECT id, message.octets, uidl, received, sender, message_id, from_header, subject, date_header
FROM mailstore_message AS message JOIN (
    SELECT id, octets, added FROM mailstore_message WHERE mailbox_id = %(mailbox)s::bigint AND removed IS NULL
    ORDER BY octets DESC, added DESC LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
) AS page USING (id)
ORDER BY page.octets DESC, page.added DESC
"""


def waiting(mailbox_id: int, *, order: Order = "newest", limit: int = 50, offset: int = 0) -> list[Waiting]:
    """Return a page of what a session that opened now would list; `Usage` says how many there are in all."""
    statement = {"newest": NEWEST, "oldest": OLDEST, "largest": LARGEST}[order]
    return [Waiting(*row) for row in database.rows(statement, mailbox=mailbox_id, limit=limit, offset=offset)]


ONE = """
SELECT id, octets, uidl, received, sender, message_id, from_header, subject, date_header, recipient, removed IS NOT NULL
FROM mailstore_message
WHERE id = %(id)s::bigint AND mailbox_id = %(mailbox)s::bigint AND gone_at IS NULL
"""


def message(mailbox_id: int, message_id: int) -> One | None:
    """Return one message of a mailbox, present or restorable; `maildrop.read_chunks` then reads its body."""
    found = database.rows(ONE, id=message_id, mailbox=mailbox_id)
    return One(*found[0]) if found else None


REMOVED = """
SELECT message.id, octets, uidl, received, sender, message_id, from_header, subject, date_header,
       removed_at, removed_how, removed_by, removed_device, host(removed_address),
       removed_at + make_interval(days => domain.restore_days)
FROM mailstore_message AS message
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = message.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE message.mailbox_id = %(mailbox)s::bigint AND removed IS NOT NULL AND body IS NOT NULL AND gone_at IS NULL
  AND (%(session)s::bigint IS NULL OR removed_by = %(session)s::bigint)
ORDER BY removed DESC, added DESC LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
"""


def removed_messages(mailbox_id: int, *, session: int | None = None, limit: int = 50, offset: int = 0) -> list[Removed]:
    """Return a page of what can be restored, the last removal first; only that of one past session if it is given."""
    found = database.rows(REMOVED, mailbox=mailbox_id, session=session, limit=limit, offset=offset)
    return [Removed(*row) for row in found]


FETCHED_BY = """
SELECT message_id, device_id, device, at FROM mailstore_fetched
WHERE message_id = ANY(%(ids)s::bigint[]) ORDER BY at, device_id
"""


def fetched_by(ids: Sequence[int]) -> dict[int, list[FetchedBy]]:
    """Return by message who fetched it, the first first; a message that nobody fetched is not in it."""
    found: defaultdict[int, list[FetchedBy]] = defaultdict(list)
    for message, *who in database.rows(FETCHED_BY, ids=list(ids)):
        found[message].append(FetchedBy(*who))
    return dict(found)


LIVE_SESSIONS = """
SELECT session.id, device_id, device, host(address), tls, mechanism, session.started, exclusive, end_asked
FROM mailstore_session AS session JOIN mailstore_process AS process ON process.id = session.process
WHERE mailbox_id = %(mailbox)s::bigint AND process.beat > now() - interval '30 seconds'
ORDER BY session.started, session.id
"""


def live_sessions(mailbox_id: int) -> list[LiveSession]:
    """Return who is connected to a mailbox now."""
    return [LiveSession(*row) for row in database.rows(LIVE_SESSIONS, mailbox=mailbox_id)]


END_SESSION = """
UPDATE mailstore_session SET end_asked = true WHERE mailbox_id = %(mailbox)s::bigint AND id = %(session)s::bigint
"""


def end_session(mailbox_id: int, session: int) -> bool:
    """Ask a session's process to end it, which happens within a second. Returns whether it was still there."""
    if session >= 2**63:  # from an address that somebody typed
        return False
    return database.run(END_SESSION, mailbox=mailbox_id, session=session) > 0
