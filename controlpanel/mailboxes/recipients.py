"""Who receives: from the address of an LMTP recipient to the mailboxes that take the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Policy = Literal["defer", "refuse"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address as RCPT gave it, the local part unquoted, and the octets that MAIL declared (0: none)."""

    address: str
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """`mailboxes` take the message; `outside` are addresses elsewhere that an alias names."""

    mailboxes: tuple[int, ...]
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such address here: 550 5.1.1."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The mailbox or its domain is closed or deleted: 550 5.2.1. `mailboxes`: whose owners may want to know."""

    mailboxes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OverQuota:
    """No room. `defer`: 452 4.2.2; `refuse`: 552 5.2.2."""

    policy: Policy
    mailboxes: tuple[int, ...] = ()


Target = Accepted | Unknown | Closed | OverQuota


def find_recipients(recipients: Sequence[Recipient]) -> list[Target]:
    """Return who takes a message for each address, in order.

    `name+tag` is `name` unless it is an address itself; an address that is not there falls to the domain's catch-all.
    """
    raise NotImplementedError
