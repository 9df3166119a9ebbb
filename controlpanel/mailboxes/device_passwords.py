"""Pure: a password for one device, and the keys that stand for it.

The text is 26 letters of base32 (130 random bits) and two that check them, in groups of four:
`k3vq-7mxa-…`. It has no 0, 1, 8 or 9, so nothing in it can be mistaken. What is stored are the SCRAM-SHA-256 keys of
RFC 5802 section 3 at 4,096 rounds (RFC 7677 section 4): enough for random text, and 2 ms where Argon2 takes thirty.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

ITERATIONS = 4096
SALT_OCTETS = 16
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
RANDOM_LETTERS = 26
CHECK_LETTERS = 2
GROUP = 4

_MISREAD = str.maketrans({"0": "o", "1": "l", "8": "b", "-": None, " ": None, "\u00a0": None})


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What is stored of a device password: StoredKey and ServerKey, 32 octets each (RFC 5802 section 3)."""

    stored_key: bytes
    server_key: bytes


def generate() -> str:
    """Return a new device password in the form that is shown and stored."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LETTERS))
    return _grouped(letters + _check(letters))


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_OCTETS)


def read(secret: str) -> str | None:
    """Return the device password that `secret` spells, whatever its case, blanks and hyphens; None if it is none."""
    if not RANDOM_LETTERS + CHECK_LETTERS <= len(secret) <= 64 or not secret.isascii():
        return None
    letters = secret.strip().lower().translate(_MISREAD)
    if len(letters) != RANDOM_LETTERS + CHECK_LETTERS or not set(letters) <= set(LETTERS):
        return None
    return _grouped(letters) if letters[RANDOM_LETTERS:] == _check(letters[:RANDOM_LETTERS]) else None


def well_formed(secret: str) -> bool:
    """Whether `secret` has the shape and the check letters of a device password: no person made it up."""
    return read(secret) is not None


def keys(password: str, salt: bytes) -> Keys:
    """Return the keys of a device password in its stored form, under its mailbox's salt."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return Keys(hashlib.sha256(client_key).digest(), hmac.digest(salted, b"Server Key", "sha256"))


def matching(password: str, salt: bytes, stored_keys: Sequence[bytes]) -> int | None:
    """Return the place of the stored key that `password` has, None if none: one derivation, every key compared."""
    found = keys(password, salt).stored_key
    place = None
    for number, stored in enumerate(stored_keys):
        if hmac.compare_digest(found, stored):
            place = number
    return place


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def _check(letters: str) -> str:
    number = int.from_bytes(hashlib.blake2b(letters.encode("ascii"), digest_size=2, person=b"casilla device").digest())
    return LETTERS[number % 32] + LETTERS[number // 32 % 32]


def within(peer: str | None, networks: Sequence[str]) -> bool:
    """Whether a peer comes from one of these networks (CIDR texts), an IPv4 address that IPv6 wraps as itself."""
    if not peer:
        return False
    address = ip_address(peer.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in ip_network(network) for network in networks)
