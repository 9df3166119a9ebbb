"""Slow those who guess passwords, never the owner: rules, and one table that the panel and every mail process share."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in."""

    network: str  # IPv4 address or IPv6 /64; "" where there is none
    address: str  # canonical address that was named; "" where the name is no address
    guess: bool = True  # no for what has the shape of a device password: it spares the mailbox's delay
    mark: bytes = b""  # two octets that tell one wrong secret from another; empty: not to be counted


@dataclass(frozen=True, slots=True)
class Success:
    """A right sign-in."""

    network: str
    address: str
    user: int


def waits(attempts: Sequence[Attempt]) -> list[float]:
    """Return for each attempt the seconds until it is looked at, 0 for now. Ask right before the secret is checked."""
    raise NotImplementedError


def record_failures(attempts: Sequence[Attempt]) -> None:
    """Count wrong secrets; the same one again, from the same network or for the same mailbox, is not counted."""
    raise NotImplementedError


def record_successes(successes: Sequence[Success]) -> None:
    """Remember the networks as known, and take back what each had failed at its own mailbox."""
    raise NotImplementedError
