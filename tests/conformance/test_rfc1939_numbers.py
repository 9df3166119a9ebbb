"""RFC 1939: what is no message number, and what is no number of lines."""

import pytest
from maildrop import Maildrop, letter
from pop3_client import Pop3

NO_MESSAGE = {
    "zero": "0",
    "negative": "-1",
    "one too many": "3",
    "large": "999999999",
    "2^31": "2147483648",
    "2^32": "4294967296",
    "2^32 + 1": "4294967297",
    "2^64 + 1": "18446744073709551617",
    "200 digits": "1" * 200,
    "letters": "one",
    "digits, then letters": "1x",
    "digits, then a dot": "1.0",
    "plus sign": "+1",
    "hexadecimal": "0x1",
    "exponent": "1e0",
    "fullwidth digit": "\N{FULLWIDTH DIGIT ONE}",
    "range": "1-2",
    "list": "1,2",
    "two numbers": "1 2",
    "number and noise": "1 please",
    "star": "*",
}
anything_but_a_number = pytest.mark.parametrize("number", NO_MESSAGE.values(), ids=NO_MESSAGE.keys())


@pytest.fixture
def session(maildrop: Maildrop) -> Pop3:
    """A session with two messages."""
    return maildrop.holding(letter(), letter())


@pytest.mark.must("RFC 1939 §5")
@anything_but_a_number
def test_retr(session: Pop3, number: str) -> None:
    """RETR is refused without the number of a message."""
    _refused_without_effect(session, f"RETR {number}")


@pytest.mark.must("RFC 1939 §5")
@anything_but_a_number
def test_dele(session: Pop3, number: str) -> None:
    """DELE is refused without the number of a message, and marks none."""
    _refused_without_effect(session, f"DELE {number}")


@pytest.mark.must("RFC 1939 §5")
@anything_but_a_number
def test_list(session: Pop3, number: str) -> None:
    """LIST with an argument is refused without the number of a message."""
    _refused_without_effect(session, f"LIST {number}")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
@anything_but_a_number
def test_uidl(session: Pop3, number: str) -> None:
    """UIDL with an argument is refused without the number of a message."""
    _refused_without_effect(session, f"UIDL {number}")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@anything_but_a_number
def test_top(session: Pop3, number: str) -> None:
    """TOP is refused without the number of a message and a number of lines."""
    _refused_without_effect(session, f"TOP {number} 1")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@pytest.mark.parametrize("lines", ["-1", "x", "1x", "+1", "0x1", "1 2", "*"])
def test_top_lines(session: Pop3, lines: str) -> None:
    """TOP is refused without a non-negative number of lines."""
    _refused_without_effect(session, f"TOP 1 {lines}")


@pytest.mark.must("RFC 1939 §5")
@pytest.mark.parametrize("command", ["RETR", "DELE"])
def test_number_missing(session: Pop3, command: str) -> None:
    """RETR and DELE are refused without a number."""
    _refused_without_effect(session, command)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@pytest.mark.parametrize("command", ["TOP", "TOP 1"])
def test_top_arguments_missing(session: Pop3, command: str) -> None:
    """TOP is refused unless it has both its arguments."""
    _refused_without_effect(session, command)


def _refused_without_effect(session: Pop3, command: str) -> None:
    before = session.stat(), session.sizes()
    session.refused(command)
    assert (session.stat(), session.sizes()) == before
    session.quit()
