from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.accounts import throttle_rules
from controlpanel.accounts.throttle_rules import (
    MAILBOX,
    NETWORK,
    NOTHING,
    PAIR,
    Count,
    Success,
    attempt,
    counted,
    network_of,
    taken_back,
    wait_of,
)

HOME, OFFICE = "203.0.113.7", "198.51.100.9"
ANA, LUIS = "ana@example.org", "luis@example.org"


def failures(counts: dict[str, Count]) -> dict[str, int]:
    return {key: count.failures for key, count in counts.items()}


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(peer: str | None, network: str) -> None:
    assert network_of(peer) == network


def test_a_wrong_secret_counts_under_network_mailbox_and_pair() -> None:
    changed = counted([attempt(HOME, ANA, "one"), attempt(HOME, ANA, "two"), attempt(HOME, LUIS, "one")], {})
    assert failures(changed) == {
        f"ip:{HOME}": 3,
        f"box:{ANA}": 2,
        f"pair:{HOME} {ANA}": 2,
        f"box:{LUIS}": 1,
        f"pair:{HOME} {LUIS}": 1,
    }


def test_the_same_wrong_secret_again_is_not_counted_wherever_it_comes_from() -> None:
    changed = counted([attempt(HOME, ANA, "stale"), attempt(HOME, ANA, "stale"), attempt(OFFICE, ANA, "stale")], {})
    assert failures(changed) == {f"ip:{HOME}": 1, f"box:{ANA}": 1, f"pair:{HOME} {ANA}": 1}


def test_two_clients_that_take_turns_with_two_stale_secrets_count_twice_in_all() -> None:
    changed = counted([attempt(HOME, ANA, secret) for secret in ("old", "older") * 20], {})
    assert changed[f"pair:{HOME} {ANA}"].failures == 2


def test_strangers_who_fill_the_mailboxs_marks_do_not_make_a_known_secret_count_again() -> None:
    counts = counted([attempt(HOME, ANA, "stale")], {})
    counts |= counted([attempt(OFFICE, ANA, f"guess {number}") for number in range(100)], counts)
    assert counted([attempt(HOME, ANA, "stale")], counts) == {}


def test_the_same_token_without_a_name_counts_once_for_its_network() -> None:
    changed = counted([attempt(HOME, None, token, guess=False) for token in ("stale", "stale", "other")], {})
    assert failures(changed) == {f"ip:{HOME}": 2}


def test_scram_is_not_counted() -> None:
    assert counted([attempt(HOME, ANA, None)], {}) == {}


def test_a_device_password_does_not_count_against_the_mailbox() -> None:
    changed = counted([attempt(HOME, ANA, "revoked", guess=False)], {})
    assert failures(changed) == {f"ip:{HOME}": 1, f"pair:{HOME} {ANA}": 1}


def test_a_name_that_is_no_address_counts_under_the_network() -> None:
    assert failures(counted([attempt(HOME, None, "x")], {})) == {f"ip:{HOME}": 1}


def test_without_a_peer_the_mailbox_counts() -> None:
    assert failures(counted([attempt(None, ANA, "x")], {})) == {f"box:{ANA}": 1}


def test_what_is_a_day_old_is_forgotten() -> None:
    old = {f"box:{ANA}": Count(500, throttle_rules.FORGOTTEN_AFTER + 1.0, b"12")}
    assert old[f"box:{ANA}"].wait(MAILBOX) == 0
    assert counted([attempt(None, ANA, "x")], old)[f"box:{ANA}"].failures == 1


@pytest.mark.parametrize("slope", [NETWORK, MAILBOX, PAIR])
def test_the_delay_starts_after_the_free_failures_doubles_and_ends_at_its_cap(
    slope: throttle_rules.Slope,
) -> None:
    delays = [slope.delay(number) for number in range(slope.free + 40)]
    assert delays[: slope.free + 1] == [0] * (slope.free + 1)
    assert delays[slope.free + 1 : slope.free + 5] == [1, 2, 4, 8]
    assert all(before <= after <= slope.cap for before, after in pairwise(delays))
    assert delays[-1] == slope.cap


