"""Accept messages: chunks first, then one short transaction that counts and adds, committed before it returns.

A message whose octets are at hand goes to `deliver` with its chunks. A large one is staged while it arrives:
`new_bodies`, `stage_chunks` as often as needed, `copy_chunks` for further recipients, then `deliver`, or
`discard_bodies`. Each recipient has a body of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controlpanel.mailboxes.recipients import Closed, OverQuota
from controlpanel.mailstore.models import CHUNK_OCTETS

__all__ = ["CHUNK_OCTETS", "Closed", "OverQuota"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part `sequence` (from 0) of a body: 1 to 256 KiB."""

    body: int
    sequence: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for a mailbox, its body either `chunks` at hand or the number of a staged `body`.

    `octets`: its length, CRLF line ends, before dot-stuffing. `uidl`, `received`: for imports; else they are made here.
    `force`: may exceed the quota, and goes into a closed mailbox.
    """

    mailbox_id: int
    octets: int
    chunks: Sequence[bytes] = ()
    body: int | None = None
    sender: str = ""
    message_id: str = ""
    from_header: str = ""
    subject: str = ""
    date_header: str = ""
    uidl: str | None = None
    received: datetime | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """On disk. `message_id`: the Message row."""

    message_id: int


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The mailbox has, or had, a message of this unique id: an import that runs again."""


def new_bodies(number: int) -> list[int]:
    """Return numbers for bodies to be staged. A body that no message names after a day is swept."""
    raise NotImplementedError


def stage_chunks(chunks: Sequence[Chunk]) -> None:
    """Write chunks of staged bodies."""
    raise NotImplementedError


def copy_chunks(source: int, target: int, first: int = 0) -> None:
    """Copy the chunks of one staged body to another, from sequence `first` on."""
    raise NotImplementedError


def discard_bodies(bodies: Sequence[int]) -> None:
    """Remove staged bodies whose message was refused or never came to its end."""
    raise NotImplementedError


def deliver(deliveries: Sequence[Delivery]) -> list[Delivered | OverQuota | Closed | AlreadyThere]:
    """Add messages, one result each, in order; the same mailbox may stand among them many times.

    A staged body whose message is refused stays staged: discard it. Raises BodyGoneError where a staged body was swept.
    """
    raise NotImplementedError
