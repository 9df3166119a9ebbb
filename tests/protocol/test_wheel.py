"""One timer for all connections: each expires in the second after its deadline, and not before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pop3service.server.wheel import NOWHERE, Wheel


class FakeLoop:
    """A loop whose time is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.4
        self.timers: list[tuple[float, Callable[..., Any]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[..., Any]) -> Any:
        self.timers.append((self.now + delay, call))

    def pass_seconds(self, seconds: float) -> None:
        until = self.now + seconds
        while self.timers and self.timers[0][0] <= until:
            self.now, call = self.timers.pop(0)
            call()
        self.now = until


@dataclass(eq=False)
class Member:
    loop: FakeLoop
    deadline: float
    place: int = NOWHERE
    expired: list[float] = field(default_factory=list)
    again: float | None = None

    def expire(self) -> None:
        self.expired.append(self.loop.now)
        if self.again is not None:
            self.deadline += self.again


def made(*deadlines: float) -> tuple[FakeLoop, Any, list[Member]]:
    loop = FakeLoop()
    wheel = Wheel(loop)  # type: ignore[arg-type]
    members = [Member(loop, loop.now + each) for each in deadlines]
    for member in members:
        wheel.add(member)
    return loop, wheel, members


def test_a_member_expires_in_the_second_after_its_deadline() -> None:
    loop, wheel, [member] = made(5.0)
    loop.pass_seconds(4.9)
    assert member.expired == []
    loop.pass_seconds(2)
    wheel.remove(member)
    assert 1005.4 <= member.expired[0] < 1007.4


def test_who_is_put_off_is_left_alone_until_then() -> None:
    loop, _, [member] = made(5.0)
    for _ in range(20):
        member.deadline = loop.now + 5
        loop.pass_seconds(3)
    assert member.expired == []


def test_who_is_brought_forward_expires_early() -> None:
    loop, wheel, [member] = made(600.0)
    loop.pass_seconds(10)
    wheel.remove(member)
    member.deadline = loop.now + 2
    wheel.add(member)
    loop.pass_seconds(5)
    assert len(member.expired) >= 1


def test_who_is_removed_is_forgotten() -> None:
    loop, wheel, members = made(5.0, 5.0, 5.0)
    wheel.remove(members[1])
    wheel.remove(members[1])
    loop.pass_seconds(10)
    assert [bool(member.expired) for member in members] == [True, False, True]


def test_one_that_removes_another_of_its_own_second_is_heeded() -> None:
    loop, wheel, members = made(5.0, 5.0)

    def remove_both() -> None:
        for member in members:
            wheel.remove(member)

    for member in members:
        member.expire = remove_both  # type: ignore[method-assign]
    loop.pass_seconds(10)
    assert wheel._slots.keys() <= {0} or not any(wheel._slots.values())


def test_a_member_that_stays_past_its_deadline_is_called_each_second() -> None:
    loop, _, [member] = made(2.0)
    loop.pass_seconds(8)
    assert len(member.expired) >= 4


@given(st.lists(st.floats(0, 100), max_size=20), st.lists(st.floats(0.1, 30), min_size=1, max_size=20))
def test_nobody_expires_early_nor_is_forgotten(deadlines: list[float], steps: list[float]) -> None:
    loop, _, members = made(*deadlines)
    for step in steps:
        loop.pass_seconds(step)
        for member in members:
            assert all(moment >= member.deadline for moment in member.expired)
            assert member.expired or member.deadline > loop.now - 2.1