def test_the_wait_shrinks_as_time_goes_by() -> None:
    assert Count(PAIR.free + 5, 0.0).wait(PAIR) == 16
    assert Count(PAIR.free + 5, 10.0).wait(PAIR) == 6
    assert Count(PAIR.free + 5, 16.0).wait(PAIR) == 0


MUCH = Count(1000, 0.0)


@pytest.mark.parametrize(
    ("network", "mailbox", "pair", "spared", "people", "wait"),
    [
        (NOTHING, NOTHING, NOTHING, False, 0, 0),
        (MUCH, NOTHING, NOTHING, False, 0, 900),
        (MUCH, NOTHING, NOTHING, False, 1, 900),
        (MUCH, NOTHING, NOTHING, False, 50, 0),
        (NOTHING, MUCH, NOTHING, False, 0, 300),
        (NOTHING, MUCH, NOTHING, True, 0, 0),
        (NOTHING, MUCH, NOTHING, False, 50, 300),
        (NOTHING, NOTHING, MUCH, True, 50, 900),
    ],
)
def test_whom_each_delay_slows(
    network: Count, mailbox: Count, pair: Count, spared: bool, people: int, wait: int
) -> None:
    assert wait_of(network, mailbox, pair, spared=spared, people=people) == wait


def test_one_mailbox_adds_only_so_many_to_the_count_of_its_network() -> None:
    changed = counted([attempt(OFFICE, LUIS, f"guess {number}") for number in range(500)], {})
    assert changed[f"ip:{OFFICE}"].failures == throttle_rules.PAIR_ADDS
    assert changed[f"pair:{OFFICE} {LUIS}"].failures >= 490  # two octets of a mark are alike now and then
    changed |= counted([attempt(OFFICE, ANA, "guess")], changed)
    changed |= taken_back([Success(OFFICE, LUIS, 1)], changed)
    assert changed[f"ip:{OFFICE}"].failures == 1


def test_a_right_sign_in_raises_what_a_network_may_fail_and_does_not_lift_it() -> None:
    names = [f"box{number}@example.org" for number in range(200)]
    failed = counted([attempt(OFFICE, name, "guess") for name in names], {})[f"ip:{OFFICE}"]
    assert wait_of(failed, NOTHING, NOTHING, spared=False, people=1) == NETWORK.cap
    assert wait_of(failed, NOTHING, NOTHING, spared=False, people=50) == 0


def test_a_right_sign_in_takes_back_its_own_failures_only() -> None:
    counts = counted([attempt(HOME, ANA, f"typo {number}") for number in range(3)], {})
    counts |= counted([attempt(OFFICE, ANA, f"guess {number}") for number in range(7)], counts)
    counts |= counted([attempt(HOME, LUIS, "guess")], counts)
    counts |= taken_back([Success(HOME, ANA, 1), Success(HOME, ANA, 1)], counts)
    assert failures(counts) == {
        f"ip:{HOME}": 1,
        f"box:{ANA}": 7,
        f"pair:{HOME} {ANA}": 0,
        f"ip:{OFFICE}": 7,
        f"pair:{OFFICE} {ANA}": 7,
        f"box:{LUIS}": 1,
        f"pair:{HOME} {LUIS}": 1,
    }


