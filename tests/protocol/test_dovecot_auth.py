"""Dovecot's auth-client protocol as Postfix and Exim speak it, and as nobody should."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pop3service.dovecot_auth import (
    CLOSE,
    LONGEST_LINE,
    NEED_DATA,
    OPEN_REQUESTS,
    Answered,
    Asked,
    Granted,
    Session,
)
from pop3service.dovecot_auth_lines import Identity, escape, unescape
from pop3service.requests import (
    Code,
    LoggedIn,
    Login,
    Reason,
    Refused,
    ScramFailed,
    ScramKey,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    Unavailable,
)

MECHANISMS = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
IDENTITY = Identity(pid=4711, connection=3, cookie="00112233445566778899aabbccddeeff")
HELLO = b"VERSION\t1\t0\nCPID\t99\n"
ANA = b64encode(b"\0ana@example.test\0secret")
WRONG = Refused(Code.AUTH, Reason.WRONG_PASSWORD)
PLAIN = b"AUTH\t%d\tPLAIN\tservice=smtp\tnologin\tlip=192.0.2.1\trip=198.51.100.7\tsecured\tresp=%s\n"


class Line:
    """A session with a store beside it: `store` answers what is asked; without one, `asked` waits for the test."""

    def __init__(self, store: Callable[[Asked], object] | None = None, **options) -> None:
        self.session = Session(MECHANISMS, IDENTITY, **options)
        self.store = store
        self.asked: list[Asked] = []
        self.closed = False
        self.greeting = self.say(b"")
        self.say(HELLO)

    def say(self, data: bytes) -> bytes:
        """Send octets and return all that is said back until more is needed."""
        self.session.receive(data)
        return self.listen()

    def listen(self) -> bytes:
        out = b""
        while (event := self.session.next_event()) not in (NEED_DATA, CLOSE):
            if isinstance(event, bytes):
                out += event
            elif self.store is None:
                self.asked.append(event)
            else:
                self.session.answer(Answered(event, self.store(event)))
        self.closed = event is CLOSE
        return out

    def reply(self, asked: Asked, value: object) -> bytes:
        self.session.answer(Answered(asked, value))
        return self.listen()


def grant(asked: Asked) -> object:
    match asked.request:
        case Login(_, name, "secret"):
            return Granted(name)
        case Login():
            return WRONG
    raise AssertionError(asked.request)


# The handshake


def test_the_whole_handshake_goes_out_before_the_client_speaks() -> None:
    lines = Line().greeting.decode().splitlines()
    assert lines[0] == "VERSION\t1\t2"
    assert lines[1:4] == ["MECH\tSCRAM-SHA-256\tmutual-auth", "MECH\tPLAIN\tplaintext", "MECH\tLOGIN\tplaintext"]
    assert lines[4:] == ["SPID\t4711", "CUID\t3", "COOKIE\t00112233445566778899aabbccddeeff", "DONE"]


@pytest.mark.parametrize(
    "data",
    [
        b"VERSION\t2\t0\n",
        b"VERSION\n",
        b"CPID\t1\n",
        b"AUTH\t1\tPLAIN\tservice=smtp\n",
        b"VERSION\t1\t0\nVERSION\t1\t0\n",
        b"VERSION\t1\t0\nCPID\t0\n",
        b"VERSION\t1\t0\nCPID\tx\n",
        b"VERSION\t1\t0\nCPID\n",
        b"VERSION\t1\t0\nAUTH\t1\tPLAIN\tservice=smtp\n",
        HELLO + b"CPID\t99\n",
        HELLO + b"USER\t1\tana\n",
        HELLO + b"\n",
        HELLO + b"AUTH\n",
        HELLO + b"AUTH\t1\n",
        HELLO + b"AUTH\tx\tPLAIN\tservice=smtp\n",
        HELLO + b"AUTH\t-1\tPLAIN\tservice=smtp\n",
        HELLO + b"AUTH\t4294967296\tPLAIN\tservice=smtp\n",
        HELLO + b"AUTH\t1\tPLAIN\n",
        HELLO + b"AUTH\t1\tPLAIN\tsecured\tservice=\n",
        HELLO + b"CONT\t1\n",
        HELLO + b"CONT\tx\tAA==\n",
        HELLO + b"CANCEL\n",
        HELLO + b"CANCEL\tx\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"x" * (LONGEST_LINE + 2),
        HELLO + b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp=" + b"A" * LONGEST_LINE + b"\n",
    ],
)
def test_what_is_not_this_protocol_closes_the_line_without_a_word(data: bytes) -> None:
    session = Session(MECHANISMS, IDENTITY)
    assert isinstance(session.next_event(), bytes)
    session.receive(data)
    assert session.next_event() is CLOSE
    session.receive(HELLO)
    assert session.next_event() is CLOSE


# Signing in


def test_postfix_signs_in_with_an_initial_response() -> None:
    assert Line(grant).say(PLAIN % (1, ANA)) == b"OK\t1\tuser=ana@example.test\n"


def test_the_store_is_told_who_asks_from_where() -> None:
    line = Line()
    line.say(PLAIN % (7, ANA))
    (asked,) = line.asked
    attempt = asked.attempt
    assert (attempt.number, attempt.mechanism, attempt.service) == (7, "PLAIN", "smtp")
    assert (attempt.address, attempt.local, attempt.secured) == ("198.51.100.7", "192.0.2.1", True)
    assert asked.request == Login("PLAIN", "ana@example.test", "secret")
    assert "secret" not in repr(asked)


def test_exim_says_everything_at_once_after_done() -> None:
    session = Session(MECHANISMS, IDENTITY)
    greeting = session.next_event()
    assert isinstance(greeting, bytes)
    assert greeting.endswith(b"DONE\n")
    session.receive(HELLO + b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\trip=198.51.100.7\tlip=192.0.2.1\tnologin\tresp=\n")
    assert session.next_event() == b"CONT\t1\t\n"  # an empty resp= is none
    session.receive(b"CONT\t1\t" + ANA + b"\n")
    asked = session.next_event()
    assert isinstance(asked, Asked)
    session.answer(Answered(asked, Granted("ana@example.test")))
    assert session.next_event() == b"OK\t1\tuser=ana@example.test\n"


def test_login_asks_for_name_and_password() -> None:
    line = Line(grant)
    assert line.say(b"AUTH\t1\tLOGIN\tservice=smtp\tsecured\n") == b"CONT\t1\t" + b64encode(b"Username:") + b"\n"
    assert (
        line.say(b"CONT\t1\t" + b64encode(b"ana@example.test") + b"\n")
        == b"CONT\t1\t" + b64encode(b"Password:") + b"\n"
    )
    assert line.say(b"CONT\t1\t" + b64encode(b"secret") + b"\n") == b"OK\t1\tuser=ana@example.test\n"


def test_login_takes_the_name_as_initial_response() -> None:
    line = Line(grant)
    said = line.say(b"AUTH\t1\tlogin\tservice=smtp\tsecured\tresp=" + b64encode(b"ana@example.test") + b"\n")
    assert said == b"CONT\t1\t" + b64encode(b"Password:") + b"\n"


def test_an_equals_sign_is_an_empty_initial_response() -> None:
    said = Line(grant).say(b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp==\n")
    assert said == b"FAIL\t1\treason=The mail client's answer is not what this mechanism has.\n"


def test_what_follows_the_initial_response_is_ignored() -> None:
    line = Line(grant)
    said = line.say((PLAIN % (1, b64encode(b"\0ana@example.test\0wrong"))).replace(b"\n", b"\tresp=" + ANA + b"\n"))
    assert said.startswith(b"FAIL\t1\t")


def scram_answers(password: bytes, salt: bytes, iterations: int) -> tuple[ScramKey, Callable[[bytes], bytes]]:
    """Return the stored keys of a password, and a client that answers the server's first message with it."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()

    def client(server_first: bytes) -> bytes:
        nonce = server_first.split(b",")[0]
        without_proof = b"c=" + b64encode(b"n,,") + b"," + nonce
        signed = b"n=ana@example.test,r=abc," + server_first + b"," + without_proof
        signature = hmac.digest(stored_key, signed, "sha256")
        return without_proof + b",p=" + b64encode(bytes(a ^ b for a, b in zip(client_key, signature, strict=True)))

    return ScramKey("laptop", stored_key, hmac.digest(salted, b"Server Key", "sha256")), client


