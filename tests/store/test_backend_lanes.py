"""Gatherers and lanes: what many sessions want at once is one call, and one bad request is nobody else's."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from controlpanel.mailboxes.models import Usage
from pop3service.backend.lanes import BACKLOG, BATCH_ITEMS, BATCH_OCTETS, Gatherer, Lane, describe
from pop3service.backend.steps import Clock, ask, run
from tests.store.doors import in_thread
from tests.store.factories import make_mailbox

FAILED = "failed"


class Calls:
    """A set-based call that doubles numbers. It waits where told to, and raises for what is bad."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.threads: set[str] = set()
        self.go = threading.Event()
        self.go.set()
        self.bad: set[Any] = set()

    def __call__(self, numbers: Sequence[Any]) -> list[Any]:
        assert self.go.wait(10)
        self.batches.append(list(numbers))
        self.threads.add(threading.current_thread().name)
        if self.bad & set(numbers):
            raise ValueError("a bad one")
        return [number * 2 for number in numbers]


def on_a_lane(test: Callable[[Lane], Awaitable[None]], width: int = 1) -> None:
    async def main() -> None:
        lane = Lane(asyncio.get_running_loop(), "test", width)
        try:
            await asyncio.wait_for(test(lane), 20)
        finally:
            lane.close()

    asyncio.run(main())


async def all_of(gatherer: Gatherer[Any, Any, Any], requests: Sequence[Any]) -> list[Any]:
    """Ask for all at once, and return the results in the order of the requests."""
    futures = [asyncio.get_running_loop().create_future() for _ in requests]
    for request, future in zip(requests, futures, strict=True):
        gatherer.ask(request, future.set_result)
    return await asyncio.gather(*futures)


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_what_is_asked_in_one_moment_is_one_call(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        assert await all_of(Gatherer(lane, calls, FAILED), range(40)) == [n * 2 for n in range(40)]
        assert calls.batches == [list(range(40))]

    on_a_lane(test)


def test_what_nobody_waits_for_waits_for_more(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED, linger=0.2)
        first = asyncio.create_task(all_of(gatherer, [1]))
        await asyncio.sleep(0.02)
        assert not lane.resting
        assert await all_of(Gatherer(lane, calls, FAILED), [9]) == [18]
        assert await all_of(gatherer, range(2, 90)) == [n * 2 for n in range(2, 90)]
        assert await first == [2]
        assert calls.batches == [[9], list(range(1, 65)), list(range(65, 90))]
        assert await all_of(gatherer, [90]) == [180]
        assert lane.resting

    on_a_lane(test)


def test_what_is_asked_while_a_call_runs_is_the_next_call(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED)
        calls.go.clear()
        first = asyncio.create_task(all_of(gatherer, [1]))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(all_of(gatherer, [n])) for n in range(2, 12)]
        await asyncio.sleep(0.05)
        calls.go.set()
        assert await first == [2]
        assert [n for [n] in await asyncio.gather(*rest)] == [n * 2 for n in range(2, 12)]
        assert calls.batches == [[1], list(range(2, 12))]

    on_a_lane(test)


