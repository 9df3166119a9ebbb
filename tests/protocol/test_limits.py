"""Counting connections, and the addresses they come from."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.server.limits import Census, Limits, counted_as, is_loopback, plain_address, within
from pop3service.server.logfmt import logfmt


def test_there_is_room_up_to_each_limit() -> None:
    census = Census(Limits(in_all=10, per_address=2, unauthenticated=3))
    assert census.has_room("192.0.2.1", 1)
    census.enter("192.0.2.1", authenticated=False)
    census.enter("192.0.2.1", authenticated=False)
    assert not census.has_room("192.0.2.1", 3)
    assert census.has_room("192.0.2.2", 3)
    assert not census.has_room("192.0.2.2", 11)
    census.enter("192.0.2.2", authenticated=False)
    assert not census.has_room("192.0.2.3", 4)
    census.sign_in("192.0.2.1")
    assert census.has_room("192.0.2.3", 4)


def test_who_leaves_makes_room_and_leaves_nothing_behind() -> None:
    census = Census(Limits(per_address=1))
    for authenticated in (False, True):
        census.enter("2001:db8::1", authenticated)
        census.leave("2001:db8::1", authenticated)
    assert census.has_room("2001:db8::1", 1)
    census.enter("2001:db8::1", authenticated=False)
    census.sign_in("2001:db8::1")
    census.leave("2001:db8::1", authenticated=True)
    assert (census.unauthenticated, dict(census._addresses), dict(census._unauthenticated)) == (0, {}, {})


def test_one_address_has_only_so_many_that_have_not_signed_in() -> None:
    census = Census(Limits(unauthenticated_per_address=2))
    census.enter("2001:db8::1", authenticated=False)
    census.enter("2001:db8::2", authenticated=False)
    assert not census.has_room("2001:db8::3", 3)
    assert census.has_room("192.0.2.1", 3)
    census.sign_in("2001:db8::1")
    assert census.has_room("2001:db8::3", 3)


def test_an_office_whose_clients_all_start_at_once_has_room_and_few_addresses_do_not_fill_the_service() -> None:
    census, people, devices = Census(Limits()), 50, 2
    for _ in range(people * devices):
        assert census.has_room("192.0.2.1", 1)
        census.enter("192.0.2.1", authenticated=False)
    for number in range(13):
        for _ in range(400):
            if census.has_room(f"198.51.100.{number}", 1):
                census.enter(f"198.51.100.{number}", authenticated=False)
    assert census.has_room("203.0.113.1", 1)


def test_an_ipv6_network_counts_as_one_address() -> None:
    assert counted_as("2001:db8:1:2:3:4:5:6") == counted_as("2001:db8:1:2::") != counted_as("2001:db8:1:3::")
    assert counted_as("192.0.2.1") != counted_as("192.0.2.2")


def test_loopback_has_no_limit_of_its_own() -> None:
    census = Census(Limits(per_address=1))
    census.enter("127.0.0.1", authenticated=False)
    assert census.has_room("127.0.0.1", 2)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("::ffff:7f00:1", "127.0.0.1"),
        ("::ffff:1", "::ffff:1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::1", "::1"),
        ("2001:db8::ffff", "2001:db8::ffff"),
    ],
)
def test_an_address_is_written_in_one_way(host: str, address: str) -> None:
    assert plain_address(host) == address


@pytest.mark.parametrize(
    ("address", "loopback"), [("", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::2", False)]
)
def test_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) == loopback


def test_an_address_lies_within_networks_of_its_own_kind() -> None:
    networks = [ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("2001:db8::/32")]
    assert within("192.0.2.77", networks)
    assert within("2001:db8::7", networks)
    assert not within("198.51.100.1", networks)
    assert not within("", networks)
    assert not within("192.0.2.77", [])


def test_a_log_line_leaves_out_what_is_unknown_and_quotes_what_is_not_plain() -> None:
    line = logfmt({"event": "session", "device": None, "name": "Ana's phone", "n": 3, "empty": "", "eq": "a=b"})
    assert line == """event=session name="Ana's phone" n=3 empty="" eq="a=b\""""


@given(st.text())
def test_no_value_forges_a_line_or_another_value(text: str) -> None:
    line = logfmt({"first": text, "last": 1})
    assert line.endswith(" last=1")
    assert line.isprintable() or " " in line
    assert not any(sign in line for sign in "\r\n\x00\x1b\u2028")
