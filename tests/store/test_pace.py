"""LOGIN-DELAY by the database's clock: one answer for all processes."""

import pytest

from controlpanel.mailstore.maildrop import Taken, TooSoon, Turn, give_back_turns, sweep_dead, take_turns
from controlpanel.mailstore.models import LastLogin
from tests.store.factories import age

pytestmark = pytest.mark.django_db


def wait_of(answer: Taken | TooSoon) -> float:
    """The seconds to wait; 0.0 for a turn that was taken."""
    return answer.seconds if isinstance(answer, TooSoon) else 0.0


def waits(*turns: Turn) -> list[float]:
    return [wait_of(answer) for answer in take_turns(turns)]


def test_the_first_login_is_taken_and_the_next_has_to_wait() -> None:
    assert waits(Turn(1, 60)) == [0.0]
    [wait] = waits(Turn(1, 60))
    assert 50 < wait <= 60


def test_a_refused_login_does_not_put_the_next_off() -> None:
    take_turns([Turn(1, 60)])
    age("mailstore_lastlogin", at="50 seconds")
    assert [0 < wait <= 10 for wait in waits(Turn(1, 60))] == [True]
    age("mailstore_lastlogin", at="11 seconds")
    assert waits(Turn(1, 60)) == [0.0]


def test_the_delay_is_the_one_that_holds_now() -> None:
    take_turns([Turn(1, 3600)])
    age("mailstore_lastlogin", at="61 seconds")
    assert waits(Turn(1, 60)) == [0.0]


def test_of_two_in_a_batch_one_is_taken_and_others_are_their_own() -> None:
    first, second, other, third = waits(Turn(1, 60), Turn(1, 60), Turn(2, 30), Turn(1, 60))
    assert (first, other) == (0.0, 0.0)
    assert 50 < second <= 60
    assert 50 < third <= 60
    late = waits(Turn(2, 30), Turn(3, 5))
    assert late[0] > 20
    assert late[1] == 0.0


def test_a_turn_that_was_given_back_was_nobodys() -> None:
    [turn] = take_turns([Turn(1, 60)])
    assert isinstance(turn, Taken)
    give_back_turns([turn])
    assert waits(Turn(1, 60)) == [0.0]
    give_back_turns([turn, turn])  # late: the turn is another login's now
    assert waits(Turn(1, 60)) != [0.0]


def test_what_holds_nobody_back_is_forgotten() -> None:
    take_turns([Turn(1, 60), Turn(2, 3600)])
    age("mailstore_lastlogin", at="61 seconds")
    sweep_dead()
    assert [each.mailbox_id for each in LastLogin.objects.all()] == [2]
