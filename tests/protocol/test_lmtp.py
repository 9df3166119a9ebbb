"""The LMTP machine: bytes in, replies and requests out (RFC 2033, RFC 5321, RFC 1870, RFC 2034, RFC 6531)."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.envelope import Envelope
from pop3service.lmtp import Session
from pop3service.lmtp_requests import Abort, Begin, Chunk, End, FindRecipients, Verdict
from pop3service.lmtp_rules import LINE_OCTETS, Rules
from pop3service.signals import CLOSE, NEED_DATA

HOST = Rules("mail.example.org", size=1_000_000)
VERDICTS = {"full": Verdict.FULL, "closed": Verdict.CLOSED, "nobody": Verdict.UNKNOWN, "broken": Verdict.FAULT}


class Store:
    """Answers a session's requests as a store would, and keeps what was delivered."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.texts: list[bytes] = []
        self.ready = True
        self.after_the_dot: dict[str, Verdict] = {}
        self._begun: Begin | None = None
        self._text = b""

    def answer(self, request: Any) -> Any:
        self.asked.append(request)
        match request:
            case FindRecipients():
                return [(VERDICTS.get(a.plain.partition("@")[0], Verdict.OK), a.text) for a in request.addresses]
            case Begin():
                self._begun, self._text = request, b""
                return self.ready
            case Chunk():
                self._text += request.octets
            case End():
                assert self._begun is not None
                self.texts.append(self._text)
                return [self.after_the_dot.get(name, Verdict.OK) for name in self._begun.recipients]
        return None


def run(session: Session, store: Store) -> tuple[list[str], bool]:
    """Drive the session until it needs data; return its replies and whether it closed."""
    octets = b""
    while (event := session.next_event()) not in (CLOSE, NEED_DATA):
        if isinstance(event, bytes):
            octets += event
        else:
            session.answer(store.answer(event))
    return octets.decode().splitlines(), event is CLOSE


def talk(*pieces: bytes, store: Store | None = None) -> list[str]:
    """Send the pieces one after the other; return every reply after the greeting."""
    session, store = Session(HOST), store or Store()
    replies, _ = run(session, store)
    assert replies == ["220 mail.example.org LMTP Casilla"]
    replies = []
    for piece in pieces:
        session.receive(piece)
        replies += run(session, store)[0]
    return replies


def codes(replies: Sequence[str]) -> list[str]:
    return [" ".join(reply.split(" ")[:2]) for reply in replies]


HELLO = b"LHLO client.example\r\n"
MAIL = b"MAIL FROM:<eva@example.net>\r\n"
RCPT = b"RCPT TO:<ana@example.org>\r\n"
DATA = b"DATA\r\n"
QUIT = b"QUIT\r\n"


def rcpt(*names: str) -> bytes:
    return b"".join(b"RCPT TO:<%s@example.org>\r\n" % name.encode() for name in names)


def test_lhlo_announces_what_rfc_2033_demands_and_more() -> None:
    assert talk(HELLO) == [
        "250-mail.example.org",
        "250-PIPELINING",
        "250-ENHANCEDSTATUSCODES",
        "250-SIZE 1000000",
        "250-8BITMIME",
        "250 SMTPUTF8",
    ]


@pytest.mark.parametrize("line", [b"HELO x", b"EHLO x", b"BDAT 3", b"XYZ", b"", b" LHLO x", b"LHLO\tx", b"\0"])
def test_what_is_no_lmtp_command(line: bytes) -> None:
    assert codes(talk(line + b"\r\n")) == ["500 5.5.1"]


