"""Many who guess at once, at the door of the mail side: no burst passes the throttle, and no neighbour pays for it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from controlpanel.accounts.throttle_rules import NETWORK, PAIR
from controlpanel.mailboxes.models import Mailbox
from pop3service.backend import Backend
from pop3service.backend.steps import Steps, ask, run
from pop3service.backend.turns import Came, Turns, in_turn
from pop3service.requests import LoggedIn, Login, Reason
from tests.store.doors import FakeLine, answer_to, beside_a_backend
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

ANA = "ana@example.org"


@pytest.fixture
def ana(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setattr("pop3service.backend.proving.PATIENCE_SECONDS", 0)
    return with_password(ANA)


def with_password(address: str) -> Mailbox:
    box = make_mailbox(address)
    box.user.password = make_password("secret")
    box.user.save()
    return box


async def at_once(backend: Backend, *logins: tuple[str, str]) -> list[Any]:
    """Try names and secrets from one address, all at once."""
    tries = (answer_to(backend.pop3(FakeLine()), Login("USER", name, secret)) for name, secret in logins)
    return await asyncio.gather(*tries)


def reasons(answers: list[Any]) -> "Counter[Reason | None]":
    return Counter(getattr(answer, "reason", None) for answer in answers)


@pytest.mark.parametrize("name", [ANA, "nobody@example.org", "no address"])
def test_a_burst_at_one_name_is_looked_at_one_by_one(ana: Mailbox, name: str) -> None:
    async def test(backend: Backend) -> None:
        said = reasons(await at_once(backend, *((name, f"guess {number}") for number in range(100))))
        free = PAIR.free if "@" in name else NETWORK.free
        # A second after the last that was looked at there may be one more, if this takes so long.
        assert free < said[Reason.WRONG_PASSWORD] <= free + 4
        assert said[Reason.OVERLOADED] == 79  # twenty stand in line
        assert said.keys() == {Reason.WRONG_PASSWORD, Reason.OVERLOADED, Reason.THROTTLED}
        assert not backend._store.names_tried
        assert not backend._store.networks_tried

    beside_a_backend(test)


def test_a_burst_over_many_names_is_slowed_like_one_by_one(ana: Mailbox) -> None:
    async def test(backend: Backend) -> None:
        said = reasons(await at_once(backend, *((f"box{number}@example.org", "guess") for number in range(120))))
        assert NETWORK.free < said[Reason.WRONG_PASSWORD] <= 3 * NETWORK.free
        assert said[Reason.THROTTLED] == 120 - said[Reason.WRONG_PASSWORD]

    beside_a_backend(test)


def test_a_burst_at_one_name_slows_nobody_else_behind_the_same_address(ana: Mailbox) -> None:
    neighbours = [f"box{number}@example.org" for number in range(6)]
    for neighbour in neighbours:
        with_password(neighbour)

    async def test(backend: Backend) -> None:
        first = await at_once(backend, (neighbours[0], "secret"))
        assert isinstance(first[0], LoggedIn)
        guesses = [(ANA, f"guess {number}") for number in range(30)]
        answers = await at_once(backend, *guesses, *((name, "secret") for name in neighbours))
        assert all(isinstance(answer, LoggedIn) for answer in answers[30:])

    beside_a_backend(test)


def test_who_stands_in_line_with_the_right_password_costs_one_check(
    ana: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pop3service.backend import store

    proved: list[str] = []
    prove = store.sign_in.prove
    monkeypatch.setattr(store.sign_in, "prove", lambda *secret: (proved.append(ANA), prove(*secret))[1])

    async def test(backend: Backend) -> None:
        answers = await at_once(backend, *[(ANA, "secret")] * 12)
        assert all(isinstance(answer, LoggedIn) for answer in answers)
        assert len(proved) == 1

    beside_a_backend(test)


# The line itself


def on_a_loop(test: Callable[[Turns], Awaitable[None]]) -> None:
    async def main() -> None:
        await test(Turns(asyncio.get_running_loop(), at_once=1, line=1000))

    asyncio.run(main())


def test_turns_come_in_order_and_a_fault_gives_the_turn_on() -> None:
    async def test(turns: Turns) -> None:
        gates = [asyncio.get_running_loop().create_future() for _ in range(3)]
        said: list[object] = []

        def work(number: int) -> Callable[[Came], Steps[object]]:
            def steps(came: Came) -> Steps[object]:
                said.append((number, came))
                if number == 1:
                    raise RuntimeError("a fault of this one")
                yield from ask(Gate(gates[number]), None)
                return number

            return steps

        for number in range(3):
            run(in_turn(turns, "key", work(number), None), said.append, None)
        assert said == [(0, Came.AT_ONCE)]
        gates[0].set_result(None)
        await asyncio.wait_for(gates[0], 5)
        for _ in range(10):
            await asyncio.sleep(0)
        assert said == [(0, Came.AT_ONCE), 0, (1, Came.LATER), None, (2, Came.LATER)]
        gates[2].set_result(None)
        for _ in range(10):
            await asyncio.sleep(0)
        assert said[-1] == 2
        assert not turns

    on_a_loop(test)


def test_a_long_line_that_finds_all_at_hand_does_not_grow_the_stack() -> None:
    async def test(turns: Turns) -> None:
        said: list[object] = []

        def steps(came: Came) -> Steps[object]:
            return came
            yield

        turns.ask("key", said.append)
        for _ in range(1000):
            run(in_turn(turns, "key", steps, None), said.append, None)
        turns.leave("key")
        for _ in range(1010):
            await asyncio.sleep(0)
        assert said == [Came.AT_ONCE] + [Came.LATER] * 1000
        assert not turns

    on_a_loop(test)


class Gate:
    """Answers when its future is done."""

    def __init__(self, future: "asyncio.Future[None]") -> None:
        self._future = future

    def ask(self, request: None, answer: Callable[[None], None]) -> None:
        self._future.add_done_callback(lambda _: answer(None))
