"""LOGIN-DELAY by the database's clock: one answer for all processes."""

import pytest

from controlpanel.mailstore.maildrop import Turn, sweep_dead, take_turns
from controlpanel.mailstore.models import LastLogin
from tests.store.factories import age

pytestmark = pytest.mark.django_db


def test_the_first_login_is_taken_and_the_next_has_to_wait() -> None:
    assert take_turns([Turn(1, 60)]) == [0.0]
    [wait] = take_turns([Turn(1, 60)])
    assert 50 < wait <= 60


def test_a_refused_login_does_not_put_the_next_off() -> None:
    take_turns([Turn(1, 60)])
    age("mailstore_lastlogin", at="50 seconds")
    assert [0 < wait <= 10 for wait in take_turns([Turn(1, 60)])] == [True]
    age("mailstore_lastlogin", at="11 seconds")
    assert take_turns([Turn(1, 60)]) == [0.0]


def test_the_delay_is_the_one_that_holds_now() -> None:
    take_turns([Turn(1, 3600)])
    age("mailstore_lastlogin", at="61 seconds")
    assert take_turns([Turn(1, 60)]) == [0.0]


def test_of_two_in_a_batch_one_is_taken_and_others_are_their_own() -> None:
    first, second, other, third = take_turns([Turn(1, 60), Turn(1, 60), Turn(2, 30), Turn(1, 60)])
    assert (first, other) == (0.0, 0.0)
    assert 50 < second <= 60
    assert 50 < third <= 60
    late = take_turns([Turn(2, 30), Turn(3, 5)])
    assert late[0] > 20
    assert late[1] == 0.0


def test_what_holds_nobody_back_is_forgotten() -> None:
    take_turns([Turn(1, 60), Turn(2, 3600)])
    age("mailstore_lastlogin", at="61 seconds")
    sweep_dead()
    assert [each.mailbox_id for each in LastLogin.objects.all()] == [2]
