"""Pure: when a try to sign in has to wait, and what a wrong or a right one changes. The table is in throttle.py.

A wrong secret counts under three keys: the network it came from (an IPv4 address or an IPv6 /64), the mailbox it was
for, and the pair of both. Each has some failures free, then a delay that doubles with every further one, up to its cap.

- The same wrong secret again is not counted: a client that repeats it every ten minutes is no attack.
- A network has more failures free the more people signed in from it today: an office stands behind one address. And one
  mailbox adds only so many to its network's count; what it fails beyond them its pair is slowed for, and no neighbour.
- Who comes from a network that signed in to the mailbox within 30 days is spared the mailbox's delay, and so is who
  shows a well-formed device password, which nobody guesses: however hard strangers try, the owner comes in.
- A right sign-in takes back what its own network had failed at its own mailbox, and no more: an attacker's count does
  not fall because the owner polls.

SCRAM is not counted: it opens device passwords alone, and their 130 random bits need no help. SPARED_NETWORKS are not
counted either: a test suite, a monitor, a webmail with a throttle of its own.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.utils.crypto import salted_hmac

FORGOTTEN_AFTER = 24 * 3600  # seconds without a failure
MARK_OCTETS = 2
MARKS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Slope:
    """How a delay grows: none for `free` failures, then 1, 2, 4… seconds, at most `cap`."""

    free: int
    cap: int

    def delay(self, failures: int) -> int:
        return 0 if failures <= self.free else int(min(self.cap, 2 ** min(failures - self.free - 1, 30)))


NETWORK = Slope(free=8, cap=900)
MAILBOX = Slope(free=10, cap=300)
PAIR = Slope(free=4, cap=900)
PAIR_ADDS = 12  # failures that one mailbox adds to the count of its network
PERSON_FREE = 30  # failures that each person who signed in from a network today makes free there
PEOPLE_COUNTED = 100
SLOPES = {"ip": NETWORK, "box": MAILBOX, "pair": PAIR}  # by how their keys begin


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in. Make it with `attempt`."""

    network: str  # "" where there is none: a socket in the file system
    address: str  # canonical address that was named; "" where the name is no address
    guess: bool = True  # no for what has the shape of a device password
    mark: bytes = b""  # what tells one wrong secret from another; empty: not to be counted

    @property
    def network_key(self) -> str:
        return f"ip:{self.network}" if self.network else ""

    @property
    def mailbox_key(self) -> str:
        return f"box:{self.address}" if self.address and self.guess else ""

    @property
    def pair_key(self) -> str:
        return f"pair:{self.network} {self.address}" if self.network and self.address else ""

    @property
    def turn_key(self) -> str:
        """Whose secrets are looked at one after the other; "" where nothing is counted."""
        return self.pair_key or self.network_key or self.mailbox_key

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.network_key, self.mailbox_key, self.pair_key) if key)

    @property
    def telling_keys(self) -> tuple[str, ...]:
        """The keys whose marks tell a repetition: the network's, which others fill too, only where it is alone."""
        return tuple(key for key in self.keys if key != self.network_key) or self.keys


@dataclass(frozen=True, slots=True)
class Success:
    """A right sign-in of a User by their address."""

    network: str
    address: str
    user: int

    @property
    def pair_key(self) -> str:
        return Attempt(self.network, self.address).pair_key


@dataclass(frozen=True, slots=True)
class Count:
    """What stands under a key: failures, the seconds since the last, and the marks of the last wrong secrets."""

    failures: int = 0
    age: float = 0.0
    marks: bytes = b""

    @property
    def forgotten(self) -> bool:
        return self.age > FORGOTTEN_AFTER

    def wait(self, slope: Slope) -> float:
        return 0.0 if self.forgotten else max(0.0, slope.delay(self.failures) - self.age)

    def has(self, mark: bytes) -> bool:
        marks = (self.marks[at : at + MARK_OCTETS] for at in range(0, len(self.marks), MARK_OCTETS))
        return not self.forgotten and mark in marks

    def failed(self, mark: bytes) -> "Count":
        before = Count() if self.forgotten else self
        return Count(before.failures + 1, 0.0, (before.marks + mark)[-MARKS_KEPT * MARK_OCTETS :])


