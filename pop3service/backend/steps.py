"""Work of several steps without a task: a generator that asks gatherers, one after the other.

    account = yield from ask(store.accounts, name)

reads like a call; what runs is a callback on the loop when the answer has come.
"""

import asyncio
import logging
from collections.abc import Callable, Generator
from typing import Any, Generic, Protocol, TypeVar, cast

log = logging.getLogger("casilla.store")

Request = TypeVar("Request")
Request_contra = TypeVar("Request_contra", contravariant=True)
Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Asked(Protocol[Request_contra, Answer_co]):
    """What can be asked: a gatherer, or the clock."""

    def ask(self, request: Request_contra, answer: Callable[[Answer_co], None], /) -> None: ...


Steps = Generator[tuple[Asked[Any, Any], Any], Any, Answer]


def ask(asked: Asked[Request, Answer], request: Request) -> Steps[Answer]:
    """Ask, and wait for the answer."""
    answer: Answer = yield asked, request
    return answer


class Early(Generic[Answer]):
    """An answer that is asked for before anybody waits for it; to be asked once."""

    __slots__ = ("_came", "_value", "_waiting")

    def __init__(self, asked: Asked[Request, Answer], request: Request) -> None:
        self._came = False
        self._value: Answer | None = None
        self._waiting: Callable[[Answer], None] | None = None
        asked.ask(request, self._take)

    def ask(self, request: None, answer: Callable[[Answer], None]) -> None:
        if self._came:
            answer(cast("Answer", self._value))
        else:
            self._waiting = answer

    def _take(self, value: Answer) -> None:
        self._came = True
        self._value = value
        if self._waiting is not None:
            self._waiting(value)


def run(steps: Steps[Answer], done: Callable[[Answer], None], otherwise: Answer) -> None:
    """Go through the steps; `done` gets what they return, or `otherwise` where they raise."""

    def go_on(value: Any) -> None:
        try:
            asked, request = steps.send(value)
        except StopIteration as end:
            done(end.value)
        except Exception:
            log.exception("steps=%s fault=unexpected", getattr(steps, "__name__", "unknown"))
            done(otherwise)
        else:
            asked.ask(request, go_on)

    go_on(None)


class Clock:
    """Asked for a number of seconds, it answers when they have passed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def ask(self, request: float, answer: Callable[[None], None]) -> None:
        self._loop.call_later(request, answer, None)


def ignore(result: object) -> None:
    """The answer of what is only to be done."""
