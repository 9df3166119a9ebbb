"""The dialogue as its owner may read it: who said what and when, and neither a secret nor a message in it."""

from base64 import b64encode

import pytest

from pop3service.pop3 import Farewell
from pop3service.tape import HELD, Entry, Tape
from tests.protocol.scripted import CLEAR, MESSAGES, NAME, SECRET, Wire

PLAIN = b64encode(f"\0{NAME}\0{SECRET}".encode()).decode()
SECRETS = [SECRET, SECRET.strip(), PLAIN, b64encode(SECRET.encode()).decode()]


@pytest.fixture
def entries() -> list[Entry]:
    return []


def texts(entries: list[Entry]) -> list[str]:
    return [f"{entry.who}: {entry.text}" if entry.who else entry.text for entry in entries]


def recorded(entries: list[Entry], *lines: str) -> list[str]:
    """Say these lines to a session that is recorded."""
    wire = Wire()
    wire.session.record(entries.append)
    for line in lines:
        wire.send(line.encode() + b"\r\n")
    wire.session.lost()
    return texts(entries)


def test_the_dialogue_is_told_line_by_line(entries: list[Entry]) -> None:
    told = recorded(entries, f"USER {NAME}", f"PASS {SECRET}", "STAT", "LIST 1", "DELE 1", "QUIT")
    assert told[1:4] == [f"C: USER {NAME}", told[2], f"C: PASS [{len(SECRET)} octets]"]
    assert [each for each in told if each.startswith("C")][2:] == ["C: STAT", "C: LIST 1", "C: DELE 1", "C: QUIT"]
    assert all(told[place + 1].startswith("S: +OK") for place, each in enumerate(told) if each.startswith("C"))
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


def test_of_messages_only_their_octets_are_told(entries: list[Entry]) -> None:
    told = recorded(entries, f"USER {NAME}", f"PASS {SECRET}", "RETR 1", "TOP 4 2", "NOOP", "RETR 3")
    for message in MESSAGES:
        for line in message.decode().split("\r\n"):
            assert not line or not any(line in each for each in told), line
    place = told.index("C: RETR 1")
    assert told[place + 1].startswith("S: +OK")
    octets = len(MESSAGES[0]) + 2 + len(".\r\n")  # two lines of it begin with a dot
    assert told[place + 2] == f"S: [{octets} octets]"
    assert told[-1].endswith(" octets]"), "the last reply's as well"


@pytest.mark.parametrize(
    "lines",
    [
        [f"PASS {SECRET}"],
        [f"USER {NAME}", f"PASS {SECRET}", f"PASS {SECRET}"],
        [f"pass {SECRET}", f"Pass\t{SECRET}"],
        [f"AUTH PLAIN {SECRETS[2]}"],
        ["AUTH PLAIN", SECRETS[2]],
        ["AUTH LOGIN", b64encode(NAME.encode()).decode(), SECRETS[3]],
        [f"AUTH {SECRETS[3]}"],
        ["AUTH PLAIN", "*", SECRETS[2]],
        [SECRETS[2], SECRET, SECRET.strip()],
    ],
)
def test_no_secret_is_told_wherever_it_is_said(entries: list[Entry], lines: list[str]) -> None:
    told = "\n".join(recorded(entries, *lines))
    for secret in SECRETS:
        assert secret not in told
    assert "octets]" in told


def test_the_mechanism_is_told(entries: list[Entry]) -> None:
    told = recorded(entries, "AUTH plain", SECRETS[2])
    assert "C: AUTH PLAIN" in told
    assert "S: + [SASL, 0 octets]" in told
    assert f"C: [SASL, {len(SECRETS[2])} octets]" in told


def test_what_was_said_before_somebody_asked_is_told_too(entries: list[Entry]) -> None:
    wire = Wire()
    wire.send(b"CAPA\r\nUSER ana\r\n")
    wire.session.record(entries.append)
    assert "C: CAPA" in texts(entries)
    assert "S: TOP" in texts(entries)


def test_a_session_that_nobody_records_holds_nothing_after_its_login() -> None:
    wire = Wire()
    wire.send(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
    assert wire.session._tape is None


def test_a_long_listing_is_cut_and_counted(entries: list[Entry]) -> None:
    tape = Tape(clock=lambda: 7.0)
    tape.give_to(entries.append)
    tape.command(b"UIDL", b"", known=True)
    tape.reply(b"+OK\r\n" + b"".join(b"%d uid\r\n" % number for number in range(1000)))
    tape.reply(b"1001 uid\r\n.\r\n")
    tape.settle()
    assert len(entries) == 2 + 20 + 1
    listed = sum(len(f"{number} uid\r\n") for number in range(20, 1000)) + len("1001 uid\r\n.\r\n")
    assert entries[-1] == Entry(7.0, "S", f"[{listed} octets]")


def test_only_so_much_is_held_for_who_never_signs_in(entries: list[Entry]) -> None:
    tape = Tape()
    for _ in range(1000):
        tape.command(b"CAPA", b"", known=True)
    tape.give_to(entries.append)
    assert len(entries) == HELD


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"a\x1b[2Jb\x00", "LIST a\ufffd[2Jb\ufffd"),
        (b"\xff\xfe", "LIST \ufffd\ufffd"),
        (b"x" * 500, "LIST " + "x" * 155),
    ],
)
def test_what_is_told_can_be_shown(entries: list[Entry], octets: bytes, text: str) -> None:
    tape = Tape()
    tape.give_to(entries.append)
    tape.command(b"LIST", octets, known=True)
    assert entries[0].text == text


def test_last_words_are_told(entries: list[Entry]) -> None:
    wire = Wire()
    wire.session.record(entries.append)
    wire.session.farewell(Farewell.SHUTDOWN)
    assert texts(entries)[-1].startswith("S: -ERR [SYS/TEMP]")


def test_tls_is_told(entries: list[Entry]) -> None:
    wire = Wire(peer=CLEAR)
    wire.start_tls()
    wire.session.record(entries.append)
    assert texts(entries)[1::2] == ["C: STLS", "TLSv1.3"]


@pytest.mark.parametrize("typed", [b"hunter2", b"P@ssw0rd", b"a b@example.org", b"ana@example.org secret", b"@", b""])
def test_a_password_in_the_place_of_the_name_is_not_told(entries: list[Entry], typed: bytes) -> None:
    tape = Tape()
    tape.give_to(entries.append)
    tape.command(b"USER", typed, known=True)
    assert entries[0].text == f"USER [no address, {len(typed)} octets]"
