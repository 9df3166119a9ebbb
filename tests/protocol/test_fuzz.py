"""Octets that nobody would send, for as long as FUZZ_SECONDS says: no fault, no endless work, no reply out of shape.

A finding names its seed; FUZZ_SEED=seed FUZZ_SECONDS=0 runs that one conversation again.
"""

import os
import random
import re
import time
from collections.abc import Callable
from itertools import count

import pytest

from pop3service import dovecot_auth, lmtp, policy
from pop3service.requests import (
    Code,
    Finish,
    LoggedIn,
    Login,
    Reason,
    Refused,
    ScramFailed,
    ScramKeys,
    ScramLookup,
    TokenLogin,
    Unavailable,
)
from pop3service.rules import Peer, Rules, Tls
from pop3service.signals import CLOSE, NEED_DATA, START_TLS, Farewell
from tests.protocol.scripted import NAME, SECRET, Store, Wire
from tests.protocol.test_dovecot_auth import ANA, HELLO, IDENTITY, MECHANISMS, PLAIN
from tests.protocol.test_lmtp import HOST
from tests.protocol.test_lmtp import Store as LmtpStore

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]

SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
SEED = os.environ.get("FUZZ_SEED")
EVENTS_AT_MOST = 20_000  # of one conversation: it has ended long before, or it never will

POP3 = [
    *[b"CAPA\r\n", b"STLS\r\n", b"UTF8\r\n", b"LANG\r\n", b"LANG es\r\n", b"LANG *\r\n", b"QUIT\r\n", b"\r\n"],
    *[b"STAT\r\n", b"LIST\r\n", b"UIDL\r\n", b"RSET\r\n", b"NOOP\r\n", b"LIST 1\r\n", b"UIDL 2\r\n"],
    *[b"RETR 1\r\n", b"RETR 2\r\n", b"RETR 3\r\n", b"TOP 1 1\r\n", b"TOP 3 0\r\n", b"DELE 1\r\n", b"DELE 3\r\n"],
    *[b"AUTH\r\n", b"AUTH PLAIN\r\n", b"AUTH LOGIN\r\n", b"AUTH SCRAM-SHA-256 biwsbj1hLHI9Yg==\r\n"],
    *[b"AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==\r\n", b"*\r\n", b"=\r\n", b"AGEAYg==\r\n"],
    *[f"USER {NAME}\r\n".encode(), f"PASS {SECRET}\r\n".encode()],
]
LMTP = [
    *[b"LHLO a.example\r\n", b"MAIL FROM:<>\r\n", b"MAIL FROM:<a@b.example> SIZE=9 BODY=8BITMIME SMTPUTF8\r\n"],
    *[b"RCPT TO:<ana@example.org>\r\n", b"RCPT TO:<full@example.org>\r\n", b"RCPT TO:<nobody@example.org>\r\n"],
    *[
        b"DATA\r\n",
        b"Subject: x\r\n\r\n",
        b"..\r\n",
        b".\r\n",
        b"\r\n.\r\n",
        b"\n.\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"VRFY\r\n",
        b"QUIT\r\n",
    ],
]
DOVECOT = [
    *[HELLO, b"VERSION\t1\t2\n", b"CPID\t7\n", b"CANCEL\t1\n", b"CONT\t1\t" + ANA + b"\n", b"CONT\t2\t\n"],
    *[PLAIN % (1, ANA), PLAIN % (2, b"="), b"AUTH\t1\tLOGIN\tservice=smtp\tsecured\n", b"AUTH\t3\tPLAIN\tresp=\n"],
    *[b"AUTH\t4\tSCRAM-SHA-256\tservice=smtp\tresp=biwsbj1hLHI9Yg==\n"],
]
POLICY = [
    *[b"request=smtpd_access_policy\n", b"protocol_state=RCPT\n", b"protocol_state=END-OF-MESSAGE\n", b"\n", b"\n"],
    *[b"sasl_username=ana@example.org\n", b"sender=ana@example.org\n", b"recipient_count=3\n", b"=\n", b"size=0\n"],
]
ODD = [
    b"\0",
    b"\r",
    b"\n",
    b"\t",
    b" ",
    b"\xff",
    b"\xc3\xa9",
    b".",
    b"9" * 400,
    b"A" * 20_000,
    b"+",
    b"-1",
    b"=",
    b"\1",
]


def mutated(source: random.Random, words: list[bytes]) -> bytes:
    """Return words of a protocol in any order, here and there cut, doubled, or with something odd in them."""
    pieces = [source.choice(words) for _ in range(source.randint(1, 30))]
    for _ in range(source.choice([0, 0, 1, 2, 6])):
        place = source.randrange(len(pieces))
        piece = pieces[place]
        cut = source.randint(0, len(piece))
        pieces[place] = source.choice(
            [piece[:cut] + source.choice(ODD) + piece[cut:], piece[:cut], piece[cut:], piece * 3, source.randbytes(cut)]
        )
    return b"".join(pieces)


