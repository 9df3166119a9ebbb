"""Signing in to a mailbox from a mail client: who is meant, is the secret right, does policy let them in.

The door calls, in this order:

    [account] = find_accounts([name])               one statement for many names
    proof = try_remembered(account, secret)         cheap, on the loop's thread
    [wait] = throttle.waits([attempt(…)])           only when nothing is remembered
    proof = prove(account, name, secret)            slow, in the hash lane
    refusal = judge(account, proof, peer)           pure
    record_uses([Use(…)])                           after a right one that may come in
    throttle.record_failures([attempt(…)])          after a wrong one

An unknown name goes the same way with None for its account, and costs the same time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controlpanel.accounts import throttle


class Refusal(StrEnum):
    """Why a sign-in to mail is refused. All but WRONG are said only to who proved a right secret."""

    WRONG = "wrong"
    DEVICE_PASSWORD_NEEDED = "device_password_needed"
    DEVICE_PASSWORD_EXPIRED = "device_password_expired"
    DEVICE_PASSWORD_PURPOSE = "device_password_purpose"  # it sends mail, it does not fetch
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    POP3_OFF = "pop3_off"


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """A device password that is not revoked, as of one moment by the database's clock."""

    id: int
    name: str
    stored_key: bytes
    server_key: bytes
    networks: tuple[str, ...]  # CIDR texts; empty: from anywhere
    expired: bool
    may_fetch: bool


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A mailbox and who signs in to it, as one statement read them. Deleted mailboxes and domains have none."""

    mailbox: int
    user: int
    address: str  # canonical
    password: str  # the User's stored hash; "!…" where no password is set
    salt: bytes  # for every device password of the mailbox
    state: str  # mailboxes.models.State: the stricter of the mailbox's and the domain's
    pop3: bool
    main_password: bool  # whether the person's own password may open POP3
    language: str  # of the owner, or of the domain
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What a secret proved: nothing, a device's password, or (device None) the person's own.

    `replacement` is the hash that shall stand in the place of the one in `Account.password`.
    """

    right: bool
    device: Device | None = None
    replacement: str | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A right sign-in that policy let through, to be recorded."""

    account: Account
    proof: Proof
    peer: str | None


def find_accounts(names: Sequence[str]) -> list[Account | None]:
    """Return the account of each name as a client sent it, in order, by one statement."""
    raise NotImplementedError


def attempt(name: str, peer: str | None, secret: str | None) -> throttle.Attempt:
    """Return a try as the throttle takes it. `secret` is None in SCRAM, where a wrong one is like any other."""
    raise NotImplementedError


def salt_of(name: str, account: Account | None) -> bytes:
    """Return the SCRAM salt for a name: its mailbox's, or one derived from the name that looks the same every time."""
    raise NotImplementedError


def try_remembered(account: Account | None, secret: str) -> Proof | None:
    """Return the proof of a secret that was right in the last 24 hours, its stored hash unchanged; None: `prove` it."""
    raise NotImplementedError


def prove(account: Account | None, name: str, secret: str) -> Proof:
    """Check a secret: 2 ms for what has the shape of a device password, 30 ms and more for all else."""
    raise NotImplementedError


def judge(account: Account, proof: Proof, peer: str | None) -> Refusal | None:
    """Pure: return why policy refuses a proof, None where it lets it in."""
    raise NotImplementedError


def record_uses(uses: Sequence[Use]) -> None:
    """Record right sign-ins: the device's last use, the peer as known, a renewed hash, what the throttle takes back."""
    raise NotImplementedError
