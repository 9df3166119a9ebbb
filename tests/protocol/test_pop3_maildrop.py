"""Inside the maildrop: each command's replies, and what happens when the store fails at any point of them."""

import pytest

from pop3service.lines import DataReader
from pop3service.pop3 import CLOSE, NEED_DATA, Farewell, Signal
from pop3service.requests import (
    Code,
    ContradictionError,
    Finish,
    LoggedIn,
    Login,
    ReadListing,
    ReadMessage,
    ReadMore,
    ReadUniqueIds,
    Reason,
    Refused,
    StopReading,
    Unavailable,
)
from tests.protocol.scripted import MESSAGES, NAME, SECRET, Store, Wire, body, logged_in


class TestStat:
    def test_counts_what_is_left_without_asking_for_the_listing(self):
        wire = logged_in()
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"
        assert ReadListing not in wire.store.kinds()

    def test_leaves_out_what_is_marked(self):
        wire = logged_in()
        wire.send(b"DELE 1\r\nDELE 4\r\n")
        assert wire.send(b"STAT\r\n") == b"+OK 2 29\r\n"

    def test_of_an_empty_maildrop(self):
        assert logged_in(Store(messages=[])).send(b"STAT\r\n") == b"+OK 0 0\r\n"


class TestHeadersInAscii:
    """Where the domain keeps headers in ASCII, a session without UTF8 has sizes of its own (RFC 6856 section 2.1)."""

    STORE = staticmethod(lambda **more: Store(instead={Login: LoggedIn(4, 999, downgrades=True)}, **more))

    def test_without_utf8_the_listing_tells_the_totals(self):
        wire = logged_in(self.STORE())
        assert ReadListing(ascii=True) in wire.store.asked
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"
        assert wire.send(b"LIST 1\r\nDELE 1\r\nSTAT\r\n").endswith(b"+OK 3 172\r\n")
        assert wire.store.kinds().count(ReadListing) == 1

    def test_with_utf8_they_are_those_of_login(self):
        wire = Wire(self.STORE())
        assert b"999" in wire.send(f"UTF8\r\nUSER {NAME}\r\nPASS {SECRET}\r\n".encode())
        assert wire.send(b"STAT\r\n") == b"+OK 4 999\r\n"
        wire.send(b"LIST\r\n")
        assert [each for each in wire.store.asked if isinstance(each, ReadListing)] == [ReadListing()]

    def test_totals_that_nobody_knows_are_not_told(self):
        wire = logged_in(self.STORE(down=ReadListing))
        assert wire.send(b"STAT\r\n").startswith(b"-ERR [SYS/TEMP] ")
        wire.store.down = ()
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"


class TestListings:
    def test_list_and_uidl_number_every_message(self):
        wire = logged_in()
        assert body(wire.send(b"LIST\r\n")) == b"1 37\r\n2 16\r\n3 13\r\n4 143\r\n"
        assert body(wire.send(b"UIDL\r\n")) == b"1 id-1\r\n2 id-2\r\n3 id-3\r\n4 id-4\r\n"
        assert wire.send(b"LIST 4\r\n") == b"+OK 4 143\r\n"
        assert wire.send(b"UIDL 4\r\n") == b"+OK 4 id-4\r\n"

    def test_numbers_never_move(self):
        wire = logged_in()
        wire.send(b"DELE 1\r\nDELE 3\r\n")
        assert body(wire.send(b"LIST\r\n")) == b"2 16\r\n4 143\r\n"
        assert body(wire.send(b"UIDL\r\n")) == b"2 id-2\r\n4 id-4\r\n"
        assert wire.send(b"LIST 4\r\n") == b"+OK 4 143\r\n"

    @pytest.mark.parametrize("command", [b"LIST", b"UIDL"])
    def test_of_an_empty_maildrop(self, command):
        assert body(logged_in(Store(messages=[])).send(command + b"\r\n")) == b""

    def test_uidl_asks_page_by_page(self):
        wire = logged_in(Store(messages=[b"\r\n"] * 6000))
        wire.send(b"DELE 2501\r\n")
        expected = [f"{number} id-{number}" for number in range(1, 6001) if number != 2501]
        assert body(wire.send(b"UIDL\r\n")).decode().splitlines() == expected
        pages = [request for request in wire.store.asked if isinstance(request, ReadUniqueIds)]
        assert pages == [ReadUniqueIds(1, 2500), ReadUniqueIds(2501, 2500), ReadUniqueIds(5001, 1000)]

    def test_the_listing_is_right_where_login_counted_wrong(self):
        wire = logged_in(Store(instead={Login: LoggedIn(5, 210)}))
        assert wire.send(b"STAT\r\n") == b"+OK 5 210\r\n"
        assert wire.send(b"RETR 5\r\n") == b"-ERR There is no message 5.\r\n"
        assert body(wire.send(b"UIDL\r\n")).count(b"\r\n") == 4
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"

    def test_the_listing_is_asked_for_once(self):
        wire = logged_in()
        wire.send(b"LIST\r\nUIDL\r\nRETR 1\r\nTOP 1 0\r\nDELE 1\r\nLIST 2\r\n")
        assert wire.store.kinds().count(ReadListing) == 1


