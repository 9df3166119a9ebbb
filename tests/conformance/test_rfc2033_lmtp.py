"""RFC 2033: LMTP, with what it takes over from SMTP (RFC 5321) and its extensions."""

import pytest
from lmtp_client import Reply
from maildrop import Maildrop, body_of, letter
from target import Target
from wire import stuff


@pytest.mark.must("RFC 2033 §4.1")
@pytest.mark.parametrize("command", ["HELO conformance.invalid", "EHLO conformance.invalid"])
def test_smtp_greetings(target: Target, command: str) -> None:
    """HELO and EHLO have no positive reply."""
    assert target.lmtp_greeted().command(command).code >= 500


@pytest.mark.should("RFC 2033 §4.1")
@pytest.mark.parametrize("command", ["HELO conformance.invalid", "EHLO conformance.invalid"])
def test_smtp_greetings_are_unknown(target: Target, command: str) -> None:
    """HELO and EHLO are refused with 500."""
    assert target.lmtp_greeted().command(command).code == 500


@pytest.mark.must("RFC 2033 §5")
@pytest.mark.parametrize("keyword", ["PIPELINING", "ENHANCEDSTATUSCODES"])
def test_required_extensions(target: Target, keyword: str) -> None:
    """The answer to LHLO offers PIPELINING and ENHANCEDSTATUSCODES."""
    assert keyword in target.extensions


@pytest.mark.should("RFC 2033 §5")
def test_8bitmime(target: Target) -> None:
    """The answer to LHLO offers 8BITMIME."""
    assert "8BITMIME" in target.extensions


@pytest.mark.must("RFC 5321 §4.1.1")
@pytest.mark.parametrize("command", ["lhlo conformance.invalid", "Lhlo conformance.invalid", "noop", "RsEt", "quit"])
def test_keywords_ignore_case(target: Target, command: str) -> None:
    """Keywords are read in any case."""
    assert target.lmtp_greeted().command(command).ok


@pytest.mark.must("RFC 5321 §4.1.1.1")
def test_lhlo_needs_a_name(target: Target) -> None:
    """LHLO without a name is refused with a permanent error."""
    assert target.lmtp_greeted().command("LHLO").code >= 500


@pytest.mark.should("RFC 5321 §4.1.4")
def test_lhlo_comes_first(target: Target) -> None:
    """MAIL is refused before LHLO."""
    assert target.lmtp_greeted().command("MAIL FROM:<>").code >= 500


@pytest.mark.must("RFC 2033 §4.2")
def test_one_reply_a_recipient(maildrop: Maildrop, second: Maildrop) -> None:
    """After the dot comes one reply for each recipient accepted, in order, and none for those refused."""
    session, message = maildrop.target.lmtp(), letter()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    session.expect(f"RCPT TO:<{second.account.recipient}>", 250)
    assert not session.command(f"RCPT TO:<{maildrop.target.unknown()}>").ok
    session.expect(f"RCPT TO:<{maildrop.account.recipient}>", 250)
    replies = session.data(message, 2)
    assert [reply.ok for reply in replies] == [True, True]
    _in_order(replies, second.account.recipient, maildrop.account.recipient)
    session.quit()
    for drop in (maildrop, second):
        assert drop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 2033 §4.2")
def test_same_recipient_twice(maildrop: Maildrop) -> None:
    """A recipient named twice has two replies, and the message."""
    session, message = maildrop.target.lmtp(), letter()
    recipient = maildrop.account.recipient
    replies = session.deliver(message, recipient, recipient)
    assert all(reply.ok for reply in replies)
    session.quit()
    contents = maildrop.contents()
    assert 1 <= len(contents) <= 2
    assert all(octets.endswith(message) for octets in contents)


