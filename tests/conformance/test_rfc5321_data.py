"""RFC 5321: where a message ends, and where it only looks as if it did."""

import contextlib
import time

import pytest
from maildrop import Maildrop, letter
from target import Target
from wire import ClosedError, stuff

NO_END = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CRLF . CR": b"\r\n.\r",
    "CR . CRLF": b"\r.\r\n",
    "LF . CR": b"\n.\r",
    "CR LF LF . LF": b"\r\n\n.\n",
    "NUL within": b"\r\n.\x00\r\n",
    "space within": b"\r\n. \r\n",
    "CRLF CRLF": b"\r\n\r\n",
}


@pytest.mark.must("RFC 5321 §4.1.1.4")
@pytest.mark.parametrize("false_end", NO_END.values(), ids=NO_END.keys())
def test_smuggling(maildrop: Maildrop, false_end: bytes) -> None:
    """Only CRLF . CRLF ends a message: what follows a lookalike is part of it, or the message is refused."""
    session = maildrop.target.lmtp()
    envelope = f"MAIL FROM:<evil@conformance.invalid>\r\nRCPT TO:<{maildrop.account.recipient}>\r\nDATA\r\n"
    smuggled = envelope.encode() + letter(b"Smuggled.\r\n")
    session.envelope(maildrop.account.recipient)
    session.expect("DATA", 354)
    session.wire.send(letter(b"Honest.") + false_end)
    time.sleep(0.05)
    session.wire.send(smuggled + b".\r\nNOSUCH\r\n")
    reply = session.reply()
    with contextlib.suppress(ClosedError):
        after = session.reply()
        assert after.code >= 500, f"the lookalike ended the message; what followed was answered by {after}"
    messages = maildrop.contents()
    assert len(messages) == (1 if reply.ok else 0)
    assert all(b"RCPT TO:<" in message and b"Smuggled." in message for message in messages)


@pytest.mark.must("RFC 5321 §4.5.2")
def test_end_split_at_every_octet(maildrop: Maildrop) -> None:
    """The closing CRLF . CRLF is seen wherever the segments part it, and a dot at a split is unstuffed."""
    session = maildrop.target.lmtp()
    message = letter(b"..\r\n.\r\n")
    octets = stuff(message)
    for back in range(1, 16):
        session.envelope(maildrop.account.recipient)
        session.expect("DATA", 354)
        session.wire.send(octets[:-back])
        time.sleep(0.01)
        session.wire.send(octets[-back:])
        assert session.reply().ok
    session.quit()
    assert all(received.endswith(message) for received in maildrop.open(15).everything().values())


@pytest.mark.must("RFC 5321 §4.5.2")
def test_octet_by_octet(maildrop: Maildrop) -> None:
    """A message that comes octet by octet arrives whole."""
    session = maildrop.target.lmtp()
    message = letter(b".\r\n..\r\nx.\r\n")
    session.envelope(maildrop.account.recipient)
    session.expect("DATA", 354)
    for octet in stuff(message):
        session.wire.send(bytes([octet]))
        time.sleep(0.001)
    assert session.reply().ok
    assert maildrop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 5321 §4.5.3.1.6")
@pytest.mark.parametrize("length", [998, 1000, 1001, 2048, 4096, 8192, 65536])
def test_line_lengths(maildrop: Maildrop, length: int) -> None:
    """A text line of 1,000 octets with its CRLF arrives; a longer one arrives whole, or the message is refused."""
    session = maildrop.target.lmtp()
    message = letter(b"x" * (length - 2) + b"\r\n.after\r\n")
    (reply,) = session.deliver(message, maildrop.account.recipient)
    assert reply.ok or (length > 1000 and reply.code >= 500)
    session.quit()
    messages = maildrop.contents()
    assert len(messages) == (1 if reply.ok else 0)
    assert all(received.endswith(message) for received in messages)


@pytest.mark.must("RFC 5321 §4.5.3.1.4")
@pytest.mark.parametrize("length", [512, 1000, 4096, 100_000])
def test_long_command(target: Target, length: int) -> None:
    """A command that is too long is refused, or ends the session; its tail is never a command."""
    session = target.lmtp()
    with contextlib.suppress(ClosedError):
        reply = session.command("NOOP " + "x" * length + "QUIT")
        assert reply.code in (250, 421) or reply.code >= 500, f"its tail was a command: {reply}"
        session.expect("NOOP", 250)