@pytest.mark.parametrize("password", [b"right", b"wrong"])
def test_scram_goes_through_three_challenges_without_tls(password: bytes) -> None:
    key, _ = scram_answers(b"right", b"salt", 4096)
    _, client = scram_answers(password, b"salt", 4096)

    def store(asked: Asked) -> object:
        match asked.request:
            case ScramLookup("ana@example.test"):
                return ScramKeys(b"salt", 4096, [key])
            case ScramLogin(_, name, "laptop"):
                return Granted(name)
            case ScramFailed():
                return Refused(Code.AUTH, Reason.SCRAM_FAILED)
        raise AssertionError(asked.request)

    line = Line(store)
    first = b64encode(b"n,,n=ana@example.test,r=abc")
    said = line.say(b"AUTH\t1\tSCRAM-SHA-256\tservice=smtp\tresp=" + first + b"\n")
    server_first = b64decode(said.removeprefix(b"CONT\t1\t"))
    said = line.say(b"CONT\t1\t" + b64encode(client(server_first)) + b"\n")
    if password == b"wrong":
        assert said.startswith(b"FAIL\t1\tuser=ana@example.test\treason=")
        return
    assert b64decode(said.removeprefix(b"CONT\t1\t")).startswith(b"v=")
    assert line.say(b"CONT\t1\t\n") == b"OK\t1\tuser=ana@example.test\n"


