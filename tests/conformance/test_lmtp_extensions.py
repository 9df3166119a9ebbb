"""The extensions of SMTP that LMTP takes over, each where the answer to LHLO offers it."""

import pytest
from lmtp_client import Lmtp
from maildrop import Maildrop, letter
from target import Target
from wire import stuff


@pytest.mark.must("RFC 2920 §3.2")
@pytest.mark.offered("PIPELINING")
def test_pipelining(maildrop: Maildrop, second: Maildrop) -> None:
    """Envelope and DATA in one segment, then two messages and QUIT in one segment, are answered in order."""
    session = maildrop.target.lmtp()
    one, two, unknown = maildrop.account.recipient, second.account.recipient, maildrop.target.unknown()
    session.wire.send(f"MAIL FROM:<>\r\nRCPT TO:<{one}>\r\nRCPT TO:<{unknown}>\r\nRCPT TO:<{two}>\r\nDATA\r\n".encode())
    assert [session.reply().code // 100 for _ in range(5)] == [2, 2, 5, 2, 3]
    message = letter()
    session.wire.send(stuff(message) + f"MAIL FROM:<>\r\nRCPT TO:<{one}>\r\nRSET\r\nQUIT\r\n".encode())
    assert [session.reply().code for _ in range(6)] == [250, 250, 250, 250, 250, 221]
    assert session.wire.rest() == b""
    for drop in (maildrop, second):
        assert drop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 2034 §4")
@pytest.mark.offered("ENHANCEDSTATUSCODES")
def test_enhanced_codes(maildrop: Maildrop) -> None:
    """Every 2yz, 4yz and 5yz reply after LHLO begins with an enhanced code of its class."""
    session = maildrop.target.lmtp()
    replies = [
        session.command("RCPT TO:<nobody@example.test>"),
        session.command("MAIL FROM:<sender@conformance.invalid>"),
        session.command(f"RCPT TO:<{maildrop.target.unknown()}>"),
        session.command(f"RCPT TO:<{maildrop.account.recipient}>"),
        session.command("NOSUCH"),
        *session.data(letter()),
        session.command("RSET"),
        session.command("NOOP"),
        session.quit(),
    ]
    for reply in replies:
        assert reply.enhanced is not None, reply
        assert reply.enhanced[0] == str(reply.code)[0], reply


@pytest.mark.must("RFC 6152 §3")
@pytest.mark.offered("8BITMIME")
@pytest.mark.parametrize("body", ["7BIT", "8BITMIME", "8bitmime"])
def test_body_parameter(target: Target, body: str) -> None:
    """MAIL takes BODY=7BIT and BODY=8BITMIME where 8BITMIME is offered."""
    target.lmtp().expect(f"MAIL FROM:<sender@conformance.invalid> BODY={body}", 250)


@pytest.mark.must("RFC 1870 §6.1")
@pytest.mark.offered("SIZE")
def test_size_parameter(target: Target) -> None:
    """MAIL takes a small SIZE, and refuses one above the announced limit with 552."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid> SIZE=1000", 250)
    session.expect("RSET", 250)
    limit = int((target.extensions["SIZE"] or ["0"])[0])
    if limit:
        session.expect(f"MAIL FROM:<sender@conformance.invalid> SIZE={limit + 1}", 552)


@pytest.mark.must("RFC 1870 §6.1")
@pytest.mark.offered("SIZE")
@pytest.mark.parametrize("size", ["", "x", "-1", "1x", "1" * 30], ids=["nothing", "letter", "-1", "1x", "30 digits"])
def test_malformed_size(target: Target, size: str) -> None:
    """A SIZE that is no number, or absurd, is refused with a permanent error."""
    assert target.lmtp().command(f"MAIL FROM:<sender@conformance.invalid> SIZE={size}").code >= 500


@pytest.mark.must("RFC 6531 §3.4")
@pytest.mark.offered("SMTPUTF8")
def test_smtputf8(maildrop: Maildrop) -> None:
    """Where SMTPUTF8 is offered, a sender in UTF-8 is taken, and the message arrives."""
    session, message = maildrop.target.lmtp(), letter()
    session.expect("MAIL FROM:<señora@conformance.invalid> SMTPUTF8", 250)
    session.expect(f"RCPT TO:<{maildrop.account.recipient}>", 250)
    assert session.data(message)[0].ok
    assert maildrop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 3030 §4.2")
@pytest.mark.offered("CHUNKING")
def test_chunking(maildrop: Maildrop, second: Maildrop) -> None:
    """BDAT chunks, split anywhere, make up one message, and BDAT LAST has one reply a recipient."""
    message = letter(b".dot\r\n.\r\nend\r\n")
    session = maildrop.target.lmtp()
    session.envelope(maildrop.account.recipient, second.account.recipient)
    for chunk in (message[:7], message[7:-3]):
        _bdat(session, chunk)
        assert session.reply().code == 250
    _bdat(session, message[-3:], " LAST")
    assert [session.reply().code for _ in range(2)] == [250, 250]
    session.quit()
    for drop in (maildrop, second):
        assert drop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 1939 §11")
@pytest.mark.offered("CHUNKING")
def test_no_last_line_end(maildrop: Maildrop) -> None:
    """A message that BDAT brought without a last line end comes out with one, and LIST counts it."""
    message = letter(b"The end")
    session = maildrop.target.lmtp()
    session.envelope(maildrop.account.recipient)
    _bdat(session, message, " LAST")
    assert session.reply().code == 250
    fetched = maildrop.open(1)
    received = fetched.retr(1)
    assert received.endswith(message + b"\r\n")
    assert fetched.sizes() == {1: len(received)}


def _bdat(session: Lmtp, chunk: bytes, last: str = "") -> None:
    session.wire.send(f"BDAT {len(chunk)}{last}\r\n".encode() + chunk)
