"""Lanes: how many sessions on one loop share a few blocking database connections.

A lane is one thread, or a few, each with a connection of its own. A gatherer collects the requests of one kind that
different sessions make while the lane is busy, and hands them over as one set-based call. All of it but
`Gatherer.run` lives on the event loop's thread and needs no lock.
"""

import asyncio
import logging
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, connection

log = logging.getLogger("casilla.store")

BATCH_ITEMS = 64
BATCH_OCTETS = 4 * 2**20
JOIN_SECONDS = 0.5
# A migration changed what a prepared statement returns, or a pooler lost it: a new connection has no such statements.
STALE_PLANS = ("0A000", "26000", "42P05")
BACKLOG = 4096  # requests of one kind that wait; past that a session is told to come back

Request = TypeVar("Request")
Result = TypeVar("Result")
Failed = TypeVar("Failed")
Call = Callable[[Sequence[Request]], Sequence[Result]]
Waiting = tuple[Request, Callable[[Result], None]]


class Gatherer(Generic[Request, Result, Failed]):
    """Requests of one kind, on their way to one set-based call.

    `call` takes a batch and returns one result a request, in order. `failed` stands for the result of a request
    whose call raised. `again`: the call may run a second time after a lost connection, as reads may, and writes
    whose second run finds the work of the first. `items` is the largest batch, `weigh` gives the octets of a request.
    `linger`: for so many seconds the first request waits for others, where no client waits for the answer.
    """

    def __init__(
        self,
        lane: "Lane",
        call: Call[Request, Result],
        failed: Failed,
        *,
        again: bool = False,
        weigh: Callable[[Request], int] | None = None,
        items: int = BATCH_ITEMS,
        backlog: int = BACKLOG,
        linger: float = 0.0,
    ) -> None:
        self._lane = lane
        self._call = call
        self._failed = failed
        self._again = again
        self._weigh = weigh
        self._items = items
        self._backlog = backlog
        self._linger = linger
        self._waiting: deque[Waiting[Request, Result | Failed]] = deque()
        lane.gatherers.append(self)

    def __len__(self) -> int:
        return len(self._waiting)

    def ask(self, request: Request, answer: Callable[[Result | Failed], None]) -> None:
        """Queue a request; `answer` gets its result later, on the loop. With a full queue that is `failed`."""
        if len(self._waiting) >= self._backlog or self._lane.closed:
            self._lane.loop.call_soon(answer, self._failed)
            return
        self._waiting.append((request, answer))
        if len(self._waiting) == 1:
            if self._linger:
                self._lane.loop.call_later(self._linger, self._lane.offer, self)
            else:
                self._lane.offer(self)

    def take(self) -> list[Waiting[Request, Result | Failed]]:
        """Return the next batch: at most `items` requests, of 4 MiB together unless the first alone is larger."""
        waiting = self._waiting
        if self._weigh is None:
            return [waiting.popleft() for _ in range(min(len(waiting), self._items))]
        batch = [waiting.popleft()]
        octets = self._weigh(batch[0][0])
        while waiting and len(batch) < self._items:
            octets += self._weigh(waiting[0][0])
            if octets > BATCH_OCTETS:
                break
            batch.append(waiting.popleft())
        return batch

    def run(self, requests: Sequence[Request]) -> Sequence[Result | Failed]:
        """Make the call, on the lane's thread. A request that cannot be met never fails its neighbours."""
        replace_dead_connection()
        try:
            return self._made(requests)
        except Exception as error:
            after = self._settle(error, len(requests))
        if after is After.ONCE_MORE:
            return self._made_or_failed(requests)
        if after is After.ONE_BY_ONE and len(requests) > 1:
            return self._run_each(requests)
        return [self._failed] * len(requests)

    def _made(self, requests: Sequence[Request]) -> Sequence[Result]:
        results = self._call(requests)
        if len(results) != len(requests):
            raise RuntimeError(f"{len(results)} results for {len(requests)} requests")
        return results

    def _made_or_failed(self, requests: Sequence[Request]) -> Sequence[Result | Failed]:
        try:
            return self._made(requests)
        except Exception as error:
            self._settle(error, len(requests))
            return [self._failed] * len(requests)

    def _run_each(self, requests: Sequence[Request]) -> list[Result | Failed]:
        results: list[Result | Failed] = []
        for request in requests:
            try:
                results.extend(self._made([request]))
            except Exception as error:
                results.append(self._failed)
                if self._settle(error, 1) is not After.ONE_BY_ONE:
                    break
        return results + [self._failed] * (len(requests) - len(results))

    def _settle(self, error: Exception, requests: int) -> "After":
        """Log a fault, leave a connection that can be used or none, and say what to do next."""
        stale = sqlstate(error) in STALE_PLANS
        lost = drop_lost_connection(anyhow=stale)
        if lost and not self._lane.may_tell_of_loss():
            return After.ONCE_MORE if self._again else After.GIVE_UP
        known = isinstance(error, DatabaseError)
        said = (getattr(self._call, "__name__", "call"), requests, describe(error), "yes" if lost else "no")
        log.error("call=%s requests=%d fault=%s lost=%s", *said, exc_info=None if known else error)
        if stale or (lost and self._again):
            return After.ONCE_MORE
        return After.GIVE_UP if lost else After.ONE_BY_ONE


