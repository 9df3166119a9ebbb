"""What a client may cost that is slow, long or endless, cap by cap; those of connections are in test_limits.py."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service import lmtp
from pop3service.client import LONGEST_LINE
from pop3service.requests import Code, LoggedIn, Reason, Refused, ScramKeys, ScramLookup
from pop3service.sasl import MECHANISMS, Challenge, Channel, SaslError
from pop3service.signals import CLOSE, Farewell
from tests.protocol.scripted import Wire
from tests.protocol.test_lmtp import HOST

ROUNDS = 3  # challenges of one exchange at most: LOGIN asks twice, SCRAM answers twice, a token's refusal once


def test_a_line_without_end_is_held_to_its_cap_and_the_next_one_counts() -> None:
    wire = Wire()
    for _ in range(200):
        wire.send(b"A" * 5000)
        assert len(wire.session.client.lines) <= LONGEST_LINE + 5000
    said = wire.send(b"\r\nNOOP\r\n")
    assert said.startswith(b"-ERR")
    assert wire.signal is not CLOSE


def test_who_writes_octet_by_octet_costs_one_line() -> None:
    wire = Wire()
    for octet in b"AUTH PLAIN " + b64encode(b"x" * 9000):
        wire.send(bytes([octet]))
        assert len(wire.session.client.lines) <= LONGEST_LINE


def test_commands_that_are_none_come_to_an_end() -> None:
    wire = Wire()
    sent = 0
    while wire.signal is not CLOSE:
        wire.send(b"GET / HTTP/1.1\r\n")
        sent += 1
        assert sent < 20


@pytest.mark.parametrize("name", sorted(MECHANISMS))
@given(answers=st.lists(st.binary(max_size=40), min_size=12, max_size=12), refused=st.booleans())
def test_no_exchange_has_more_rounds_than_a_few(name: str, answers: list[bytes], refused: bool) -> None:
    exchange = MECHANISMS[name](Channel())
    script, rounds, value = iter(answers), 0, None
    try:
        while True:
            step = exchange.send(value)
            if isinstance(step, Challenge):
                rounds += 1
                value = next(script)
            elif isinstance(step, ScramLookup):
                value = ScramKeys(b"salt", 4096, [])
            else:
                value = Refused(Code.AUTH, Reason.WRONG_PASSWORD) if refused else LoggedIn(0, 0)
    except (StopIteration, SaslError):
        pass
    assert rounds <= ROUNDS


@pytest.mark.parametrize("why", list(Farewell))
def test_every_farewell_has_last_words_in_lmtp_too(why: Farewell) -> None:
    assert b"421 4." in lmtp.Session(HOST).farewell(why)