# Refusing


def test_a_wrong_password_is_told_in_words_for_a_person() -> None:
    said = Line(grant).say(PLAIN % (1, b64encode(b"\0ana@example.test\0wrong")))
    assert said == b"FAIL\t1\tuser=ana@example.test\treason=This name and password do not belong together.\n"


@pytest.mark.parametrize(
    ("refused", "end"),
    [
        (Refused(Code.AUTH, Reason.SUSPENDED), b"\tcode=user_disabled\n"),
        (Refused(Code.AUTH, Reason.DEVICE_PASSWORD_EXPIRED), b"\tcode=pass_expired\n"),
        (Refused(Code.AUTH, Reason.THROTTLED, 30), b" in 30 seconds.\n"),
    ],
)
def test_a_refusal_has_its_code_or_its_time(refused: Refused, end: bytes) -> None:
    assert Line(lambda asked: refused).say(PLAIN % (1, ANA)).endswith(end)


@pytest.mark.parametrize("mechanism", [b"PLAIN", b"LOGIN"])
def test_a_password_that_crossed_the_line_in_clear_is_not_looked_at(mechanism: bytes) -> None:
    line = Line()
    said = line.say(b"AUTH\t1\t" + mechanism + b"\tservice=smtp\tresp=" + ANA + b"\n")
    assert said.startswith(b"FAIL\t1\treason=")
    assert b"TLS" in said
    assert line.asked == []


@pytest.mark.parametrize("parameter", [b"secured", b"secured=tls", b"transport=TLS", b"transport=trusted"])
def test_each_word_for_a_safe_line_is_known(parameter: bytes) -> None:
    said = Line(grant).say(b"AUTH\t1\tPLAIN\tservice=smtp\t" + parameter + b"\tresp=" + ANA + b"\n")
    assert said.startswith(b"OK\t1\t")


def test_an_insecure_transport_is_not_a_safe_line_unless_allowed() -> None:
    asked = b"AUTH\t1\tPLAIN\tservice=smtp\ttransport=insecure\tresp=" + ANA + b"\n"
    assert Line(grant).say(asked).startswith(b"FAIL\t1\t")
    assert Line(grant, plain_login=True).say(asked).startswith(b"OK\t1\t")


@pytest.mark.parametrize("mechanism", [b"CRAM-MD5", b"GSSAPI", b"SCRAM-SHA-256-PLUS", b"XOAUTH2", b"\xff"])
def test_a_mechanism_that_is_not_offered_fails_that_request_alone(mechanism: bytes) -> None:
    line = Line(grant)
    assert line.say(b"AUTH\t1\t" + mechanism + b"\tservice=smtp\tsecured\n").startswith(b"FAIL\t1\t")
    assert line.say(PLAIN % (2, ANA)).startswith(b"OK\t2\t")


@pytest.mark.parametrize("data", [b"!", b"A", b"AAA", b"=", b"AA==AA==", b"\xff"])
def test_what_is_not_base64_fails(data: bytes) -> None:
    line = Line(grant)
    line.say(b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\n")
    assert line.say(b"CONT\t1\t" + data + b"\n").startswith(b"FAIL\t1\treason=")
    assert not line.closed


def test_nobody_signs_in_for_another() -> None:
    said = Line(grant).say(PLAIN % (1, b64encode(b"boss@example.test\0ana@example.test\0secret")))
    assert said.startswith(b"FAIL\t1\t")


def test_a_name_cannot_end_a_field_or_a_line() -> None:
    name = "ana\tnologin\nOK\t1\tuser=boss\r\x01"
    said = Line(lambda asked: WRONG).say(PLAIN % (1, b64encode(b"\0" + name.encode() + b"\0x")))
    assert said.count(b"\n") == 1
    fields = said.rstrip(b"\n").split(b"\t")
    assert unescape(fields[2]) == f"user={name}"
    assert fields[3].startswith(b"reason=")


def test_a_very_long_name_is_not_repeated() -> None:
    said = Line(lambda asked: WRONG).say(PLAIN % (1, b64encode(b"\0" + b"a" * 9000 + b"\0x")))
    assert said.startswith(b"FAIL\t1\treason=")


# When the store cannot be reached


@pytest.mark.parametrize("answer", [Unavailable(), Refused(Code.SYS_TEMP, Reason.OVERLOADED)])
def test_a_store_that_cannot_be_reached_closes_the_line(answer: object) -> None:
    """Postfix makes 454 of it and Exim 435; of a FAIL both make 535, and the mail client asks for the password."""
    line = Line(lambda asked: answer)
    assert line.say(PLAIN % (1, ANA)) == b""
    assert line.closed


def test_others_on_the_line_are_not_cut_off_by_one() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA) + PLAIN % (2, ANA))
    first, second = line.asked
    assert line.reply(first, Unavailable()).endswith(b"\ttemp\tcode=temp_fail\n")
    assert not line.closed
    assert line.reply(second, Granted("ana@example.test")) == b"OK\t2\tuser=ana@example.test\n"