def test_a_message_goes_to_each_recipient_and_each_has_a_reply() -> None:
    store = Store()
    store.after_the_dot = {"eve@example.org": Verdict.FULL}
    replies = talk(
        HELLO, MAIL, rcpt("ana", "nobody", "eve", "ana"), DATA, b"Subject: x\r\n\r\n..dot\r\n.\r\n", QUIT, store=store
    )
    assert codes(replies[6:]) == [
        "250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "354 The",
        "250 2.0.0", "452 4.2.2", "250 2.0.0", "221 2.0.0",
    ]  # fmt: skip
    assert store.texts == [b"Subject: x\r\n\r\n.dot\r\n"]
    begun = next(each for each in store.asked if isinstance(each, Begin))
    assert begun == Begin(("ana@example.org", "eve@example.org", "ana@example.org"), Envelope("eva@example.net"))


def test_pipelined_recipients_are_asked_about_together_and_answered_in_order() -> None:
    store = Store()
    lines = rcpt("ana", "closed") + b"RCPT TO:broken@\r\n" + rcpt("full", "broken")
    replies = talk(HELLO + MAIL + lines + DATA, store=store)
    assert codes(replies[7:]) == ["250 2.1.5", "550 5.2.1", "501 5.5.4", "452 4.2.2", "451 4.3.0", "354 The"]
    finds = [each for each in store.asked if isinstance(each, FindRecipients)]
    assert [len(each.addresses) for each in finds] == [4]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (MAIL, "503 5.5.1"),
        (HELLO + RCPT, "503 5.5.1"),
        (HELLO + DATA, "503 5.5.1"),
        (HELLO + MAIL + DATA, "503 5.5.1"),
        (HELLO + MAIL + rcpt("nobody") + DATA, "503 5.5.1"),
        (HELLO + MAIL + MAIL, "503 5.5.1"),
        (HELLO + MAIL + RCPT + b"RSET\r\n" + RCPT, "503 5.5.1"),
        (HELLO + MAIL + RCPT + HELLO + RCPT, "503 5.5.1"),
        (HELLO + MAIL + RCPT + b"DATA now\r\n", "501 5.5.4"),
        (HELLO + b"RSET x\r\n", "501 5.5.4"),
        (b"LHLO\r\n", "501 5.5.4"),
        (b"LHLO \xff\r\n", "501 5.5.4"),
        (b"QUIT x\r\n", "501 5.5.4"),
        (b"NOOP whatever\r\n", "250 2.0.0"),
        (b"VRFY ana\r\n", "252 2.5.0"),
        (b"noop \r\n", "250 2.0.0"),
    ],
)
def test_the_last_reply(lines: bytes, code: str) -> None:
    assert codes(talk(lines))[-1] == code


def test_without_smtputf8_an_address_is_ascii() -> None:
    utf8 = "RCPT TO:<añá@example.org>\r\n".encode()
    assert codes(talk(HELLO + MAIL + utf8))[-1] == "553 5.6.7"
    assert codes(talk(HELLO + b"MAIL FROM:<> SMTPUTF8\r\n" + utf8))[-1] == "250 2.1.5"


def test_a_line_too_long_is_one_error_and_the_next_line_counts() -> None:
    assert codes(talk(b"NOOP " + b"x" * LINE_OCTETS + b"\r\nNOOP\r\n")) == ["500 5.5.2", "250 2.0.0"]


def test_a_line_too_long_among_recipients_keeps_the_order() -> None:
    replies = talk(HELLO + MAIL + RCPT + b"RCPT TO:" + b"x" * LINE_OCTETS + b"\r\n" + RCPT)
    assert codes(replies)[-3:] == ["250 2.1.5", "500 5.5.2", "250 2.1.5"]


def test_bad_commands_in_a_row_end_the_session() -> None:
    session, store = Session(HOST), Store()
    session.receive(b"NOOP\r\n" + b"BAD\r\n" * (HOST.bad_commands + 5))
    replies, closed = run(session, store)
    assert closed
    assert codes(replies)[2:] == ["500 5.5.1"] * HOST.bad_commands + ["421 4.7.0"]


def test_a_good_command_between_bad_ones_forgives_them() -> None:
    session = Session(HOST)
    session.receive((b"BAD\r\n" * (HOST.bad_commands - 1) + b"NOOP\r\n") * 3)
    assert not run(session, Store())[1]


