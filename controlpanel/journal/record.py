"""Write down what happened: many at once, and the same mailbox may stand many times among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlpanel.accounts.actor import Actor


@dataclass(frozen=True, slots=True)
class RefusedSignIn:
    """A sign-in to a known mailbox that was refused. `outcome`: at most 32 characters, of the caller's vocabulary."""

    mailbox_id: int
    protocol: str
    address: str | None
    outcome: str
    mechanism: str = ""
    tls: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A mail session that ended. `octets`: sent to the client. `ended_by`: quit, lost, idle, panel, shutdown, fault."""

    mailbox_id: int
    session: int
    device_id: int | None
    device: str
    address: str | None
    tls: str
    mechanism: str
    started: datetime
    fetched: int
    removed: int
    octets: int
    ended_by: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that LMTP refused for a known mailbox, and the reply that the sender's server got."""

    mailbox_id: int
    reply: str
    sender: str = ""
    message_id: str = ""
    octets: int = 0


def activity(
    actor: Actor,
    act: str,
    *,
    domain_id: int | None = None,
    mailbox_id: int | None = None,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record a change beside it, in its transaction. `subject`: the address or name that the act was about."""
    raise NotImplementedError


def attempts(refused: Sequence[RefusedSignIn]) -> None:
    """Count refused sign-ins: one row per mailbox, protocol, address, outcome and hour."""
    raise NotImplementedError


def finished(sessions: Sequence[Finished]) -> None:
    """Record ended sessions: each that moved a message, and the others folded by mailbox, device, address and hour."""
    raise NotImplementedError


def refusals(refused: Sequence[Refusal]) -> None:
    """Record refused messages."""
    raise NotImplementedError
