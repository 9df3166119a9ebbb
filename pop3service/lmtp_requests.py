"""What the LMTP core asks of the mail store, and what it is answered: plain values, no calls."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pop3service.envelope import Address, Envelope


class Verdict(enum.Enum):
    """What becomes of a recipient, at RCPT and again after the dot."""

    OK = "250 2.0.0 Delivered"
    UNKNOWN = "550 5.1.1 No mailbox has this address"
    CLOSED = "550 5.2.1 The mailbox takes no mail"
    FULL = "452 4.2.2 The mailbox is full"
    FULL_FOR_GOOD = "552 5.2.2 The mailbox is full"
    TOO_LARGE = "552 5.3.4 The message is larger than is taken here"
    SPAM = "550 5.7.1 The message is marked as spam, and is not sent on"
    LOOP = "554 5.4.6 The message has been here before, or on its way for too long"
    FAULT = "451 4.3.0 The mail store cannot take it now"

    @property
    def reply(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class FindRecipients:
    """Who are these? Answered by a pair for each: its Verdict, and what `Begin` shall call it."""

    addresses: Sequence[Address]
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Begin:
    """A message comes. Answered by whether the store can take one now."""

    recipients: Sequence[Any]
    envelope: Envelope


@dataclass(frozen=True, slots=True, repr=False)
class Chunk:
    """The message's next octets, canonical, 256 KiB in all but the last. Answered once there is room for more."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The message is whole. Answered by a Verdict for each of Begin's recipients, in order, committed to disk."""


@dataclass(frozen=True, slots=True)
class Abort:
    """The message that Begin began will not be whole: forget it. Answered by anything."""


Request = FindRecipients | Begin | Chunk | End | Abort