def test_data_behind_refused_recipients_is_no_bad_command() -> None:
    session = Session(HOST)
    session.receive(HELLO + (MAIL + rcpt("nobody") + DATA) * (HOST.bad_commands + 1))
    assert not run(session, Store())[1]


def test_bad_recipients_end_the_session_too() -> None:
    session = Session(HOST)
    session.receive(HELLO + MAIL + b"RCPT TO:x\r\n" * HOST.bad_commands + RCPT)
    replies, closed = run(session, Store())
    assert not closed  # the last one was good
    session.receive(b"RCPT TO:x\r\n" * HOST.bad_commands)
    replies, closed = run(session, Store())
    assert closed
    assert codes(replies) == ["501 5.5.4"] * HOST.bad_commands + ["421 4.7.0"]


def test_one_message_has_so_many_recipients_at_most() -> None:
    lines = [HELLO, MAIL, *[rcpt(f"u{n}") for n in range(HOST.recipients + 2)]]
    assert codes(talk(*lines))[7:] == ["250 2.1.5"] * HOST.recipients + ["452 4.5.3"] * 2
    assert codes(talk(b"".join(lines)))[7:] == ["250 2.1.5"] * HOST.recipients + ["452 4.5.3"] * 2


def test_a_message_past_the_limit_is_read_dropped_and_refused_for_each() -> None:
    store = Store()
    text = b"x" * 99 + b"\r\n"
    begun = HELLO + MAIL + rcpt("ana", "eve") + DATA
    replies = talk(begun, *[text * 1000] * 10, b".\r\n" + MAIL + RCPT + DATA, b".\r\n", store=store)
    assert codes(replies)[-7:] == [
        "354 The",
        "552 5.3.4",
        "552 5.3.4",
        "250 2.1.0",
        "250 2.1.5",
        "354 The",
        "250 2.0.0",
    ]
    assert sum(isinstance(each, Abort) for each in store.asked) == 1
    assert store.texts == [b""]


def test_a_message_as_large_as_the_limit_is_taken() -> None:
    store = Store()
    text = (b"x" * 98 + b"\r\n") * 10_000
    assert codes(talk(HELLO + MAIL + RCPT + DATA + text + b".\r\n", store=store))[-1] == "250 2.0.0"
    assert store.texts == [text]
    assert [len(each.octets) for each in store.asked if isinstance(each, Chunk)] == [262144, 262144, 262144, 213568]


def test_a_store_that_is_not_ready_defers_before_the_message() -> None:
    store = Store()
    store.ready = False
    assert codes(talk(HELLO + MAIL + RCPT + DATA + MAIL, store=store))[-2:] == ["451 4.3.0", "250 2.1.0"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"Return-Path: <old@x>\r\nSubject: x\r\n\r\n", b"Subject: x\r\n\r\n"),
        (b"RETURN-PATH:\r\n <old@x>\r\nreturn-path: <older@x>\r\nSubject: x\r\n\r\n", b"Subject: x\r\n\r\n"),
        (b"Subject: x\r\nReturn-Path: <kept@x>\r\n\r\n", b"Subject: x\r\nReturn-Path: <kept@x>\r\n\r\n"),
        (b"Return-Path: <only@x>\r\n", b""),
        (b"Return-Path-Of: <x@x>\r\n\r\n", b"Return-Path-Of: <x@x>\r\n\r\n"),
        (b"", b""),
        (b"\r\nbody\r\n", b"\r\nbody\r\n"),
    ],
)
def test_a_return_path_at_the_head_is_an_earlier_deliverys(sent: bytes, kept: bytes) -> None:
    store = Store()
    talk(HELLO + MAIL + RCPT + DATA + sent + b".\r\n", store=store)
    assert store.texts == [kept]