class TestRetr:
    @pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
    def test_gives_each_message_octet_for_octet(self, piece):
        wire = logged_in(Store(piece=piece))
        for number, message in enumerate(MESSAGES, 1):
            reply = wire.send(b"RETR %d\r\n" % number)
            assert reply.startswith(b"+OK %d octets\r\n" % len(message))
            assert body(reply) == message

    def test_an_empty_message_is_an_empty_reply(self):
        assert logged_in(Store(messages=[b""])).send(b"RETR 1\r\n") == b"+OK 0 octets\r\n.\r\n"

    def test_listed_octets_are_those_of_the_reply(self):
        wire = logged_in()
        for line in body(wire.send(b"LIST\r\n")).splitlines():
            number, octets = line.split()
            reader = DataReader()
            reader.feed(wire.send(b"RETR " + number + b"\r\n").partition(b"\r\n")[2])
            assert reader.done
            assert reader.octets == int(octets)

    def test_a_message_without_its_last_line_end_gets_one(self):
        reply = logged_in(Store(messages=[b"no line end"])).send(b"RETR 1\r\n")
        assert reply == b"+OK 11 octets\r\nno line end\r\n.\r\n"

    def test_streams_a_large_message_in_pieces(self):
        message = b"x" * 998 + b"\r\n"
        wire = logged_in(Store(messages=[message * 1000], piece=256 * 1024))
        wire.session.receive(b"RETR 1\r\n")
        received = b""
        while isinstance(event := wire.until((bytes, Signal)), bytes):
            assert 0 < len(event) < 256 * 1024 + 100
            received += event
        assert body(received) == message * 1000


class TestTop:
    @pytest.mark.parametrize("piece", [1, 3, 1000])
    @pytest.mark.parametrize(
        ("number", "lines", "expected"),
        [
            (1, 0, b"Subject: one\r\n\r\n"),
            (1, 2, b"Subject: one\r\n\r\nbody\r\n.dot\r\n"),
            (1, 4, MESSAGES[0]),
            (1, 10**20, MESSAGES[0]),
            (2, 3, MESSAGES[1]),
            (3, 1, MESSAGES[2]),
        ],
    )
    def test_gives_the_header_and_so_many_lines(self, piece, number, lines, expected):
        assert body(logged_in(Store(piece=piece)).send(b"TOP %d %d\r\n" % (number, lines))) == expected

    def test_stops_reading_when_it_has_enough(self):
        wire = logged_in(Store(piece=17))
        wire.send(b"TOP 4 0\r\n")
        assert wire.store.kinds()[-2:] == [ReadMessage, StopReading]

    def test_does_not_stop_what_ended_by_itself(self):
        wire = logged_in()
        wire.send(b"TOP 4 99\r\n")
        assert wire.store.kinds()[-1] is ReadMore


