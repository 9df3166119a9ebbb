"""Nasty messages go in by LMTP and come out by POP3 as they were, under the lines that the delivery put on top."""

import re

import pytest
from maildrop import Maildrop
from messages import Nasty, nasty_messages
from pop3_client import Pop3

each_message = pytest.mark.parametrize("nasty", nasty_messages(), ids=str)
TRACE = rb"(?:[\x21-\x39\x3B-\x7E]+:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)*"


def canonical(octets: bytes, line_end: bytes = rb"(?<!\r)\n") -> bytes:
    """Every bare LF, or every `line_end`, made a CRLF, and a CRLF at the end of what is not empty."""
    lines = re.sub(line_end, b"\r\n", octets)
    return lines if lines.endswith(b"\r\n") or not lines else lines + b"\r\n"


@pytest.fixture
def session(maildrop: Maildrop, nasty: Nasty) -> Pop3:
    """The message delivered and a session open; a skip where it was refused, as some may be."""
    lmtp = maildrop.target.lmtp()
    (reply,) = lmtp.deliver(nasty.octets, maildrop.account.recipient)
    lmtp.wire.close()
    if not reply.ok:
        assert not nasty.strict, f"refused: {reply}"
        assert reply.code >= 500, f"not refused for good, so the sender will try again: {reply}"
        maildrop.open(0).quit()
        pytest.skip(f"refused, as it may be: {reply}")
    return _open(maildrop, nasty.utf8)


@pytest.mark.must("RFC 5321 §4.5.2")
@each_message
def test_round_trip(session: Pop3, nasty: Nasty) -> None:
    """A nasty message comes out as it went in: trace lines on top, bare LF and CR perhaps made CRLF, nothing else."""
    received = canonical(session.retr(1))
    sent = canonical(nasty.octets)
    if not received.endswith(sent):
        sent = canonical(nasty.octets, rb"\r\n|\r|\n")
    assert received.endswith(sent), _difference(received, sent)
    on_top = received.removesuffix(sent)
    assert re.fullmatch(TRACE, on_top), f"not trace lines: {on_top[-200:]!r}"


@pytest.mark.must("RFC 1939 §11")
@each_message
def test_size(session: Pop3, nasty: Nasty) -> None:
    """LIST and STAT give a nasty message's octets exactly."""
    size = len(session.retr(1))
    assert session.sizes() == {1: size}
    assert session.stat() == (1, size)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("TOP")
@each_message
def test_top(session: Pop3, nasty: Nasty) -> None:
    """TOP of a nasty message gives its header and as many lines as were asked for."""
    whole = session.retr(1)
    assert session.top(1, 9_999_999) == whole
    lines = whole.split(b"\r\n")
    blank = lines.index(b"") if b"" in lines[:-1] else len(lines)
    for count in (0, 1, 3):
        wanted = b"".join(line + b"\r\n" for line in lines[:-1][: blank + 1 + count])
        assert session.top(1, count) in ({wanted} if blank < len(lines) else {wanted, wanted + b"\r\n"})


@pytest.mark.must("RFC 1939 §5")
def test_all_in_one_maildrop(maildrop: Maildrop) -> None:
    """All nasty messages that must be taken lie in one maildrop, and each is fetched and removed."""
    chosen = (nasty for nasty in nasty_messages() if nasty.strict and not nasty.utf8)
    messages = [nasty.octets for nasty in chosen if len(nasty.octets) < 400_000]
    session = maildrop.holding(*messages)
    received = session.everything()
    assert len(received) == len(messages)
    assert all(any(octets.endswith(canonical(message)) for octets in received.values()) for message in messages)
    for number in received:
        session.accepted(f"DELE {number}")
    session.quit()
    maildrop.open(0).quit()


def _open(maildrop: Maildrop, utf8: bool) -> Pop3:
    if not utf8 or not maildrop.target.announces("UTF8"):
        return maildrop.open(1)
    session = maildrop.target.ready()
    session.command("UTF8")
    assert maildrop.target.sign_in(session, maildrop.account).ok
    return session


def _difference(received: bytes, sent: bytes) -> str:
    """The last place where the two differ, in a few octets of each."""
    at = next((n for n, (a, b) in enumerate(zip(reversed(received), reversed(sent), strict=False)) if a != b), -1)
    if at < 0:
        return f"cut: {len(received)} octets received, {len(sent)} sent"
    near = [text[max(0, len(text) - at - 20) : len(text) - at + 20] for text in (received, sent)]
    return f"{at} octets before the end: received {near[0]!r}, sent {near[1]!r}"