@pytest.mark.must("RFC 2033 §4.2")
@pytest.mark.parametrize("recipients", ["none", "all refused"])
def test_data_without_recipients(target: Target, recipients: str) -> None:
    """DATA is refused with 503 where no recipient was accepted."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    if recipients == "all refused":
        assert not session.command(f"RCPT TO:<{target.unknown()}>").ok
    session.expect("DATA", 503)
    session.expect("RSET", 250)


@pytest.mark.must("RFC 5321 §4.1.4")
@pytest.mark.parametrize(
    "commands", [["RCPT TO:<{recipient}>"], ["DATA"], ["MAIL FROM:<>"] * 2], ids=["RCPT", "DATA", "MAIL"]
)
def test_order_of_commands(target: Target, commands: list[str]) -> None:
    """RCPT and DATA before MAIL, and MAIL within a transaction, are refused with 503."""
    session = target.lmtp()
    *before, last = [command.format(recipient=target.account.recipient) for command in commands]
    for command in before:
        session.expect(command, 250)
    session.expect(last, 503)


@pytest.mark.must("RFC 5321 §3.3")
def test_unknown_recipient(target: Target) -> None:
    """An unknown recipient is refused at RCPT with a permanent error."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    assert 550 <= session.command(f"RCPT TO:<{target.unknown()}>").code < 560


@pytest.mark.should("RFC 5321 §4.2.3")
def test_unknown_recipient_is_550(target: Target) -> None:
    """An unknown recipient is refused with 550, and where enhanced codes are offered with 5.1.1."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    reply = session.expect(f"RCPT TO:<{target.unknown()}>", 550)
    assert reply.enhanced == "5.1.1" or "ENHANCEDSTATUSCODES" not in target.extensions


@pytest.mark.must("RFC 5321 §3.3")
def test_recipient_elsewhere(target: Target) -> None:
    """A recipient in a domain that is not served here is refused."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    assert session.command("RCPT TO:<someone@not-served-here.invalid>").code >= 500


@pytest.mark.must("RFC 5321 §4.1.1.3")
@pytest.mark.parametrize(
    "path",
    ["", "<", "<>", "<@>", "< >", "<{recipient}", "<\x00@example.test>", "<" + "a" * 5000 + "@example.test>"],
    ids=["nothing", "bracket", "null", "at", "space", "unclosed", "NUL", "5,000 octets"],
)
def test_malformed_recipient(target: Target, path: str) -> None:
    """A malformed recipient is refused, and the transaction goes on."""
    session = target.lmtp()
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    assert session.command("RCPT TO:" + path.format(recipient=target.account.recipient)).code >= 500
    session.expect(f"RCPT TO:<{target.account.recipient}>", 250)


@pytest.mark.must("RFC 5321 §4.1.1.2")
@pytest.mark.parametrize(
    "path",
    ["", "<", "<unclosed@conformance.invalid", "<a b@conformance.invalid>"],
    ids=["nothing", "bracket", "unclosed", "space within"],
)
def test_malformed_sender(target: Target, path: str) -> None:
    """A malformed sender is refused, and a right one is taken after it."""
    session = target.lmtp()
    assert session.command("MAIL FROM:" + path).code >= 500
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)


@pytest.mark.must("RFC 5321 §4.5.5")
def test_null_sender(maildrop: Maildrop) -> None:
    """The null sender, which bounces have, is accepted, and the message arrives."""
    session, message = maildrop.target.lmtp(), letter()
    session.envelope(maildrop.account.recipient, sender="")
    assert session.data(message)[0].ok
    assert maildrop.open(1).retr(1).endswith(message)


@pytest.mark.must("RFC 5321 §4.4")
@pytest.mark.parametrize("sender", ["sender@conformance.invalid", ""], ids=["sender", "null sender"])
def test_return_path(maildrop: Maildrop, sender: str) -> None:
    """The envelope's sender stands in a Return-Path line that the server put on top."""
    session, message = maildrop.target.lmtp(), letter()
    session.envelope(maildrop.account.recipient, sender=sender)
    assert session.data(message)[0].ok
    trace = maildrop.open(1).retr(1)[: -len(message)]
    assert trace.count(b"Return-Path:") == 1
    assert f"Return-Path: <{sender}>\r\n".encode() in trace


