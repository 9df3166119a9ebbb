"""Which mail processes live, and with them their sessions: one row a process, renewed each second.

All times are the database's. A session whose process has not beaten for 5 seconds excludes nobody any more; after 30
seconds its row is swept. The tables are unlogged: a crash of PostgreSQL empties them, and the next beat says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from controlpanel.mailstore.maildrop import Opening


@dataclass(frozen=True, slots=True)
class MailProcess:
    """A mail process; `id` is made anew (uuid4) at every start."""

    id: UUID
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Renewed:
    """`to_end`: sessions that the panel asked to end. `anew`: this row was missing, so `re_take` the sessions."""

    to_end: list[int]
    anew: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A session that its process still holds, as it was opened."""

    session: int
    change: int
    started: datetime
    opening: Opening


def renew(process: MailProcess) -> Renewed:
    """Beat, once a second and first before any opening. At the first beat of a process `anew` is true."""
    raise NotImplementedError


def re_take(sessions: Sequence[Held]) -> list[int]:
    """Insert the rows of these sessions again where they are missing. Returns those to end: their lock is another's."""
    raise NotImplementedError


def drop_process(process: UUID) -> None:
    """Forget a process that stops, and the sessions it did not close."""
    raise NotImplementedError


def sweep_dead() -> int:
    """Record and drop the sessions of processes that have not beaten for 30 seconds. Returns how many sessions."""
    raise NotImplementedError