class After(Enum):
    """What follows on a call that raised. It was rolled back, unless the connection was lost: then nobody knows."""

    ONCE_MORE = auto()
    ONE_BY_ONE = auto()
    GIVE_UP = auto()


AnyGatherer = Gatherer[Any, Any, Any]


class Lane:
    """`width` threads that make the calls of their gatherers, each kind in turn, never two of one batch at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str, width: int = 1) -> None:
        self.loop = loop
        self.closed = False
        self.gatherers: list[AnyGatherer] = []
        self._ready: deque[AnyGatherer] = deque()
        self._idle = width
        self._told = 0.0  # when a lost database was last told of
        self._jobs: SimpleQueue[tuple[AnyGatherer, list[Waiting[Any, Any]]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(width)]
        for thread in self._threads:
            thread.start()

    def offer(self, gatherer: AnyGatherer) -> None:
        """A gatherer has its first waiting request. It starts a moment later, with what else this moment brings."""
        self._ready.append(gatherer)
        if self._idle:
            self.loop.call_soon(self._dispatch)

    def may_tell_of_loss(self) -> bool:
        """Whether a lost database is news: once a second, not once a call."""
        now = time.monotonic()
        news = now - self._told > 1
        if news:
            self._told = now
        return news

    @property
    def resting(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return self._idle == len(self._threads) and not any(map(len, self.gatherers))

    def close(self) -> None:
        """Take no more requests, finish what was handed over, close the connections. Waits for the threads."""
        if not self.closed:
            self.closed = True
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join(timeout=JOIN_SECONDS)

    def _dispatch(self) -> None:
        while self._idle and self._ready:
            gatherer = self._ready.popleft()
            batch = gatherer.take()
            if len(gatherer):
                self._ready.append(gatherer)
            self._idle -= 1
            self._jobs.put((gatherer, batch))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            gatherer, batch = job
            results = gatherer.run([request for request, _ in batch])
            try:
                self.loop.call_soon_threadsafe(self._done, batch, results)
            except RuntimeError:  # the loop is closed: nobody waits any more
                break
        connection.close()

    def _done(self, batch: list[Waiting[Any, Any]], results: Sequence[Any]) -> None:
        self._idle += 1
        self._dispatch()  # first the next call, then the answers: the database works meanwhile
        for (_, answer), result in zip(batch, results, strict=True):
            try:
                answer(result)
            except Exception:
                log.exception("call=answer fault=unexpected")


def replace_dead_connection() -> None:
    """Close this thread's connection if the server left while it lay idle, so that the next call makes a new one.

    A server that goes says so or hangs up: then there is something to read where nothing was asked.
    """
    raw = connection.connection
    if raw is None:
        return
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    if poll.poll(0) and not connection.is_usable():
        connection.close()


def drop_lost_connection(anyhow: bool = False) -> bool:
    """Close this thread's connection if it is lost or in the middle of something; say whether it was lost."""
    raw = connection.connection
    lost = raw is None or bool(raw.closed)
    if lost or anyhow or connection.in_atomic_block or raw.info.transaction_status != 0:
        connection.close()
    return lost


def describe(error: BaseException) -> str:
    """Name an error without its message, which may quote what was being stored."""
    name = type(error.__cause__ or error).__name__
    return f"{name}({sqlstate(error)})" if sqlstate(error) else name


def sqlstate(error: BaseException) -> str:
    return getattr(error.__cause__ or error, "sqlstate", None) or ""
