"""The clock of all connections: one timer, whatever their number."""

import asyncio
from collections import defaultdict
from typing import Protocol

NOWHERE = -1


class Timed(Protocol):
    """`deadline` is in the loop's seconds and may be put off at any time, at no cost; `place` is the wheel's own."""

    deadline: float
    place: int

    def expire(self) -> None:
        """The deadline has passed. May set a new one, or end in `Wheel.remove`."""


class Wheel:
    """Call `expire` of each member in the second after its deadline.

    Members lie in the slot of the second in which they were due when last looked at. Who put the deadline off
    meanwhile is moved on then, so that a byte from a client costs one assignment and no timer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: defaultdict[int, set[Timed]] = defaultdict(set)
        self._hand = int(loop.time())
        self._timer = loop.call_later(1, self._tick)

    def add(self, member: Timed) -> None:
        """Take a member in, or look anew at one whose deadline was brought forward: `remove` it first."""
        member.place = max(int(member.deadline) + 1, self._hand + 1)
        self._slots[member.place].add(member)

    def remove(self, member: Timed) -> None:
        if (slot := self._slots.get(member.place)) is not None:
            slot.discard(member)
        member.place = NOWHERE

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(1, self._tick)
        while self._hand < int(now):
            self._hand += 1
            for member in self._slots.pop(self._hand, ()):
                if member.place != NOWHERE:
                    self._look_at(member, now)

    def _look_at(self, member: Timed, now: float) -> None:
        self.add(member)
        if member.deadline <= now:
            member.expire()
