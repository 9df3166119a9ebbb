"""RFC 1939: the optional commands TOP and UIDL."""

import re

import pytest
from maildrop import Maildrop, body_of, header_of, letter, number_of

BODY = b"one\r\n.two\r\n\r\n..four\r\n.\r\nsix\r\n"
LINES = 6


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@pytest.mark.parametrize("lines", range(LINES + 1))
def test_top(maildrop: Maildrop, lines: int) -> None:
    """TOP n gives the header, the blank line and n lines of the body."""
    session = maildrop.holding(letter(BODY))
    whole = session.retr(1)
    wanted = header_of(whole) + b"".join(body_of(whole).splitlines(keepends=True)[:lines])
    assert session.top(1, lines) == wanted


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@pytest.mark.parametrize("lines", [LINES + 1, 1000, 2**31, 2**32, 2**32 + 1], ids=str)
def test_top_of_more_than_there_is(maildrop: Maildrop, lines: int) -> None:
    """TOP with more lines than the body has gives the entire message."""
    session = maildrop.holding(letter(BODY))
    assert session.top(1, lines) == session.retr(1)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@pytest.mark.parametrize("lines", [0, 5])
def test_top_without_a_body(maildrop: Maildrop, lines: int) -> None:
    """TOP of a message without a body gives the entire message."""
    session = maildrop.holding(letter(b""))
    assert session.top(1, lines) == session.retr(1)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
def test_top_marks_nothing(maildrop: Maildrop) -> None:
    """TOP leaves the message, its size and its place as they are."""
    session = maildrop.holding(letter(BODY), letter(BODY))
    before = session.stat(), session.everything()
    session.top(1, 1)
    assert (session.stat(), session.everything()) == before


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
def test_top_of_a_deleted_message(maildrop: Maildrop) -> None:
    """TOP of a message marked as deleted is refused."""
    session = maildrop.holding(letter())
    session.accepted("DELE 1")
    session.refused("TOP 1 0")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids_of_an_empty_maildrop(maildrop: Maildrop) -> None:
    """UIDL of an empty maildrop is an empty listing, and UIDL 1 is refused."""
    session = maildrop.open(0)
    assert session.unique_ids() == {}
    session.refused("UIDL 1")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids(maildrop: Maildrop) -> None:
    """UIDL gives each message an id of its own, of 1 to 70 characters from 0x21 to 0x7E."""
    session = maildrop.holding(*(letter() for _ in range(5)))
    ids = session.unique_ids()
    assert list(ids) == [1, 2, 3, 4, 5]
    assert len(set(ids.values())) == 5


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_id_of_one(maildrop: Maildrop) -> None:
    """UIDL n answers, in one line, what UIDL says of message n, and no more."""
    session = maildrop.holding(*(letter() for _ in range(3)))
    for number, unique_id in session.unique_ids().items():
        assert session.accepted(f"UIDL {number}").text == b"%d %s" % (number, unique_id)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids_persist(maildrop: Maildrop) -> None:
    """A unique-id stays with its message over sessions, removals and arrivals."""
    kept = letter()
    session = maildrop.holding(letter(), kept, letter())
    number = number_of(session, kept)
    unique_id = session.unique_ids()[number]
    for other in {1, 2, 3} - {number}:
        session.accepted(f"DELE {other}")
    session.quit()
    maildrop.deliver(letter())
    session = maildrop.open(2)
    assert session.unique_ids()[number_of(session, kept)] == unique_id


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids_persist_after_a_dropped_line(maildrop: Maildrop) -> None:
    """Unique-ids persist though a session ended without UPDATE."""
    session = maildrop.holding(letter(), letter())
    ids = session.unique_ids()
    session.accepted("DELE 1")
    session.wire.drop()
    assert maildrop.open(2).unique_ids() == ids


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids_after_dele(maildrop: Maildrop) -> None:
    """UIDL leaves out what is marked as deleted and keeps the numbers and ids of the others."""
    session = maildrop.holding(letter(), letter(), letter())
    ids = session.unique_ids()
    session.accepted("DELE 2")
    assert session.unique_ids() == {1: ids[1], 3: ids[3]}
    session.refused("UIDL 2")
    assert session.accepted("UIDL 3").text == b"3 " + ids[3]
    session.accepted("RSET")
    assert session.unique_ids() == ids


@pytest.mark.should("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_ids_are_not_reused(maildrop: Maildrop) -> None:
    """A unique-id that belonged to a removed message is not given to another, not even to a copy of it."""
    message, used = letter(), set()
    for _ in range(3):
        session = maildrop.holding(message)
        (unique_id,) = session.unique_ids().values()
        assert unique_id not in used
        used.add(unique_id)
        session.accepted("DELE 1")
        session.quit()


@pytest.mark.should("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_twins(maildrop: Maildrop) -> None:
    """Two copies of one message are two messages, each with an id of its own."""
    message = letter()
    session = maildrop.holding(message, message)
    assert len(set(session.unique_ids().values())) == 2


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.announced("UIDL", "TOP")
@pytest.mark.parametrize("command", ["uidl", "UiDl 1", "top 1 0", "ToP 1 1"])
def test_keywords_ignore_case(maildrop: Maildrop, command: str) -> None:
    """TOP and UIDL are read in any case."""
    maildrop.holding(letter()).accepted(command)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_sender_cannot_choose_the_unique_id(maildrop: Maildrop) -> None:
    """An X-UIDL header line that the sender wrote twice does not make two messages one."""
    session = maildrop.holding(*(letter(header=b"X-UIDL: 0123456789abcdef\r\n") for _ in range(2)))
    assert len(set(session.unique_ids().values())) == 2


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("UIDL")
def test_unique_id_grammar(maildrop: Maildrop) -> None:
    """A line of the unique-id listing holds a number, one space and the id, and nothing behind it."""
    lines = maildrop.holding(letter(), letter()).lines("UIDL")
    assert all(re.fullmatch(rb"[12] [\x21-\x7E]{1,70}", line) for line in lines)
