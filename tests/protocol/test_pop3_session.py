"""The machine under the commands: lines and their limits, order, joined replies, patience, last words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.pop3 import CLOSE, NEED_DATA, Farewell, Rules, Session, Tls
from pop3service.requests import Finish, Login, ReadMessage, ReadMore, Request
from tests.protocol.scripted import CLEAR, LOOPBACK, NAME, SECRET, Store, Wire, logged_in
from tests.protocol.test_lines import pieces

RULES = Rules("mail.example.org")


class TestLines:
    def test_end_with_lf_alone_too(self):
        assert logged_in().send(b"STAT\nNOOP\r\n") == b"+OK 4 209\r\n+OK Nothing done.\r\n"

    @pytest.mark.parametrize(("octets", "starts"), [(255, b"+OK"), (256, b"-ERR That line is too long.")])
    def test_hold_255_octets(self, octets, starts):
        line = b"NOOP" + b" " * (octets - 6) + b"\r\n"
        assert len(line) == octets
        assert logged_in().send(line).startswith(starts)

    def test_past_every_limit_are_one_error(self):
        wire = logged_in()
        assert wire.send(b"RETR " + b"1" * 100_000) == b"-ERR That line is too long.\r\n"
        assert wire.send(b"1" * 100_000 + b"\r\nSTAT\r\n") == b"+OK 4 209\r\n"

    @pytest.mark.parametrize("line", [b"STAT\0", b"RETR 1\0", b"NOOP\r", b"CAPA \r "])
    def test_hold_neither_nul_nor_cr(self, line):
        wire = logged_in()
        assert wire.send(line + b"\r\n").startswith(b"-ERR ")
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"

    def test_a_password_with_a_nul_is_never_tried(self):
        wire = Wire()
        wire.send(f"USER {NAME}\r\nPASS {SECRET}\0\r\n".encode())
        assert wire.store.asked == []


class TestBadCommands:
    def test_three_in_a_row_end_it_before_login(self):
        wire = Wire()
        said = wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nUSER a\r\n").splitlines()
        assert said == [b"-ERR This server has no such command."] * 2 + [b"-ERR Too many bad commands."]
        assert wire.signal is CLOSE

    def test_twenty_in_a_row_end_it_after_login(self):
        wire = logged_in()
        wire.send(b"XYZZY\r\n" * 19)
        assert wire.signal is NEED_DATA
        assert wire.send(b"RETR x\r\n") == b"-ERR Too many bad commands.\r\n"
        assert wire.signal is CLOSE

    @pytest.mark.parametrize("good", [b"NOOP", b"RETR 99", b"RETR 1"])
    def test_a_good_one_between_forgives_them(self, good):
        wire = logged_in()
        wire.send((b"XYZZY\r\n" * 19 + good + b"\r\n") * 3)
        assert wire.signal is NEED_DATA

    def test_a_refused_login_is_not_one(self):
        wire = Wire()
        wire.send(f"USER {NAME}\r\nPASS wrong\r\n".encode() * 9)
        assert wire.signal is NEED_DATA
        assert wire.store.kinds() == [Login] * 9

    def test_those_before_tls_do_not_count_after_it(self):
        wire = Wire(peer=CLEAR)
        wire.send(b"A\r\nB\r\n")
        wire.session.tls_started(Tls("TLSv1.3"))
        wire.send(b"A\r\nB\r\n")
        assert wire.signal is NEED_DATA

    def test_those_before_login_do_not_count_after_it(self):
        wire = Wire(rules=replace(RULES, bad_commands=3))
        wire.send(b"A\r\nB\r\n")
        wire.log_in().send(b"A\r\nB\r\n")
        assert wire.signal is NEED_DATA


class TestEvents:
    def test_receiving_does_nothing(self):
        wire = logged_in()
        wire.session.receive(b"QUIT\r\n")
        assert wire.store.finished is None
        assert wire.session.state.name == "TRANSACTION"

    def test_pipelined_replies_leave_together(self):
        wire = logged_in()
        wire.session.receive(b"NOOP\r\nSTAT\r\nNOOP\r\n")
        assert wire.session.next_event() == b"+OK Nothing done.\r\n+OK 4 209\r\n+OK Nothing done.\r\n"
        assert wire.session.next_event() is NEED_DATA

    def test_a_request_is_returned_until_it_is_answered(self):
        wire = Wire()
        wire.session.receive(f"USER {NAME}\r\nPASS {SECRET}\r\n".encode())
        request = wire.session.next_event()
        assert request == Login("USER", NAME, SECRET)
        assert wire.session.next_event() is request
        assert wire.session.take_output() == b"+OK Now the password.\r\n"
        assert wire.session.take_output() == b""
        assert wire.session.next_event() is request
        wire.session.answer(wire.store.answer(request))
        assert wire.session.next_event() == b"+OK Messages: 4. Octets: 209.\r\n"

    def test_a_signal_is_returned_until_it_is_heeded(self):
        wire = Wire()
        wire.send(b"QUIT\r\n")
        assert wire.session.next_event() is CLOSE
        assert wire.session.next_event() is CLOSE

    def test_no_secret_shows_in_a_request(self):
        assert SECRET not in repr(Login("USER", NAME, SECRET))

    def test_a_client_that_does_not_read_costs_one_piece(self):
        wire = logged_in(Store(messages=[b"x" * 60_000 + b"\r\n"] * 50, piece=256 * 1024))
        wire.session.receive(b"".join(b"RETR %d\r\n" % number for number in range(1, 51)))
        assert 64 * 1024 < len(wire.until(bytes)) < 2 * 64 * 1024
        assert wire.store.kinds().count(ReadMessage) == 2

    def test_wants_no_input_while_much_waits(self):
        wire = logged_in()
        assert wire.session.wants_input
        wire.session.receive(b"NOOP\r\n" * 10_000)
        assert not wire.session.wants_input
        assert wire.send(b"").count(b"+OK Nothing done.\r\n") == 10_000
        assert wire.session.wants_input

    def test_every_single_line_reply_fits_512_octets(self):
        wire = Wire(rules=replace(RULES, host="h" * 255))
        wire.send(b"LANG es\r\n")
        wire.log_in()
        for line in (b"NOOP", b"RETR " + b"9" * 240, b"DELE 1", b"RSET", b"LANG " + b"x" * 240):
            assert len(wire.send(line + b"\r\n")) <= 512


class TestFarewell:
    def test_idle_is_silent(self):
        wire = logged_in()
        assert wire.session.farewell(Farewell.IDLE) == b""
        assert wire.session.next_event() is CLOSE

    @pytest.mark.parametrize("why", [Farewell.SHUTDOWN, Farewell.ENDED, Farewell.FAULT])
    def test_others_say_that_nothing_is_removed(self, why):
        wire = logged_in()
        wire.send(b"DELE 1\r\n")
        said = wire.session.farewell(why)
        assert said.startswith(b"-ERR [SYS/TEMP] ")
        assert said.endswith(b" No message was removed.\r\n")
        assert wire.session.next_event() is CLOSE
        assert wire.store.finished is None

    def test_takes_the_place_of_the_greeting(self):
        session = Session(RULES, CLEAR)
        assert session.farewell(Farewell.TOO_MANY_CONNECTIONS).startswith(b"-ERR [SYS/TEMP] Too many connections")
        assert session.next_event() is CLOSE

    def test_comes_after_replies_that_are_held_back(self):
        wire = logged_in()
        wire.session.receive(b"NOOP\r\nRETR 1\r\n")
        wire.session.next_event()
        said = wire.session.farewell(Farewell.SHUTDOWN)
        assert said.startswith(b"+OK Nothing done.\r\n-ERR [SYS/TEMP] ")

    def test_speaks_the_clients_language(self):
        wire = logged_in()
        wire.send(b"LANG es\r\n")
        assert wire.session.farewell(Farewell.ENDED).decode().endswith("No se eliminó ningún mensaje.\r\n")

    def test_interrupts_a_login(self):
        wire = Wire()
        wire.send(b"AUTH PLAIN\r\n")
        assert not wire.session.inside_reply
        assert wire.session.farewell(Farewell.SHUTDOWN).startswith(b"-ERR [SYS/TEMP] ")

    @pytest.mark.parametrize("command", [b"RETR 1", b"UIDL"])
    def test_says_nothing_inside_a_reply(self, command):
        wire = logged_in(Store(messages=[b"a\r\n"] * 2501, piece=1))
        wire.session.receive(command + b"\r\n")
        while not wire.session.inside_reply:
            wire.session.answer(wire.store.answer(wire.until(Request)))
            wire.until(Request)
        assert wire.session.farewell(Farewell.ENDED) == b""
        assert wire.session.next_event() is CLOSE

    def test_says_nothing_while_the_outcome_of_quit_is_open(self):
        wire = logged_in()
        wire.session.receive(b"DELE 1\r\nQUIT\r\n")
        wire.until(Finish)
        assert wire.session.farewell(Farewell.SHUTDOWN) == b""

    @pytest.mark.parametrize("why", [Farewell.SHUTDOWN, Farewell.ENDED])
    def test_says_nothing_after_the_end(self, why):
        wire = logged_in()
        wire.send(b"QUIT\r\n")
        assert wire.session.farewell(why) == b""

    def test_says_nothing_in_a_handshake(self):
        wire = Wire(peer=CLEAR)
        wire.send(b"STLS\r\n")
        assert wire.session.farewell(Farewell.SHUTDOWN) == b""

    def test_a_reply_that_ended_is_no_longer_one(self):
        wire = logged_in()
        wire.send(b"RETR 1\r\n")
        assert not wire.session.inside_reply
        assert wire.session.farewell(Farewell.SHUTDOWN) != b""
        assert ReadMore in wire.store.kinds()


ANY = [b"CAPA", b"LANG es", b"LANG", b"QUIT", b"", b"\0", b"x" * 300, b"STLS", b"USER ana@example.org", b"PASS no"]
BEFORE = [b"UTF8", b"AUTH PLAIN", b"AUTH LOGIN", b"*", b"YQ==", b"PASS a b  c "]
AFTER = [b"STAT", b"LIST", b"LIST 2", b"UIDL", b"UIDL 1", b"RETR 1", b"RETR 4", b"TOP 1 1", b"DELE 1", b"RSET", b"NOOP"]
LOGIN = b"AUTH PLAIN AGFuYUBleGFtcGxlLm9yZwBhIGIgIGMg\r\n"


def lines(commands):
    return st.lists(st.sampled_from(commands).map(lambda line: line + b"\r\n"), max_size=20).map(b"".join)


@given(pieces(st.one_of(lines(ANY + BEFORE), lines(ANY + AFTER).map(lambda after: LOGIN + after))))
def test_however_it_is_cut_the_replies_are_the_same(sent):
    whole, parts = sent
    rules = replace(RULES, stls=False, bad_commands_before_login=9)
    one, other = Wire(rules=rules, peer=LOOPBACK), Wire(Store(piece=2), rules=rules, peer=LOOPBACK)
    assert one.send(whole) == b"".join(other.send(part) for part in parts)
    assert one.signal is other.signal
    assert one.store.finished == other.store.finished