def test_a_batch_has_an_end(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        await all_of(Gatherer(lane, calls, FAILED), range(BATCH_ITEMS * 2 + 1))
        assert [len(batch) for batch in calls.batches] == [BATCH_ITEMS, BATCH_ITEMS, 1]

    on_a_lane(test)


def test_a_batch_has_an_end_in_octets(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED, weigh=len)
        small, large = "a" * (BATCH_OCTETS // 4), "b" * (BATCH_OCTETS + 1)
        await all_of(gatherer, [small] * 5 + [large, large, small])
        assert [len(batch) for batch in calls.batches] == [4, 1, 1, 1, 1]

    on_a_lane(test)


def test_each_kind_has_its_turn() -> None:
    order: list[str] = []

    def named(name: str) -> Callable[[Sequence[Any]], list[Any]]:
        def call(requests: Sequence[Any]) -> list[Any]:
            order.append(name)
            return list(requests)

        return call

    async def test(lane: Lane) -> None:
        busy, rare = Gatherer(lane, named("busy"), FAILED), Gatherer(lane, named("rare"), FAILED)
        await asyncio.gather(all_of(busy, range(BATCH_ITEMS * 5)), all_of(rare, [1]))
        assert order == ["busy", "rare", "busy", "busy", "busy", "busy"]

    on_a_lane(test)


def test_a_wide_lane_makes_several_calls_at_once() -> None:
    together = threading.Barrier(2, timeout=10)

    def call(requests: Sequence[Any]) -> list[Any]:
        together.wait()
        return list(requests)

    async def test(lane: Lane) -> None:
        assert await all_of(Gatherer(lane, call, FAILED, items=1), [1, 2, 3, 4]) == [1, 2, 3, 4]

    on_a_lane(test, width=2)


def test_a_full_queue_takes_no_more(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        calls.go.clear()
        gatherer = Gatherer(lane, calls, FAILED, backlog=10)
        first = asyncio.create_task(all_of(gatherer, [0]))
        await asyncio.sleep(0.05)
        rest = asyncio.create_task(all_of(gatherer, range(1, 14)))
        await asyncio.sleep(0.05)
        calls.go.set()
        assert await first == [0]
        assert await rest == [n * 2 for n in range(1, 11)] + [FAILED] * 3

    on_a_lane(test)
    assert BACKLOG > BATCH_ITEMS


def test_a_closed_lane_fails_what_comes(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED)
        lane.close()
        lane.close()
        assert await all_of(gatherer, [1]) == [FAILED]

    on_a_lane(test)


def test_a_callback_that_raises_leaves_the_others_their_answers(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED)
        gatherer.ask(1, lambda result: 1 / 0)
        assert await all_of(gatherer, [2, 3]) == [4, 6]

    on_a_lane(test)


@pytest.mark.django_db(transaction=True)
def test_one_bad_request_never_fails_its_neighbours(calls: Calls) -> None:
    def connected(requests: Sequence[Any]) -> list[Any]:
        connection.ensure_connection()
        return calls(requests)

    async def test(lane: Lane) -> None:
        calls.bad = {3}
        assert await all_of(Gatherer(lane, connected, FAILED), range(6)) == [0, 2, 4, FAILED, 8, 10]

    on_a_lane(test)


def test_too_few_results_are_a_fault() -> None:
    async def test(lane: Lane) -> None:
        gatherer: Gatherer[Any, Any, Any] = Gatherer(lane, lambda requests: [1], FAILED)
        assert await all_of(gatherer, [1, 2]) == [FAILED, FAILED]

    on_a_lane(test)


def tell_backend(requests: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return [cursor.fetchone()[0]] * len(requests)


class LosesConnection:
    """The first call kills its own connection in the middle."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, requests: Sequence[Any]) -> list[int]:
        self.calls += 1
        if self.calls == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return tell_backend(requests)


@pytest.mark.django_db(transaction=True)
def test_reads_survive_a_lost_connection() -> None:
    async def test(lane: Lane) -> None:
        before, *_ = await all_of(Gatherer(lane, tell_backend, FAILED), [1])
        call = LosesConnection()
        after = await all_of(Gatherer(lane, call, FAILED, again=True), [1, 2])
        assert call.calls == 2
        assert FAILED not in after
        assert before not in after

    on_a_lane(test)


@pytest.mark.django_db(transaction=True)
def test_a_migration_under_a_prepared_statement_is_survived() -> None:
    def execute(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def read(requests: Sequence[Any]) -> list[Any]:
        connection.ensure_connection()
        connection.connection.prepare_threshold = 0
        found = connection.connection.execute("SELECT wide FROM migrated").fetchone()
        return [found[0]] * len(requests)

    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, read, FAILED)
        assert await all_of(gatherer, [1]) == [7]
        await in_thread(execute, "ALTER TABLE migrated ALTER COLUMN wide TYPE bigint")
        assert await all_of(gatherer, [1]) == [7]

    execute("CREATE TABLE migrated AS SELECT 7::integer AS wide")
    try:
        on_a_lane(test)
    finally:
        execute("DROP TABLE migrated")


@pytest.mark.django_db(transaction=True)
def test_writes_are_not_made_twice_when_the_connection_is_lost() -> None:
    async def test(lane: Lane) -> None:
        call = LosesConnection()
        assert await all_of(Gatherer(lane, call, FAILED), [1, 2]) == [FAILED, FAILED]
        assert call.calls == 1
        assert FAILED not in await all_of(Gatherer(lane, tell_backend, FAILED), [1])

    on_a_lane(test)


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_holds_up_its_own_request_alone() -> None:
    held, free = make_mailbox(), make_mailbox()

    def touch(mailboxes: Sequence[int]) -> list[int]:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            rows = Usage.objects.select_for_update().filter(mailbox__in=mailboxes).values_list("mailbox", flat=True)
            return sorted(rows)

    async def test(lane: Lane) -> None:
        result = await all_of(Gatherer(lane, touch, FAILED), sorted([held.pk, free.pk]))
        assert result == [FAILED if pk == held.pk else free.pk for pk in sorted([held.pk, free.pk])]

    with transaction.atomic():
        Usage.objects.select_for_update().get(mailbox=held)
        on_a_lane(test)


def test_an_error_is_named_without_its_words() -> None:
    error = OperationalError("the password is secret")
    error.__cause__ = type("Refused", (Exception,), {"sqlstate": "57P01"})()
    assert describe(error) == "Refused(57P01)"
    assert describe(ValueError("secret")) == "ValueError"


def test_steps_ask_one_thing_after_another(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        gatherer = Gatherer(lane, calls, FAILED)

        def steps() -> Any:
            doubled = yield from ask(gatherer, 1)
            yield from ask(Clock(lane.loop), 0.01)
            return (yield from ask(gatherer, doubled))

        future = lane.loop.create_future()
        run(steps(), future.set_result, FAILED)
        assert await future == 4

    on_a_lane(test)


def test_steps_that_raise_have_an_answer_all_the_same(calls: Calls) -> None:
    async def test(lane: Lane) -> None:
        def steps() -> Any:
            yield from ask(Gatherer(lane, calls, FAILED), 1)
            raise ValueError

        future = lane.loop.create_future()
        run(steps(), future.set_result, FAILED)
        assert await future == FAILED

    on_a_lane(test)
