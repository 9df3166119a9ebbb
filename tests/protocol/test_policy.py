"""Postfix's policy protocol as Postfix speaks it, and as nobody should."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.policy import (
    CLOSE,
    LONGEST_LINE,
    MOST_LINES,
    NEED_DATA,
    Allowed,
    MaySend,
    NotAllowed,
    Session,
)
from pop3service.requests import Reason, Unavailable
from pop3service.signals import Farewell
from pop3service.words import WORDS

RCPT = {
    "request": "smtpd_access_policy",
    "protocol_state": "RCPT",
    "protocol_name": "ESMTP",
    "client_address": "198.51.100.7",
    "sender": "ana@example.org",
    "recipient": "luis@example.net",
    "recipient_count": "0",
    "sasl_method": "PLAIN",
    "sasl_username": "ana@example.org",
    "size": "0",
    "policy_context": "",
}
WHOLE = RCPT | {"protocol_state": "END-OF-MESSAGE", "recipient": "", "recipient_count": "3", "size": "1000"}


def written(attributes: dict[str, str]) -> bytes:
    return "".join(f"{name}={value}\n" for name, value in attributes.items()).encode() + b"\n"


class Line:
    """A session whose questions are all answered alike."""

    def __init__(self, answer: object = None) -> None:
        self.session = Session()
        self.answer = answer or Allowed()
        self.asked: list[MaySend] = []
        self.closed = False

    def say(self, data: bytes) -> bytes:
        self.session.receive(data)
        out = b""
        while (event := self.session.next_event()) not in (NEED_DATA, CLOSE):
            if isinstance(event, bytes):
                out += event
            else:
                self.asked.append(event)
                self.session.answer(self.answer)
        self.closed = event is CLOSE
        return out


def test_a_recipient_is_asked_for_as_one_more() -> None:
    line = Line()
    assert line.say(written(RCPT)) == b"action=DUNNO\n\n"
    assert line.asked == [MaySend("ana@example.org", "ana@example.org", 1, False, "198.51.100.7")]


def test_a_whole_message_counts_all_its_recipients() -> None:
    line = Line()
    line.say(written(WHOLE))
    assert line.asked == [MaySend("ana@example.org", "ana@example.org", 3, True, "198.51.100.7")]


@pytest.mark.parametrize("count", ["", "x", "-1", "0", "1e3", "\u0663", "9" * 13])
def test_a_number_of_recipients_that_is_none_is_one(count: str) -> None:
    line = Line()
    line.say(written(WHOLE | {"recipient_count": count}))
    assert line.asked[0].recipients == 1


def test_mail_of_nobody_who_signed_in_is_not_looked_at() -> None:
    line = Line(Unavailable())
    assert line.say(written(RCPT | {"sasl_username": ""})) == b"action=DUNNO\n\n"
    assert line.asked == []


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        (Allowed(), b"DUNNO"),
        (Unavailable(), b"DEFER 4.3.0 The mail store cannot be reached; try again in a minute."),
        (NotAllowed(Reason.MAY_NOT_SEND), b"REJECT 5.7.1 This mailbox may not send mail; its administrator can "
                                          b"change that."),
        (NotAllowed(Reason.DAILY_LIMIT, "en", 500), b"REJECT 5.7.1 This message would pass the limit of 500 recipients "
                                                    b"a day; try again after midnight."),
        (NotAllowed(Reason.DAILY_LIMIT, "es", 500), b"REJECT 5.7.1 Este mensaje pasaria el limite de 500 destinatarios "
                                                    b"por dia; pruebe manana."),
        (NotAllowed(Reason.FOREIGN_SENDER, "fr"), b"REJECT 5.7.1 This sender address is not one of the mailbox that "
                                                  b"signed in."),
    ],
)  # fmt: skip
def test_each_answer_in_words_for_a_person(answer: object, action: bytes) -> None:
    assert Line(answer).say(written(RCPT)) == b"action=" + action + b"\n\n"


@pytest.mark.parametrize("reason", [Reason.SUSPENDED, Reason.MAY_NOT_SEND, Reason.FOREIGN_SENDER, Reason.DAILY_LIMIT])
@pytest.mark.parametrize("language", WORDS)
def test_words_fit_a_reply_of_smtp(reason: Reason, language: str) -> None:
    said = Line(NotAllowed(reason, language, 10)).say(written(RCPT))
    assert said.isascii()
    assert len(said) < 500, "RFC 5321 section 4.5.3.1.5, with room for the address that Postfix puts before it"
    assert said.count(b"\n") == 2


def test_an_unanswered_question_is_asked_again_and_holds_what_follows() -> None:
    session = Session()
    session.receive(written(RCPT) + written(WHOLE))
    first = session.next_event()
    assert session.next_event() is first
    assert session.inside_reply
    session.answer(Allowed())
    assert session.next_event() == b"action=DUNNO\n\n"
    second = session.next_event()
    assert isinstance(second, MaySend)
    assert second.whole


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"request=junk_mail\n\n",
        b"sasl_username=ana@example.org\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"x" * (LONGEST_LINE + 2),
        b"a=b\n" * (MOST_LINES + 1),
        written({"name": "x" * LONGEST_LINE}),
    ],
)
def test_what_is_not_this_protocol_closes_the_line(data: bytes) -> None:
    line = Line()
    assert line.say(data) == b""
    assert line.closed
    assert line.say(written(RCPT)) == b""
    assert not line.asked


def test_a_line_that_is_ended_says_nothing_more() -> None:
    session = Session()
    assert session.farewell(Farewell.SHUTDOWN) == b""
    assert not session.wants_input
    session.receive(written(RCPT))
    assert session.next_event() is CLOSE


def test_a_value_may_hold_what_it_likes() -> None:
    line = Line()
    line.say(written(RCPT | {"sender": "a=b=c@example.org", "helo_name": "=\x01\x7f"}))
    line.say(b"request=smtpd_access_policy\r\nsasl_username=a\xff\r\n\r\n")
    assert [asked.sender for asked in line.asked] == ["a=b=c@example.org", ""]
    assert line.asked[1].login == "a\ufffd"


PIECES = st.sampled_from(
    [
        b"request=smtpd_access_policy\n",
        b"sasl_username=ana\n",
        b"protocol_state=END-OF-MESSAGE\n",
        b"recipient_count=7\n",
        b"sender=\xc3\xb1@x\n",
        b"sender=" + b"s" * 50 + b"\n",
        b"\0=\r\n",
        b"=\n",
        b"x\n",
        b"\n",
        b"\r\n",
    ]
)
TALKS = st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=300)
ANSWERS = st.sampled_from([Allowed(), Unavailable(), NotAllowed(Reason.DAILY_LIMIT, "es", 3)])


@given(TALKS, ANSWERS, st.lists(st.integers(0, 600), max_size=5))
def test_any_talk_cut_anywhere_is_the_same_talk(said: bytes, answer: object, cuts: list[int]) -> None:
    def run(parts: list[bytes]) -> tuple[bytes, bool, list[MaySend]]:
        line = Line(answer)
        return b"".join(line.say(part) for part in parts), line.closed, line.asked

    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    whole = run([said])
    assert run([said[a:b] for a, b in pairwise(edges)]) == whole
    out = whole[0]
    assert out.count(b"\n\n") == out.count(b"action=")
    assert not out or out.endswith(b"\n\n")


@given(st.lists(PIECES, max_size=20).map(b"".join))
def test_any_talk_octet_by_octet_is_the_same_talk(said: bytes) -> None:
    whole, single = Line(), Line()
    assert whole.say(said) == b"".join(single.say(said[at : at + 1]) for at in range(len(said)))
    assert whole.asked == single.asked