class TestNumbers:
    @pytest.mark.parametrize("command", [b"LIST %s", b"UIDL %s", b"RETR %s", b"DELE %s", b"TOP %s 0"])
    @pytest.mark.parametrize("number", [b"0", b"5", b"4294967297", b"18446744073709551617", b"00", b"9" * 200])
    def test_of_no_message(self, command, number):
        wire = logged_in()
        said = wire.send(command % number + b"\r\n")
        assert said == b"-ERR There is no message %d.\r\n" % int(number)
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"

    @pytest.mark.parametrize("command", [b"LIST %s", b"UIDL %s", b"RETR %s", b"DELE %s"])
    @pytest.mark.parametrize("number", [b"-1", b"+1", b"1 2", b"1x", b"0x1", b"1.", "١".encode(), b"one", b"1,2"])
    def test_that_are_none(self, command, number):
        said = logged_in().send(command % number + b"\r\n")
        assert said == b"-ERR One message number is needed, and nothing after it.\r\n"

    @pytest.mark.parametrize("line", [b"RETR", b"DELE", b"DELE ", b"RETR  \t"])
    def test_that_are_missing(self, line):
        assert logged_in().send(line + b"\r\n") == b"-ERR One message number is needed, and nothing after it.\r\n"

    @pytest.mark.parametrize("argument", [b"", b" 1", b" 1 -1", b" 1 x", b" 1 2 3", b" 0 0 0"])
    def test_top_takes_two(self, argument):
        said = logged_in().send(b"TOP" + argument + b"\r\n")
        assert said == b"-ERR A message number and a number of lines are needed, and nothing after them.\r\n"

    @pytest.mark.parametrize("command", [b"LIST 2", b"UIDL 2", b"RETR 2", b"TOP 2 1", b"DELE 2"])
    def test_of_a_removed_message(self, command):
        wire = logged_in()
        assert wire.send(b"DELE 2\r\n") == b"+OK Message 2 will be removed at QUIT.\r\n"
        said = b"-ERR Message 2 is marked to be removed; RSET takes the mark away.\r\n"
        assert wire.send(command + b"\r\n") == said
        assert wire.send(b"STAT\r\n") == b"+OK 3 193\r\n"


class TestOthers:
    @pytest.mark.parametrize("command", [b"STAT", b"RSET", b"NOOP", b"CAPA", b"QUIT"])
    def test_take_no_argument(self, command):
        wire = logged_in()
        assert wire.send(command + b" 1\r\n") == b"-ERR This command takes no argument.\r\n"
        assert wire.signal is NEED_DATA
        assert wire.send(command + b"  \r\n").startswith(b"+OK")

    def test_rset_takes_every_mark_away(self):
        wire = logged_in()
        wire.send(b"RETR 1\r\nDELE 1\r\nDELE 2\r\n")
        assert wire.send(b"RSET\r\n") == b"+OK No message will be removed. Messages: 4. Octets: 209.\r\n"
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"
        wire.send(b"QUIT\r\n")
        assert wire.store.finished == Finish([], [1])

    @pytest.mark.parametrize("command", [b"USER a", b"PASS a", b"AUTH PLAIN", b"UTF8"])
    def test_login_comes_once(self, command):
        assert logged_in().send(command + b"\r\n") == b"-ERR This command works before login only.\r\n"


class TestQuit:
    def test_removes_what_is_marked_and_tells_what_was_fetched(self):
        wire = logged_in()
        for line in (b"RETR 3\r\n", b"RETR 1\r\n", b"TOP 4 99\r\n", b"DELE 3\r\n", b"DELE 2\r\n"):
            wire.send(line)
        assert wire.send(b"QUIT\r\n") == b"+OK Bye. Messages removed: 2.\r\n"
        assert wire.store.finished == Finish([2, 3], [1, 3])
        assert wire.signal is CLOSE
        assert wire.session.lost() == []

    def test_all_pipelined(self):
        wire = logged_in()
        wire.send(b"RETR 1\r\nDELE 1\r\nQUIT\r\nDELE 2\r\n")
        assert wire.store.finished == Finish([1], [1])

    def test_earlier_replies_leave_before_anything_is_removed(self):
        wire = logged_in(Store(piece=1000))
        wire.session.receive(b"RETR 1\r\nDELE 1\r\nQUIT\r\n")
        assert wire.until(bytes).endswith(b"+OK Message 1 will be removed at QUIT.\r\n")
        assert wire.store.finished is None
        assert wire.session.next_event() == Finish([1], [1])

    @pytest.mark.parametrize("answer", [Unavailable(), Refused(Code.SYS_TEMP, Reason.UNAVAILABLE)])
    def test_says_so_when_nothing_was_removed(self, answer):
        wire = logged_in(Store(instead={Finish: answer}))
        wire.send(b"RETR 1\r\nDELE 1\r\n")
        assert wire.send(b"QUIT\r\n").startswith(b"-ERR [SYS/TEMP] The store did not take the removals; no message was")
        assert wire.signal is CLOSE
        assert wire.session.lost() == [1]

    def test_a_client_that_removes_nothing_is_not_troubled(self):
        wire = logged_in(Store(down=Finish))
        assert wire.send(b"QUIT\r\n") == b"+OK Bye.\r\n"


