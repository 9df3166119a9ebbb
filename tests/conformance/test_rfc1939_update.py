"""RFC 1939: the UPDATE state, and every way of not getting there."""

import pytest
from maildrop import Maildrop, letter
from pop3_client import Pop3


def four() -> list[bytes]:
    """Four messages of four sizes."""
    return [letter(b"A line.\r\n" * lines) for lines in (1, 2, 3, 4)]


@pytest.mark.must("RFC 1939 §6")
def test_quit_removes_exactly_the_marked(maildrop: Maildrop) -> None:
    """QUIT removes the messages marked as deleted, and no other."""
    session = maildrop.holding(*four())
    before = session.everything()
    session.accepted("DELE 2")
    session.accepted("DELE 3")
    session.quit()
    assert sorted(maildrop.contents()) == sorted([before[1], before[4]])


@pytest.mark.must("RFC 1939 §4")
def test_numbers_are_given_anew(maildrop: Maildrop) -> None:
    """The next session numbers what is left from 1, without a gap."""
    session = maildrop.holding(*four())
    session.accepted("DELE 1")
    session.accepted("DELE 3")
    session.quit()
    assert list(maildrop.open(2).sizes()) == [1, 2]


@pytest.mark.must("RFC 1939 §6")
def test_quit_removes_nothing_unasked(maildrop: Maildrop) -> None:
    """QUIT without DELE removes nothing, read or unread."""
    session = maildrop.holding(*four())
    before = session.everything()
    session.quit()
    assert sorted(maildrop.contents()) == sorted(before.values())


@pytest.mark.must("RFC 1939 §6")
def test_rset_saves_from_quit(maildrop: Maildrop) -> None:
    """What RSET unmarked is still there after QUIT; what was marked after it is gone."""
    session = maildrop.holding(*four())
    before = session.everything()
    session.accepted("DELE 1")
    session.accepted("DELE 2")
    session.accepted("RSET")
    session.accepted("DELE 4")
    session.quit()
    assert sorted(maildrop.contents()) == sorted([before[1], before[2], before[3]])


@pytest.mark.must("RFC 1939 §6")
def test_quit_leaves_new_mail(maildrop: Maildrop) -> None:
    """QUIT after DELE of every message leaves what arrived during the session."""
    session = maildrop.holding(*four())
    late = letter(b"Late.\r\n")
    maildrop.deliver(late)
    for number in session.sizes():
        session.accepted(f"DELE {number}")
    session.quit()
    (left,) = maildrop.contents()
    assert left.endswith(late)


@pytest.mark.must("RFC 1939 §6")
@pytest.mark.parametrize("way", ["reset", "close", "half close", "half a QUIT", "QUIT without CRLF", "QUIT and CR"])
def test_dropped_line_removes_nothing(maildrop: Maildrop, way: str) -> None:
    """A session that ends without a QUIT, complete with its CRLF, removes nothing."""
    session = maildrop.holding(*four())
    before = session.everything()
    for number in before:
        session.accepted(f"DELE {number}")
    _drop(session, way)
    assert sorted(maildrop.contents()) == sorted(before.values())


@pytest.mark.must("RFC 1939 §6")
def test_line_dropped_within_a_message(maildrop: Maildrop) -> None:
    """A line dropped in the middle of RETR removes nothing, not even what was marked before."""
    large = letter(b"All of this is never read by anyone.\r\n" * 200_000)
    session = maildrop.holding(letter(), large)
    sizes = session.sizes()
    small, big = sorted(sizes, key=lambda number: sizes[number])
    session.accepted(f"DELE {small}")
    session.accepted(f"RETR {big}")
    session.wire.line()
    session.wire.drop()
    assert sorted(maildrop.open(2).sizes().values()) == sorted(sizes.values())


@pytest.mark.must("RFC 1939 §6")
def test_login_after_a_dropped_line(maildrop: Maildrop) -> None:
    """After a dropped line the next login is let in, within our patience."""
    session = maildrop.holding(*four())
    session.wire.drop()
    maildrop.open(4).quit()


@pytest.mark.must("RFC 1939 §6")
def test_quit_twice(maildrop: Maildrop) -> None:
    """A command after QUIT, in the same segment, is not answered."""
    session = maildrop.holding(*four())
    session.wire.send(b"QUIT\r\nDELE 1\r\nQUIT\r\n")
    assert session.reply().ok
    assert session.wire.rest() == b""
    maildrop.open(4).quit()


def _drop(session: Pop3, way: str) -> None:
    unfinished = {"half a QUIT": b"QU", "QUIT without CRLF": b"QUIT", "QUIT and CR": b"QUIT\r"}
    session.wire.send(unfinished.get(way, b""))
    if way == "reset":
        session.wire.drop()
        return
    if way != "close":
        session.wire.stop_sending()
        session.wire.rest()
    session.wire.close()