NOTHING = Count()


def attempt(peer: str | None, address: str | None, secret: str | None, *, guess: bool = True) -> Attempt:
    """Describe a try. `address` is canonical, or None where the name is no address; `secret` is None in SCRAM.

    Only two octets of a keyed digest are kept of a wrong secret: enough that a guess is hardly taken for a repetition,
    too few to tell a mistyped password from ten thousand others.
    """
    if _is_spared(peer):
        return Attempt("", "", guess)
    mark = b"" if secret is None else _mark(f"{address}\0{secret}")
    return Attempt(network_of(peer), address or "", guess, mark)


def network_of(peer: str | None) -> str:
    """Return the network under which a peer's address counts."""
    if not peer:
        return ""
    address = _address(peer)
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def _address(peer: str) -> IPv4Address | IPv6Address:
    """Return the address of a peer, an IPv4 address that IPv6 wraps as itself."""
    address = ip_address(peer.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_spared(peer: str | None) -> bool:
    if not peer or not settings.SPARED_NETWORKS:
        return False
    address = _address(peer)
    return any(address in network for network in settings.SPARED_NETWORKS)


def _mark(text: str) -> bytes:
    octets = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(octets, key=_marking_key(settings.SECRET_KEY), digest_size=MARK_OCTETS).digest()


@cache
def _marking_key(secret_key: str) -> bytes:
    return salted_hmac("casilla.throttle", "", secret=secret_key, algorithm="sha256").digest()


def network_slope(people: int) -> Slope:
    """Return how the delay grows for a network from which so many people signed in today."""
    return replace(NETWORK, free=NETWORK.free + PERSON_FREE * min(people, PEOPLE_COUNTED))


def wait_of(network: Count, mailbox: Count, pair: Count, *, spared: bool, people: int) -> float:
    """Pure: the seconds to wait. `spared` the mailbox's delay; `people` signed in from the network today."""
    waits = [pair.wait(PAIR), network.wait(network_slope(people))]
    if not spared:
        waits.append(mailbox.wait(MAILBOX))
    return max(waits)


def counted(attempts: Iterable[Attempt], counts: Mapping[str, Count]) -> dict[str, Count]:
    """Pure: what stands under the keys of `attempts` once they failed one after the other; the changed keys alone."""
    changed: dict[str, Count] = {}

    def now(key: str) -> Count:
        return changed.get(key) or counts.get(key, NOTHING)

    for each in attempts:
        if each.mark and not any(now(key).has(each.mark) for key in each.telling_keys):
            alone = added(now(each.pair_key)) >= PAIR_ADDS
            keys = [key for key in each.keys if not (alone and key == each.network_key)]
            changed |= {key: now(key).failed(each.mark) for key in keys}
    return changed


def added(pair: Count) -> int:
    """Pure: how many of a pair's failures stand in the count of its network."""
    return 0 if pair.forgotten else min(pair.failures, PAIR_ADDS)


def taken_back(successes: Iterable[Success], counts: Mapping[str, Count]) -> dict[str, Count]:
    """Pure: what stands under the keys of `successes` once each took its pair's failures back."""
    changed: dict[str, Count] = {}
    for pair in {each.pair_key: each for each in successes}.values():
        own = counts.get(pair.pair_key, NOTHING)
        tried = Attempt(pair.network, pair.address)
        for key in tried.keys:
            before = changed.get(key) or counts.get(key, NOTHING)
            taken = added(own) if key == tried.network_key else own.failures
            changed[key] = replace(before, failures=max(0, before.failures - taken))
    return changed