def test_nothing_is_smuggled_past_a_bare_line_feed() -> None:
    store = Store()
    smuggled = b"a\n.\nMAIL FROM:<evil@example.net>\r\n\r.\r\n\n.\r\nb\r\n"
    replies = talk(HELLO + MAIL + RCPT + DATA + smuggled + b".\r\n", store=store)
    assert codes(replies)[-1] == "250 2.0.0"
    assert len(store.texts) == 1
    assert b"\r\n.\r\nMAIL FROM:<evil@example.net>\r\n" in store.texts[0]


def test_while_a_request_is_out_nothing_moves() -> None:
    session = Session(HOST)
    session.receive(HELLO + MAIL + RCPT + QUIT)
    assert isinstance(session.next_event(), bytes)
    assert isinstance(session.next_event(), bytes)
    assert isinstance(session.next_event(), FindRecipients)
    assert session.next_event() is NEED_DATA
    session.answer([(Verdict.OK, 1)])
    assert run(session, Store()) == (["250 2.1.5 Recipient taken", "221 2.0.0 mail.example.org closes"], True)


@pytest.mark.parametrize(("said", "why"), [(QUIT, "quit"), (b"NONSENSE\r\n" * 50, "bad_commands"), (HELLO, "")])
def test_why_it_closed_is_known(said: bytes, why: str) -> None:
    session = Session(HOST)
    session.receive(said)
    assert run(session, Store())[1] is bool(why)
    assert session.ended == why


def test_what_waits_unread_is_bounded() -> None:
    session = Session(HOST)
    session.receive(HELLO + MAIL + RCPT)
    while not isinstance(session.next_event(), FindRecipients):
        assert session.wants_input
    session.receive(b"NOOP\r\n" * 20_000)
    assert not session.wants_input
    session.answer([(Verdict.OK, 1)])
    run(session, Store())
    assert session.wants_input


def test_a_lost_line_in_data_aborts_and_elsewhere_does_not() -> None:
    session, store = Session(HOST), Store()
    session.receive(HELLO + MAIL + RCPT)
    run(session, store)
    assert session.lost() is None

    session = Session(HOST)
    session.receive(HELLO + MAIL + RCPT + DATA + b"half of it\r\n")
    run(session, store)
    assert session.inside_reply
    assert session.lost() == Abort()


def test_a_line_lost_after_the_dot_takes_nothing_back() -> None:
    session = Session(HOST)
    session.receive(HELLO + MAIL + RCPT + DATA + b"whole\r\n.\r\n")
    store = Store()
    while not isinstance(event := session.next_event(), End):
        if not isinstance(event, bytes):
            session.answer(store.answer(event))
    assert session.lost() is None


TEXT = b"Subject: split\r\n\r\n.one\r\nlone\nfeed\r\n..\r\n"
STUFFED = TEXT.replace(b"\r\n.", b"\r\n..")
WHOLE = HELLO + MAIL + rcpt("ana", "nobody", "eve") + DATA + STUFFED + b".\r\nRSET\r\n" + MAIL + RCPT + QUIT


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_wherever_the_octets_are_split_the_replies_are_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(WHOLE)]
    store, whole = Store(), Store()
    pieces = [WHOLE[start:end] for start, end in pairwise(places)]
    assert talk(*pieces, store=store) == talk(WHOLE, store=whole)
    assert store.texts == whole.texts == [TEXT.replace(b"lone\nfeed", b"lone\r\nfeed")]


@given(
    st.lists(
        st.sampled_from([HELLO, MAIL, RCPT, rcpt("nobody"), DATA, b".\r\n", b"RSET\r\n", b"\xff\r\n"]), max_size=30
    )
)
def test_every_line_outside_a_message_has_one_reply(lines: list[bytes]) -> None:
    session, store = Session(HOST), Store()
    run(session, store)
    for line in lines:
        inside, accepted = session.inside_reply, len(session._recipients)
        session.receive(line)
        replies, closed = run(session, store)
        if closed:
            assert replies[-1].startswith("421")
            return
        finals = [reply for reply in replies if reply[3] == " "]
        assert len(finals) == (0 if inside and line != b".\r\n" else accepted if inside else 1)
