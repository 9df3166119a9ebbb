"""How many connections there may be: in all, from one address, and of those that have not signed in."""

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Limits:
    """The greatest numbers. What is per address counts an IPv6 /64 as one, and does not hold for this machine."""

    in_all: int = 25_000
    per_address: int = 400
    unauthenticated: int = 5_000
    unauthenticated_per_address: int = 100


class Census:
    """Counts the connections that were let in."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: Counter[str] = Counter()
        self._unauthenticated: Counter[str] = Counter()  # by address
        self.unauthenticated = 0

    def has_room(self, address: str, in_all: int) -> bool:
        """Say whether one more may come from `address`; `in_all` counts it already."""
        limits = self._limits
        return (
            in_all <= limits.in_all
            and self.unauthenticated < limits.unauthenticated
            and (self._address_has_room(counted_as(address)) or is_loopback(address))
        )

    def _address_has_room(self, key: str) -> bool:
        limits = self._limits
        return (
            self._addresses[key] < limits.per_address
            and self._unauthenticated[key] < limits.unauthenticated_per_address
        )

    def enter(self, address: str, authenticated: bool) -> None:
        key = counted_as(address)
        self._addresses[key] += 1
        if not authenticated:
            self._unauthenticated[key] += 1
            self.unauthenticated += 1

    def sign_in(self, address: str) -> None:
        self.unauthenticated -= 1
        _one_less(self._unauthenticated, counted_as(address))

    def leave(self, address: str, authenticated: bool) -> None:
        if not authenticated:
            self.sign_in(address)
        _one_less(self._addresses, counted_as(address))


def _one_less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]


def plain_address(host: str) -> str:
    """Return an IP address without its zone, an IPv4 address that came over IPv6 as itself."""
    host = host.partition("%")[0]
    if not host.startswith("::ffff:"):
        return host
    mapped = ipaddress.IPv6Address(host).ipv4_mapped  # which Python writes as ::ffff:c000:201 before 3.13
    return host if mapped is None else str(mapped)


def counted_as(address: str) -> str:
    """Return the address, or for IPv6 its /64: who has one of those addresses has them all."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False))


def ip_or_none(text: str) -> str | None:
    """Return the IP address that another server wrote, in our form; None for what is none."""
    plain = text.partition("%")[0]
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return None
    return plain_address(plain.lower())


def is_loopback(address: str) -> bool:
    """Whether a peer is on this machine; one that came through the file system has no address."""
    return not address or address.startswith("127.") or address == "::1"


def within(address: str, networks: Sequence[Network]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(place in network for network in networks)