class TestLost:
    def test_tells_what_was_fetched_whole(self):
        wire = logged_in()
        wire.send(b"RETR 2\r\nTOP 1 5\r\nRETR 4\r\nDELE 2\r\n")
        assert wire.session.lost() == [2, 4]

    def test_knows_nothing_before_login(self):
        assert logged_in(Store(messages=[])).session.lost() == []

    def test_what_was_not_handed_over_does_not_count(self):
        wire = logged_in(Store(piece=1000))
        wire.session.receive(b"RETR 1\r\n")
        assert wire.until(bytes).endswith(b"\r\n.\r\n")
        assert wire.session.lost() == []
        assert wire.session.next_event() is NEED_DATA
        assert wire.session.lost() == [1]

    def test_nor_does_one_that_lacks_its_final_dot(self):
        wire = logged_in(Store(messages=[b"x" * 69_998 + b"\r\n"], piece=70_000))
        wire.session.receive(b"RETR 1\r\n")
        assert wire.until(bytes).endswith(b"x\r\n")
        assert wire.until(bytes) == b".\r\n"
        assert wire.session.lost() == []
        assert wire.session.next_event() is NEED_DATA
        assert wire.session.lost() == [1]


class TestFaults:
    @pytest.mark.parametrize(
        ("command", "down"),
        [
            (b"LIST", ReadListing),
            (b"UIDL", ReadListing),
            (b"UIDL", ReadUniqueIds),
            (b"UIDL 1", ReadUniqueIds),
            (b"RETR 1", ReadListing),
            (b"RETR 1", ReadMessage),
            (b"TOP 1 1", ReadMessage),
            (b"DELE 1", ReadListing),
        ],
    )
    def test_before_the_reply_begins_are_an_error_and_pass(self, command, down):
        wire = logged_in(Store(down=down))
        said = b"-ERR [SYS/TEMP] The mail store cannot be reached; try again in a minute.\r\n"
        assert wire.send(command + b"\r\n") == said
        assert wire.send(b"STAT\r\n") == b"+OK 4 209\r\n"
        wire.store.down = ()
        assert wire.send(command + b"\r\n").startswith(b"+OK")

    @pytest.mark.parametrize("command", [b"RETR 1", b"TOP 1 9"])
    def test_inside_a_message_cut_it_without_a_word(self, command):
        wire = logged_in(Store(down=ReadMore))
        assert wire.send(command + b"\r\nNOOP\r\n").partition(b"\r\n")[2] == MESSAGES[0][:7]
        assert wire.signal is CLOSE
        assert wire.session.lost() == []

    def test_inside_a_listing_cut_it_without_a_word(self):
        wire = logged_in(Store(messages=[b"\r\n"] * 2501))
        wire.session.receive(b"UIDL\r\n")
        wire.session.answer(wire.store.answer(wire.until(ReadUniqueIds)))
        wire.until(ReadUniqueIds)
        wire.store.down = ReadUniqueIds
        assert wire.send(b"").endswith(b"\r\n2500 id-2500\r\n")
        assert wire.signal is CLOSE

    def test_a_refusal_of_one_message_is_an_error_with_its_code(self):
        wire = logged_in(Store(instead={ReadMessage: Refused(Code.UTF8, Reason.NEEDS_UTF8)}))
        assert wire.send(b"RETR 1\r\n").startswith(b"-ERR [UTF8] This message needs UTF-8 mode")

    @pytest.mark.parametrize(
        ("command", "answers"),
        [
            (b"UIDL", {ReadUniqueIds: ["id-1"]}),
            (b"UIDL 1", {ReadUniqueIds: []}),
            (b"RETR 1", {ReadMore: b""}),
            (b"TOP 1 99", {ReadMore: b""}),
            (b"RETR 2", {ReadMessage: b"longer than was listed\r\n", ReadMore: b""}),
        ],
    )
    def test_contradictions_end_the_session_without_a_final_dot(self, command, answers):
        wire = logged_in(Store(instead=answers))
        with pytest.raises(ContradictionError):
            wire.send(command + b"\r\nNOOP\r\n")
        assert not wire.send(b"").endswith(b".\r\n")
        assert wire.signal is CLOSE
        assert wire.session.lost() == []

    @pytest.mark.parametrize(("command", "told"), [(b"UIDL", True), (b"UIDL 1", True), (b"RETR 1", False)])
    def test_a_fault_of_ours_is_told_where_no_reply_has_begun(self, command, told):
        wire = logged_in(Store(instead={ReadUniqueIds: [], ReadMore: b""}))
        with pytest.raises(ContradictionError):
            wire.send(command + b"\r\n")
        said = wire.session.farewell(Farewell.FAULT)
        assert said.startswith(b"-ERR [SYS/TEMP] Something went wrong here") if told else said == b""
        assert wire.session.next_event() is CLOSE
