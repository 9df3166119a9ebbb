"""Turns: only so many under one key have something done at a time, and the others stand in line."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from enum import Enum, auto

from pop3service.backend.steps import Answer, Steps, ask


class Came(Enum):
    """How a turn came: at once, after others, or not at all because the line is full. After NEVER nothing is left."""

    AT_ONCE = auto()
    LATER = auto()
    NEVER = auto()


class Turns:
    """Asked with a key, it answers when it is that key's turn; whoever got one calls `leave`. Under "" nobody waits.

    `at_once` have their turn together, `line` may wait, each under one key.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, at_once: int, line: int) -> None:
        self._loop = loop
        self._at_once = at_once
        self._line = line
        self._under_way: Counter[str] = Counter()
        self._waiting: defaultdict[str, deque[Callable[[Came], None]]] = defaultdict(deque)

    def __len__(self) -> int:
        return len(self._under_way)

    def ask(self, request: str, answer: Callable[[Came], None]) -> None:
        if self._under_way[request] < self._at_once or not request:
            self._under_way[request] += 1
            answer(Came.AT_ONCE)
        elif len(self._waiting[request]) >= self._line:
            answer(Came.NEVER)
        else:
            self._waiting[request].append(answer)

    def leave(self, key: str) -> None:
        """Give the turn to who waits longest, in the loop's next round: a chain of them must not grow the stack."""
        waiting = self._waiting.get(key)
        if waiting and not self._loop.is_closed():
            self._loop.call_soon(waiting.popleft(), Came.LATER)
            return
        self._waiting.pop(key, None)
        self._under_way[key] -= 1
        if not self._under_way[key]:
            del self._under_way[key]


def in_turn(turns: Turns, key: str, steps: Callable[[Came], Steps[Answer]], otherwise: Answer) -> Steps[Answer]:
    """Go through the steps when the turn has come, and let the next one have it; `otherwise` where the line is full."""
    came = yield from ask(turns, key)
    if came is Came.NEVER:
        return otherwise
    try:
        return (yield from steps(came))
    finally:
        turns.leave(key)
