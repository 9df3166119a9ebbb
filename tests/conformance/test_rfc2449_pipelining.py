"""RFC 2449: many commands in a segment, and one command in many segments."""

import time

import pytest
from maildrop import Maildrop, letter
from pop3_client import Pop3
from target import Target


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING", "USER")
def test_whole_session_in_one_segment(target: Target) -> None:
    """A session sent in one segment, login and all, is answered command by command."""
    session = target.ready()
    who = target.account
    session.wire.send(f"USER {who.name}\r\nPASS {who.password}\r\nSTAT\r\nNOOP\r\nQUIT\r\n".encode())
    replies = [session.reply() for _ in range(5)]
    assert [reply.ok for reply in replies] == [True] * 5
    assert len(replies[2].text.split()) >= 2
    assert session.wire.rest() == b""


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING")
def test_replies_keep_their_order(maildrop: Maildrop) -> None:
    """Replies come in the order of their commands, refusals among them."""
    messages = [letter(b"line\r\n" * count) for count in range(1, 21)]
    session = maildrop.holding(*messages)
    sizes = session.sizes()
    session.wire.send(b"".join(b"LIST %d\r\nNOSUCH\r\nRETR %d\r\n" % (number, number) for number in sizes))
    for number, size in sizes.items():
        assert session.reply().text.split(b" ")[:2] == [b"%d" % number, b"%d" % size]
        assert not session.reply().ok
        assert session.reply().ok
        assert len(session.wire.block()) == size


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING")
def test_hundreds_of_commands(target: Target) -> None:
    """Five hundred commands in one segment have five hundred replies."""
    session = target.login()
    stat = b"%d %d" % session.stat()
    session.wire.send(b"NOOP\r\nSTAT\r\n" * 250)
    replies = [session.reply() for _ in range(500)]
    assert all(reply.ok for reply in replies)
    assert all(reply.text.startswith(stat) for reply in replies[1::2])
    session.quit()


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING")
def test_fetch_and_remove_in_one_segment(maildrop: Maildrop) -> None:
    """RETR, DELE and QUIT in one segment fetch and remove."""
    session = maildrop.holding(letter(), letter(), letter())
    sizes = session.sizes()
    session.wire.send(b"".join(b"RETR %d\r\nDELE %d\r\n" % (number, number) for number in sizes) + b"QUIT\r\n")
    for size in sizes.values():
        assert session.reply().ok
        assert len(session.wire.block()) == size
        assert session.reply().ok
    assert session.reply().ok
    assert session.wire.rest() == b""
    maildrop.open(0).quit()


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING")
def test_large_replies_wait_for_the_reader(maildrop: Maildrop) -> None:
    """Forty large messages asked for at once come whole to a client that reads late."""
    message = letter(b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd\r\n" * 8192)
    session = maildrop.holding(message)
    (size,) = session.sizes().values()
    session.wire.send(b"RETR 1\r\n" * 40)
    time.sleep(1)
    for _ in range(40):
        assert session.reply().ok
        assert len(session.wire.block()) == size
    session.accepted("NOOP")


@pytest.mark.must("RFC 1939 §3")
def test_one_octet_at_a_time(maildrop: Maildrop) -> None:
    """Commands that come octet by octet are read as if they had come whole."""
    session = maildrop.holding(letter())
    whole = session.retr(1)
    for command in (b"STAT\r\n", b"RETR 1\r\n", b"NOOP\r\n"):
        for index in range(len(command)):
            session.wire.send(command[index : index + 1])
            time.sleep(0.005)
        assert session.reply().ok
        if command.startswith(b"RETR"):
            assert session.wire.block() == whole
    session.quit()


@pytest.mark.must("RFC 2449 §6.6")
@pytest.mark.announced("PIPELINING")
def test_split_at_every_octet(maildrop: Maildrop) -> None:
    """Three commands in two segments are three commands, wherever the split lies."""
    session = maildrop.holding(letter())
    size = session.sizes()[1]
    commands = b"LIST 1\r\nNOSUCH\r\nSTAT\r\n"
    for split in range(1, len(commands)):
        session.wire.send(commands[:split])
        time.sleep(0.01)
        session.wire.send(commands[split:])
        assert _three_replies(session) == [(True, size), (False, None), (True, size)]
    session.quit()


def _three_replies(session: Pop3) -> list[tuple[bool, int | None]]:
    replies = [session.reply() for _ in range(3)]
    return [(reply.ok, int(reply.text.split(b" ")[1]) if reply.ok else None) for reply in replies]
