"""Pure: where a message has been before, as its header says. What has been here already does not go out once more."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from controlpanel.mailstore.headers import head

MOST_HOPS = 40  # Received fields; RFC 5321 section 6.3 wants a limit of 100 at most, Postfix has 50

_FIELD = re.compile(rb"(?im)^(received|delivered-to)[ \t]*:[ \t]*([^\r\n]*)")


class Way(NamedTuple):
    """`hops`: how many servers it passed. `been`: the addresses it was delivered to, lower case."""

    hops: int = 0
    been: frozenset[str] = frozenset()

    def leads_back(self, address: str) -> bool:
        """Tell whether to send it on as `address` would begin a circle, or lengthen an endless way."""
        return self.hops > MOST_HOPS or address.lower() in self.been


@dataclass(frozen=True, slots=True)
class Onward:
    """An address elsewhere that an alias names: `forwarder` is the alias's own."""

    recipient: str
    forwarder: str


@dataclass(frozen=True, slots=True)
class Passing:
    """What a delivery may set off. `head`: the octets of trace lines that we put before the message.

    `onward` are its alias's addresses elsewhere. What the mailbox itself forwards is read under its lock.
    """

    way: Way
    head: int
    onward: Sequence[Onward] = ()


@dataclass(frozen=True, slots=True)
class Passed:
    """The result of a delivery that is on disk, to leave for elsewhere: no copy is in the mailbox."""


def scan(octets: bytes) -> Way:
    """Read the head of a message as it came, without our own trace lines."""
    hops, been = 0, set()
    for name, value in _FIELD.findall(head(octets)):
        if name.lower() == b"received":
            hops += 1
        else:
            been.add(value.decode("utf-8", "replace").strip().strip("<>").lower())
    return Way(hops, frozenset(been))