def split(source: random.Random, data: bytes) -> list[bytes]:
    """Cut octets as a network might."""
    cuts = sorted(source.randint(0, len(data)) for _ in range(source.choice([0, 1, 3, 12])))
    return [data[first:last] for first, last in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def fuzz(conversation: Callable[[random.Random], None]) -> int:
    """Have conversations until the time is over, at least one; return how many there were."""
    until = time.monotonic() + SECONDS
    for number in count(int(SEED or 0)):
        try:
            conversation(random.Random(number))
        except BaseException as error:
            error.add_note(f"FUZZ_SEED={number}")
            raise
        if time.monotonic() >= until:
            return number
    raise AssertionError


class AnyStore(Store):
    """Knows of SCRAM and tokens too, and now and then refuses."""

    def __init__(self, source: random.Random) -> None:
        super().__init__(
            messages=[b"Subject: a\r\n\r\n.\r\n..b\r\n", b"", b"x: y\r\n\r\n" + b"z" * 300 + b"\r\n"],
            piece=source.randint(1, 90),
        )
        self.source = source
        if source.random() < 0.3:  # a domain that keeps headers in ASCII
            self.instead = {Login: LoggedIn(3, 999, downgrades=True)}

    def answer(self, request: object) -> object:
        match request:
            case ScramLookup():
                return ScramKeys(b"salt", 4096, [])
            case ScramFailed() | TokenLogin():
                return Refused(Code.AUTH, Reason.SCRAM_FAILED)
            case Login() if self.source.random() < 0.1:
                return Refused(Code.SYS_TEMP, Reason.OVERLOADED)
        return super().answer(request)


STATUS = re.compile(rb"(\+OK|-ERR|\+ )[^\r\n\0]*\r\n")


def pop3_conversation(source: random.Random) -> None:
    """What a client reads from the first octet on is whole lines; every reply begins as one does."""
    rules = Rules("mail.example.org", mechanisms=("SCRAM-SHA-256", "XOAUTH2", "PLAIN", "LOGIN"))
    wire = Wire(AnyStore(source), rules, Peer("192.0.2.7", tls=source.choice([None, Tls("TLSv1.3")])))
    if wire.session.client.may_send_passwords and source.random() < 0.6:
        wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    for piece in split(source, mutated(source, POP3)):
        said = wire.send(piece)
        assert not said or STATUS.match(said) or wire.session.state.name in ("TRANSACTION", "CLOSED"), said
        assert said.count(b"\n") == said.count(b"\r\n")
        if wire.signal is START_TLS:
            wire.session.unread()
            wire.session.tls_started(Tls("TLSv1.3"))
        if wire.signal is CLOSE:
            break
    finished = getattr(wire.store, "finished", None)
    wire.session.farewell(source.choice(list(Farewell)))
    assert isinstance(wire.session.lost(), list)
    assert finished is None or isinstance(finished, Finish)


def lmtp_conversation(source: random.Random) -> None:
    session, store = lmtp.Session(HOST), LmtpStore()
    store.ready = source.random() < 0.9
    for piece in split(source, mutated(source, LMTP)):
        session.receive(piece)
        for _ in range(EVENTS_AT_MOST):
            event = session.next_event()
            if event is CLOSE or event is NEED_DATA:
                break
            if isinstance(event, bytes):
                assert re.fullmatch(rb"([2345]\d\d[ -][^\r\n]*\r\n)*", event), event
            else:
                session.answer(store.answer(event))
        else:
            raise AssertionError("it does not come to an end")
        if event is CLOSE:
            break
    session.farewell(source.choice(list(Farewell)))


def dovecot_conversation(source: random.Random) -> None:
    session = dovecot_auth.Session(MECHANISMS, IDENTITY)
    session.receive(HELLO)
    for piece in split(source, mutated(source, DOVECOT)):
        session.receive(piece)
        for _ in range(EVENTS_AT_MOST):
            event = session.next_event()
            if event is CLOSE or event is NEED_DATA:
                break
            if isinstance(event, dovecot_auth.Asked):
                session.answer(dovecot_auth.Answered(event, dovecot_answer(source, event)))
            else:
                assert event.endswith(b"\n")  # type: ignore[union-attr]
        else:
            raise AssertionError("it does not come to an end")
        if event is CLOSE:
            return


def dovecot_answer(source: random.Random, asked: dovecot_auth.Asked) -> object:
    if isinstance(asked.request, ScramLookup):
        return ScramKeys(b"salt", 4096, [])
    return source.choice([dovecot_auth.Granted("ana"), Refused(Code.AUTH, Reason.WRONG_PASSWORD)])


def policy_conversation(source: random.Random) -> None:
    """Whatever Postfix sends, each answer is one action and an empty line."""
    session = policy.Session()
    for piece in split(source, mutated(source, POLICY)):
        session.receive(piece)
        for _ in range(EVENTS_AT_MOST):
            event = session.next_event()
            if event is CLOSE or event is NEED_DATA:
                break
            if isinstance(event, bytes):
                assert re.fullmatch(rb"(action=[ -~]+\n\n)+", event), event
            else:
                session.answer(source.choice([policy.Allowed(), policy.NotAllowed(Reason.SUSPENDED), Unavailable()]))
        else:
            raise AssertionError("it does not come to an end")
        if event is CLOSE:
            return


CONVERSATIONS = [pop3_conversation, lmtp_conversation, dovecot_conversation, policy_conversation]


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_octets_that_nobody_would_send(conversation: Callable[[random.Random], None]) -> None:
    assert fuzz(conversation) >= int(SEED or 0)


def test_the_words_of_the_fuzz_are_understood() -> None:
    """Unharmed they open a maildrop, deliver and sign in: else the fuzz would knock at closed doors alone."""
    wire = Wire(AnyStore(random.Random(1)))
    assert isinstance(wire.store.log_in(NAME, SECRET), LoggedIn)
    assert wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\nRETR 1\r\n".encode()).count(b"+OK") == 3