def test_an_answer_that_is_no_answer_is_our_fault_and_said_so() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA))
    with pytest.raises(TypeError, match="LoggedIn"):
        line.session.answer(Answered(line.asked[0], LoggedIn(0, 0)))


# Many at once


def test_requests_are_answered_in_any_order() -> None:
    line = Line()
    for number in (1, 2, 3):
        line.say(PLAIN % (number, ANA))
    for asked in reversed(line.asked):
        number = asked.attempt.number
        assert line.reply(asked, Granted(f"u{number}")) == b"OK\t%d\tuser=u%d\n" % (number, number)


def test_a_number_in_use_closes_the_line_and_one_that_is_over_may_come_again() -> None:
    line = Line(grant)
    assert line.say(PLAIN % (1, ANA)) == line.say(PLAIN % (1, ANA))
    line.say(b"AUTH\t2\tPLAIN\tservice=smtp\tsecured\n")
    line.say(b"AUTH\t2\tPLAIN\tservice=smtp\tsecured\n")
    assert line.closed


def test_a_cancelled_request_says_nothing_more() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA))
    assert line.say(b"CANCEL\t1\n") == b""
    assert line.say(b"CANCEL\t1\n") == b""
    assert line.reply(line.asked[0], Granted("ana@example.test")) == b""


def test_an_answer_for_a_cancelled_request_does_not_open_the_next_of_its_number() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA) + b"CANCEL\t1\n" + PLAIN % (1, b64encode(b"\0eve@example.test\0guess")))
    first, second = line.asked
    assert line.reply(first, Granted("ana@example.test")) == b""
    assert line.reply(second, WRONG).startswith(b"FAIL\t1\tuser=eve@example.test")


def test_an_answer_counts_once() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA))
    assert line.reply(line.asked[0], WRONG).startswith(b"FAIL\t1")
    assert line.reply(line.asked[0], Granted("ana@example.test")) == b""


def test_more_than_was_asked_for_fails_the_request() -> None:
    line = Line()
    line.say(PLAIN % (1, ANA))
    assert line.say(b"CONT\t1\t" + ANA + b"\n") == b"FAIL\t1\treason=Nothing more was asked for.\n"
    assert line.reply(line.asked[0], Granted("ana@example.test")) == b""


def test_going_on_with_a_request_that_is_over_fails() -> None:
    assert Line(grant).say(b"CONT\t5\t" + ANA + b"\n") == b"FAIL\t5\treason=This sign-in is over; begin again.\n"


def test_what_mail_clients_left_half_done_makes_room() -> None:
    line = Line(grant)
    for number in range(1, OPEN_REQUESTS + 10):
        assert line.say(b"AUTH\t%d\tPLAIN\tservice=smtp\tsecured\n" % number) == b"CONT\t%d\t\n" % number
    assert line.say(b"CONT\t1\t" + ANA + b"\n").startswith(b"FAIL\t1\t")
    assert line.say(b"CONT\t%d\t%s\n" % (OPEN_REQUESTS + 9, ANA)).startswith(b"OK\t")


def test_when_all_wait_for_the_store_one_more_is_told_to_try_later() -> None:
    line = Line()
    for number in range(1, OPEN_REQUESTS + 1):
        assert line.say(PLAIN % (number, ANA)) == b""
    assert line.say(PLAIN % (99, ANA)).endswith(b"code=temp_fail\n")
    assert len(line.asked) == OPEN_REQUESTS
    assert line.reply(line.asked[0], Granted("x")) == b"OK\t1\tuser=x\n"
    assert line.say(PLAIN % (100, ANA)) == b""


# However it arrives, whatever it is