@pytest.mark.must("RFC 5321 §4.1.1.5")
def test_rset(maildrop: Maildrop) -> None:
    """RSET ends a transaction: its recipients get nothing, and the next one begins anew."""
    session = maildrop.target.lmtp()
    session.envelope(maildrop.account.recipient)
    session.expect("RSET", 250)
    session.expect("DATA", 503)
    assert session.deliver(letter(), maildrop.account.recipient)[0].ok
    session.quit()
    maildrop.open(1).quit()


@pytest.mark.must("RFC 5321 §4.1.4")
def test_lhlo_again(maildrop: Maildrop) -> None:
    """LHLO within a transaction ends it as RSET does."""
    session = maildrop.target.lmtp()
    session.envelope(maildrop.account.recipient)
    session.lhlo()
    session.expect("DATA", 503)


@pytest.mark.must("RFC 5321 §4.1.1.9")
def test_noop(target: Target) -> None:
    """NOOP is accepted at any time and changes nothing."""
    session = target.lmtp()
    session.expect("NOOP", 250)
    session.envelope(target.account.recipient)
    session.expect("NOOP", 250)
    session.expect("DATA", 354)


@pytest.mark.must("RFC 5321 §4.2.4")
@pytest.mark.parametrize(
    "command",
    ["NOSUCH", "", "X" * 300, "\x00", "MAILFROM:<>"],
    ids=["NOSUCH", "empty line", "300 octets", "NUL", "MAILFROM"],
)
def test_unknown_command(target: Target, command: str) -> None:
    """An unknown command is refused with a permanent error, and the session goes on."""
    session = target.lmtp()
    assert session.command(command).code >= 500
    session.expect("NOOP", 250)


@pytest.mark.must("RFC 5321 §4.1.1.10")
def test_quit(target: Target) -> None:
    """QUIT has 221, and the server closes."""
    target.lmtp().quit()


@pytest.mark.must("RFC 5321 §4.1.1.10")
@pytest.mark.parametrize("end", ["QUIT", "dropped line", "dropped within the message", "closed before the dot"])
def test_unfinished_transaction(maildrop: Maildrop, end: str) -> None:
    """A transaction without its closing dot delivers nothing."""
    session = maildrop.target.lmtp()
    session.envelope(maildrop.account.recipient)
    if end == "QUIT":
        session.quit()
    elif end == "dropped line":
        session.wire.drop()
    else:
        session.expect("DATA", 354)
        session.wire.send(stuff(letter())[: -len(b".\r\n")])
        if end == "closed before the dot":
            session.wire.stop_sending()
            session.wire.rest()
        else:
            session.wire.drop()
    maildrop.open(0).quit()


@pytest.mark.must("RFC 2033 §4.2")
def test_many_messages_a_session(maildrop: Maildrop) -> None:
    """One session delivers many messages, each once, in the order in which they came."""
    messages = [letter(b"%d\r\n" % number) for number in range(20)]
    session = maildrop.holding(*messages)
    received = session.everything()
    assert [body_of(received[number]) for number in sorted(received)] == [body_of(message) for message in messages]


@pytest.mark.must("RFC 5321 §4.1.1.11")
def test_unknown_parameter(target: Target) -> None:
    """MAIL and RCPT refuse a parameter that was not offered with a permanent error."""
    session = target.lmtp()
    assert session.command("MAIL FROM:<sender@conformance.invalid> X-NOSUCH=1").code >= 500
    session.expect("MAIL FROM:<sender@conformance.invalid>", 250)
    assert session.command(f"RCPT TO:<{target.account.recipient}> X-NOSUCH=1").code >= 500


def _in_order(replies: list[Reply], *recipients: str) -> None:
    """Where a reply names a recipient, it is the one whose turn it is."""
    for reply, recipient in zip(replies, recipients, strict=True):
        others = set(recipients) - {recipient}
        assert not any(other in str(reply) for other in others) or recipient in str(reply), reply