@pytest.mark.parametrize("peer", ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::5"])
def test_spared_networks_are_neither_counted_nor_slowed(settings: Any, peer: str) -> None:
    settings.SPARED_NETWORKS = [ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")]
    spared = attempt(peer, ANA, "wrong")
    assert spared.keys == ()
    assert counted([spared], {}) == {}
    assert attempt(OFFICE, ANA, "wrong").keys


def test_a_mark_tells_nothing_of_the_secret_and_differs_by_address() -> None:
    marks = {attempt(HOME, address, "the same") for address in (ANA, LUIS)}
    assert len({each.mark for each in marks}) == 2
    assert all(len(each.mark) == throttle_rules.MARK_OCTETS for each in marks)
    assert "the same" not in repr(marks)


tries = st.builds(
    attempt,
    st.sampled_from([HOME, OFFICE, "2001:db8::1", None]),
    st.sampled_from([ANA, LUIS, None]),
    st.sampled_from(["a", "b", "c", None]),
    guess=st.booleans(),
)


@given(st.lists(tries, max_size=60))
def test_a_batch_counts_like_its_tries_one_by_one(batch: list[throttle_rules.Attempt]) -> None:
    one_by_one: dict[str, Count] = {}
    for each in batch:
        one_by_one |= counted([each], one_by_one)
    assert counted(batch, {}) == one_by_one


@given(
    st.lists(tries, max_size=60),
    st.lists(st.builds(Success, st.sampled_from([HOME, OFFICE]), st.just(ANA), st.just(1))),
)
def test_nothing_that_is_taken_back_falls_below_zero(
    batch: list[throttle_rules.Attempt], successes: list[Success]
) -> None:
    counts = counted(batch, {})
    after = counts | taken_back(successes, counts)
    assert all(0 <= after[key].failures <= counts.get(key, NOTHING).failures for key in after)


counts_under = st.builds(Count, st.integers(0, 5000), st.floats(0, throttle_rules.FORGOTTEN_AFTER * 2))


@given(counts_under, counts_under, counts_under, st.booleans(), st.integers(0, 1000))
def test_every_delay_has_a_bound_and_kindness_never_lengthens_it(
    network: Count, mailbox: Count, pair: Count, spared: bool, people: int
) -> None:
    wait = wait_of(network, mailbox, pair, spared=spared, people=people)
    assert 0 <= wait <= max(NETWORK.cap, PAIR.cap, MAILBOX.cap)
    assert wait_of(network, mailbox, pair, spared=True, people=people) <= wait
    assert wait_of(network, mailbox, pair, spared=spared, people=people + 1) <= wait


@given(counts_under, counts_under, st.integers(0, 1000))
def test_whatever_strangers_fail_the_owner_waits_only_for_what_failed_where_they_are(
    network: Count, pair: Count, people: int
) -> None:
    without, with_strangers = (
        wait_of(network, mailbox, pair, spared=True, people=people) for mailbox in (NOTHING, Count(10**6, 0.0))
    )
    assert with_strangers == without


@given(counts_under, st.floats(0, throttle_rules.FORGOTTEN_AFTER), st.sampled_from([NETWORK, MAILBOX, PAIR]))
def test_a_wait_only_shrinks_as_time_goes_by_and_one_more_failure_only_lengthens_it(
    count: Count, seconds: float, slope: throttle_rules.Slope
) -> None:
    assert Count(count.failures, count.age + seconds).wait(slope) <= count.wait(slope)
    assert count.failed(b"xx").wait(slope) >= count.wait(slope)


@given(st.lists(tries, max_size=60), st.integers(1, 100))
def test_in_an_office_the_failures_of_as_many_mailboxes_as_people_slow_nobody_else(
    batch: list[throttle_rules.Attempt], people: int
) -> None:
    """PERSON_FREE leaves each of those who signed in a mailbox that fails without end, and more."""
    one_office = [each for each in batch if each.network == OFFICE and each.address]
    failed = counted(one_office * 50, {}).get(f"ip:{OFFICE}", NOTHING)
    assert len({each.address for each in one_office}) > people or failed.wait(throttle_rules.network_slope(people)) == 0


@given(st.lists(st.tuples(st.sampled_from([ANA, LUIS]), st.sampled_from(["a", "b"])), max_size=200))
def test_a_few_stale_secrets_are_counted_a_few_times_however_often_they_come(polls: list[tuple[str, str]]) -> None:
    counts: dict[str, Count] = {}
    for address, secret in polls:
        counts |= counted([attempt(HOME, address, secret)], counts)
    assert counts.get(f"ip:{HOME}", NOTHING).failures == len(set(polls))