TALK = (
    HELLO
    + PLAIN % (1, ANA)
    + b"AUTH\t2\tLOGIN\tservice=smtp\tsecured\n"
    + b"CONT\t2\t" + b64encode(b"ana@example.test") + b"\n"
    + b"CONT\t2\t" + b64encode(b"wrong") + b"\n"
    + b"AUTH\t3\tPLAIN\tservice=smtp\n"
    + b"AUTH\t4\tPLAIN\tservice=smtp\tsecured\tresp=!\n"
    + b"CANCEL\t9\n"
    + b"CONT\t9\tAAAA\n"
    + b"BYE\n"
    + PLAIN % (5, ANA)
)  # fmt: skip


def talked(parts: Iterable[bytes]) -> tuple[bytes, bool]:
    line = Line.__new__(Line)
    line.session, line.store, line.asked, line.closed = Session(MECHANISMS, IDENTITY), grant, [], False
    return line.say(b"") + b"".join(line.say(part) for part in parts), line.closed


def test_a_talk_cut_anywhere_is_the_same_talk() -> None:
    whole = talked([TALK])
    assert whole[1]
    assert whole[0].count(b"\nOK\t") == 1
    for cut in range(len(TALK) + 1):
        assert talked([TALK[:cut], TALK[cut:]]) == whole
    assert talked(TALK[at : at + 1] for at in range(len(TALK))) == whole


WORDS = [
    b"AUTH",
    b"CONT",
    b"CANCEL",
    b"VERSION",
    b"CPID",
    b"1",
    b"2",
    b"PLAIN",
    b"LOGIN",
    b"SCRAM-SHA-256",
    b"service=smtp",
]
WORDS += [
    b"secured",
    b"resp=" + ANA,
    b"resp=",
    b"",
    b"AA==",
    ANA,
    b"\x01",
    b"\xff",
    b"\0",
    b"x" * 40,
    b64encode(b"n,,n=a,r=b"),
]
LINES = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(b"\t".join), max_size=12).map(
    lambda ls: b"\n".join([*ls, b""])
)
ANSWERS = st.sampled_from(
    [Granted("ana"), WRONG, Unavailable(), Refused(Code.SYS_TEMP, Reason.UNAVAILABLE)]
)  # fmt: skip
REPLY = re.compile(rb"(OK\t\d+\tuser=[^\t\n]*|CONT\t\d+\t[A-Za-z0-9+/]*=*|FAIL\t\d+(\t[a-z]+(=[^\t\n]*)?)+)\Z")


@given(LINES | st.binary(max_size=400), st.data())
@example(b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\tresp==\n", None)
def test_anything_said_is_answered_in_whole_lines_or_closes(said: bytes, data: st.DataObject | None) -> None:
    def store(asked: Asked) -> object:
        answer = data.draw(ANSWERS) if data else WRONG
        return (
            ScramKeys(b"s", 4096, [])
            if isinstance(asked.request, ScramLookup) and isinstance(answer, Granted)
            else answer
        )

    line = Line(store)
    out = line.say(said)
    assert not out or out.endswith(b"\n")
    for reply in out.split(b"\n")[:-1]:
        assert REPLY.match(reply), reply


@given(LINES, st.lists(st.integers(0, 400), max_size=5))
def test_any_talk_cut_anywhere_is_the_same_talk(said: bytes, cuts: list[int]) -> None:
    whole = HELLO + said
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]

    def store(asked: Asked) -> object:
        return ScramKeys(b"s", 4096, []) if isinstance(asked.request, ScramLookup) else WRONG

    def run(parts: list[bytes]) -> tuple[bytes, bool]:
        line = Line.__new__(Line)
        line.session, line.store, line.asked, line.closed = Session(MECHANISMS, IDENTITY), store, [], False
        spoken = b"".join(line.say(part) for part in parts)
        return re.sub(rb"(?m)^CONT\t\d+\t.*$", b"CONT", spoken), line.closed  # a nonce is new each time

    assert run([whole]) == run([whole[a:b] for a, b in pairwise(edges)])


@given(st.text())
def test_escaping_is_undone_and_leaves_no_end(text: str) -> None:
    escaped = escape(text)
    assert not re.search(rb"[\t\n\r\0]", escaped)
    assert unescape(escaped) == text


@pytest.mark.parametrize(
    ("field", "text"), [(b"a\x01x", "ax"), (b"a\x01", "a"), (b"\x01\x01t", "\x01t"), (b"\xff", "\ufffd")]
)
def test_an_escape_that_is_none_stands_for_its_second_character(field: bytes, text: str) -> None:
    assert unescape(field) == text
