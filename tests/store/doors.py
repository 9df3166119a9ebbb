"""A backend on a loop, and doors for lines that are none: what tests of the door need."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection

from pop3service.backend import Backend
from pop3service.requests import LoggedIn, Login
from pop3service.signals import Farewell
from pop3service.tape import Sink

Result = TypeVar("Result")

ANA = "ana@example.org"


@dataclass
class FakeLine:
    address: str = "192.0.2.7"
    tls: str = "TLSv1.3"
    sent: int = 0
    quiet_seconds: float = 0.0
    watched: bool = False
    sinks: list[Sink] = field(default_factory=list)
    ended: list[tuple[Farewell, str]] = field(default_factory=list)

    def watch_closely(self) -> None:
        self.watched = True

    def record(self, sink: Sink) -> None:
        self.sinks.append(sink)

    def end(self, why: Farewell, reason: str) -> None:
        self.ended.append((why, reason))


async def in_thread(call: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """Call what blocks on a thread of its own, and leave no connection behind."""

    def work() -> Result:
        try:
            return call(*arguments, **named)
        finally:
            connection.close()

    return await asyncio.to_thread(work)


async def answer_to(door: Any, request: Any) -> Any:
    """Ask the door, and wait for its answer."""
    future = asyncio.get_running_loop().create_future()
    door.ask(request, future.set_result)
    return await asyncio.wait_for(future, 20)


def beside_a_backend(test: Callable[[Backend], Awaitable[None]], *, beating: bool = True) -> None:
    """Run a test's coroutine beside a backend that beats, and stop that as the worker does."""

    async def main() -> None:
        backend = Backend(asyncio.get_running_loop())
        if beating:
            backend.start()
        try:
            await asyncio.wait_for(test(backend), 40)
        finally:
            await backend.stop()

    asyncio.run(main())


def login(name: str = ANA, secret: str = "secret") -> Login:
    return Login("USER", name, secret)


async def rows(query: Any) -> list[Any]:
    """Evaluate a query on a thread that may block."""
    return await in_thread(list, query)


async def until_rows(query: Any, number: int) -> list[Any]:
    for _ in range(500):
        found = await rows(query.all())
        if len(found) == number:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(found)} rows, not {number}")


async def signed_in(backend: Backend, name: str = ANA, secret: str = "secret") -> Any:
    door = backend.pop3(FakeLine())
    answer = await answer_to(door, login(name, secret))
    assert isinstance(answer, LoggedIn), answer
    return door
