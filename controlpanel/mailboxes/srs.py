"""The Sender Rewriting Scheme: forward under an envelope sender of our own, and find the way back for a bounce.

The form is Shevek's (SRS0 and SRS1, libsrs2's guide): SRS0=HASH=DAY=DOMAIN=LOCAL names the first sender, and
SRS1=HASH=HOST=REST names the host whose SRS0 was forwarded once more, so that an address never grows by more than one
host. The hash is HMAC-SHA-256 over lower case, in base32, because a server on the way may change the case. Each host
checks only what it wrote, so other hosts' hashes may be of any kind.

Pure: days are numbers, counted from 1970-01-01 in UTC.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

HASH_LENGTH = 8  # base32 characters: 40 bits, and one guess in that many buys one address for three weeks
DAYS = 1024  # two base32 characters
VALID_DAYS = 21  # a bounce is late after a few days already
AHEAD_DAYS = 1  # clocks of two of our hosts, around midnight
LOCAL_LIMIT = 64  # octets, RFC 5321 section 4.5.3.1.1
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII  # ASCII: a long s is no S
SRS0 = re.compile(r"SRS0[=+-].+", FLAGS)
SRS1 = re.compile(r"SRS1[=+-][^=]*=([^=@]+)=([=+-].+)", FLAGS)
OURS_0 = re.compile(r"SRS0=([A-Z2-7]{8})=([A-Z2-7]{2})=([^=@]+)=(.+)", FLAGS)
OURS_1 = re.compile(r"SRS1=([A-Z2-7]{8})=([^=@]+)=([=+-].+)", FLAGS)
UNSAFE = re.compile(r"[\x00-\x20\x7f\"(),:;<>@\[\\\]]")


class SrsError(ValueError):
    """The address cannot be rewritten, or is none that we wrote and still answer for."""


def day_of(moment: datetime) -> int:
    """Return the day number of an aware moment."""
    return int(moment.astimezone(UTC).timestamp()) // 86_400


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Writes and reads for one domain of ours. The first secret signs, all verify; 16 octets at least each."""

    domain: str
    secrets: Sequence[bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets or any(len(secret) < 16 for secret in self.secrets):
            raise SrsError("Each secret for rewritten senders has 16 octets at least.")

    def rewrite(self, sender: str, day: int) -> str:
        """Return the sender under which to forward. The empty sender and our own domain's stay as they are.

        Raises SrsError where the result would not fit: then the forwarder sends as the mailbox itself.
        """
        if not sender:
            return ""
        local, domain = split(sender)
        if domain.lower() == self.domain.lower():
            return sender
        rewritten = self._local(local, domain, day)
        if len(rewritten.encode("utf-8", "surrogateescape")) > LOCAL_LIMIT:
            raise SrsError("The rewritten sender has more than 64 octets before the @.")
        return f"{rewritten}@{self.domain}"

    def reverse(self, address: str, day: int) -> str:
        """Return the address to which a bounce goes on. Raises SrsError for any that we did not write, or long ago."""
        local, domain = split(address)
        if domain.lower() != self.domain.lower():
            raise SrsError("The address is in another domain.")
        if found := OURS_1.fullmatch(local):
            signature, host, rest = found.groups()
            self._check(signature, host, rest)
            return f"SRS0{rest}@{host}"
        if found := OURS_0.fullmatch(local):
            signature, written, host, name = found.groups()
            self._check(signature, written, host, name)
            require_fresh(written, day)
            return f"{name}@{host}"
        raise SrsError("The address is not a rewritten one.")

    def _local(self, local: str, domain: str, day: int) -> str:
        if found := SRS1.fullmatch(local):
            host, rest = found.groups()
            return f"SRS1={self._sign(host, rest)}={host}={rest}"
        if SRS0.fullmatch(local):
            rest = local[4:]
            return f"SRS1={self._sign(domain, rest)}={domain}={rest}"
        written = stamp(day)
        return f"SRS0={self._sign(written, domain, local)}={written}={domain}={local}"

    def _sign(self, *parts: str) -> str:
        return signature_of(self.secrets[0], parts)

    def _check(self, signature: str, *parts: str) -> None:
        given = signature.upper().encode("ascii")
        matches = [hmac.compare_digest(signature_of(secret, parts).encode("ascii"), given) for secret in self.secrets]
        if not any(matches):
            raise SrsError("The address does not bear our signature.")


def signature_of(secret: bytes, parts: Sequence[str]) -> str:
    """Return the hash of the parts, whatever case each has: their number and their ends count too."""
    message = "\0".join(parts).lower().encode("utf-8", "surrogateescape")
    return base64.b32encode(hmac.digest(secret, message, "sha256")).decode("ascii")[:HASH_LENGTH]


def stamp(day: int) -> str:
    number = day % DAYS
    return BASE32[number // 32] + BASE32[number % 32]


def require_fresh(written: str, day: int) -> None:
    """Raise SrsError unless the two characters name one of the last 21 days."""
    first, second = (BASE32.index(char) for char in written.upper())
    age = (day - (first * 32 + second)) % DAYS
    if VALID_DAYS < age < DAYS - AHEAD_DAYS:
        raise SrsError("The address is too old.")


def split(address: str) -> tuple[str, str]:
    """Return local part and domain of an address that needs no quotes."""
    local, _, domain = address.rpartition("@")
    if not local or not domain or UNSAFE.search(local) or UNSAFE.search(domain) or "=" in domain:
        raise SrsError("The sender is not an address that can be rewritten.")
    return local, domain
