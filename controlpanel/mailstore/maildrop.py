"""Open, list, read and close maildrops: each function serves many sessions with one statement or one transaction.

A session is the maildrop at one change number. It sees what has added <= change < removed, and all of it stays readable
until the session's row is gone, whatever other sessions, the owner and retention do meanwhile.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

SESSION_SECONDS = 12 * 3600  # no session lives longer; the door ends it
QUIT = "quit"  # the only end that removes


@dataclass(frozen=True, slots=True)
class Opening:
    """A login that was let in. `device_id` is None and `device` "" where the main password was used."""

    mailbox_id: int
    process: UUID
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    exclusive: bool = False


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
class Wanted:
    """A maildrop at a change number."""

    mailbox_id: int
    change: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages of a maildrop in order of their numbers: ids of Message rows, and octets; 64-bit integers."""

    ids: "array[int]"
    octets: "array[int]"


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


def open_maildrops(openings: Sequence[Opening]) -> list[Opened | InUse]:
    """Open a session for each, in order. Raises MailboxGoneError where a mailbox has been erased."""
    raise NotImplementedError


def list_maildrops(wanted: Sequence[Wanted]) -> list[Listing]:
    """Return what was present at each change number, in order of arrival, restored messages last."""
    raise NotImplementedError


def unique_ids(pages: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the unique ids of the messages of each page, in order."""
    raise NotImplementedError


def read_bodies(ids: Sequence[int]) -> dict[int, bytes]:
    """Return whole bodies by message id, for small messages of any sessions; without those whose body is gone."""
    raise NotImplementedError


def read_chunks(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the chunk, up to 256 KiB, of each (message id, sequence from 0); b"" past the end, or if that is gone."""
    raise NotImplementedError


def close_maildrops(closings: Sequence[Closing]) -> list[Closed | LeaseLost]:
    """End sessions: remove, refund, record, and drop their rows, all in one transaction. Raises: nothing was done."""
    raise NotImplementedError
