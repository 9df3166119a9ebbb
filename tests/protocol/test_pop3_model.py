"""Any commands in any order, against RFC 1939 said as simply as it can be."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pop3service.lines import canonical
from pop3service.pop3 import CLOSE, NEED_DATA
from pop3service.requests import Finish, ReadListing, ReadMore
from tests.protocol.scripted import Store, body, logged_in
from tests.protocol.test_lines import NASTY, model_top

NUMBERS = st.integers(-1, 6) | st.just(2**32 + 1)
MESSAGE = NASTY.map(lambda text: canonical(text + b"\r\n"))


class Maildrop(RuleBasedStateMachine):
    """`left` is the model: what STAT, LIST and UIDL see. `fetched` and `removed` are what QUIT must tell the store."""

    @initialize(messages=st.lists(MESSAGE, max_size=5), piece=st.integers(1, 9))
    def log_in(self, messages, piece):
        self.all = dict(enumerate(messages, 1))
        self.left = dict(self.all)
        self.fetched = set()
        self.wire = logged_in(Store(messages=messages, piece=piece))

    def say(self, line):
        return self.wire.send(line.encode() + b"\r\n")

    def error(self, reply):
        assert reply.startswith(b"-ERR ")
        assert reply.find(b"\r\n") == len(reply) - 2

    @rule()
    def stat(self):
        assert self.say("STAT") == b"+OK %d %d\r\n" % (len(self.left), sum(map(len, self.left.values())))

    @rule()
    def list_all(self):
        assert body(self.say("LIST")) == b"".join(b"%d %d\r\n" % (n, len(text)) for n, text in self.left.items())

    @rule()
    def uidl_all(self):
        assert body(self.say("UIDL")) == b"".join(b"%d id-%d\r\n" % (n, n) for n in self.left)

    @rule(number=NUMBERS)
    def list_one(self, number):
        reply = self.say(f"LIST {number}")
        if number in self.left:
            assert reply == b"+OK %d %d\r\n" % (number, len(self.left[number]))
        else:
            self.error(reply)

    @rule(number=NUMBERS)
    def uidl_one(self, number):
        reply = self.say(f"UIDL {number}")
        if number in self.left:
            assert reply == b"+OK %d id-%d\r\n" % (number, number)
        else:
            self.error(reply)

    @rule(number=NUMBERS)
    def retr(self, number):
        reply = self.say(f"RETR {number}")
        if number in self.left:
            assert body(reply) == self.left[number]
            self.fetched.add(number)
        else:
            self.error(reply)

    @rule(number=NUMBERS, lines=st.integers(0, 5))
    def top(self, number, lines):
        reply = self.say(f"TOP {number} {lines}")
        if number in self.left:
            assert body(reply) == model_top(self.left[number], lines)
        else:
            self.error(reply)

    @rule(number=NUMBERS)
    def dele(self, number):
        reply = self.say(f"DELE {number}")
        if self.left.pop(number, None) is None:
            self.error(reply)
        else:
            assert reply.startswith(b"+OK ")

    @rule()
    def rset(self):
        assert self.say("RSET").startswith(b"+OK ")
        self.left = dict(self.all)

    @rule(line=st.sampled_from(["NOOP", "CAPA", "LANG es", "XYZZY", "USER a", "RETR", "DELE 1 2", "STAT 1"]))
    def something_else(self, line):
        self.say(line)

    @rule(number=NUMBERS, kind=st.sampled_from([ReadListing, ReadMore]))
    def retr_without_a_database(self, number, kind):
        self.wire.store.down = kind
        reply = self.say(f"RETR {number}")
        self.wire.store.down = ()
        if self.wire.signal is CLOSE:
            assert number in self.left
            assert b"\r\n.\r\n" not in b"\r\n" + reply.partition(b"\r\n")[2]
            self.end()
        elif reply.startswith(b"+OK"):
            assert body(reply) == self.left[number]
            self.fetched.add(number)

    @precondition(lambda self: len(self.left) < len(self.all))
    @rule()
    def quit(self):
        removed = sorted(set(self.all) - set(self.left))
        assert self.say("QUIT").startswith(b"+OK ")
        assert self.wire.store.finished == Finish(removed, sorted(self.fetched))
        self.fetched.clear()
        self.end()

    @rule()
    def lose_the_line(self):
        assert self.wire.session.lost() == sorted(self.fetched)
        assert self.wire.store.finished is None
        self.end()

    def end(self):
        """Begin the next session, on what this one left."""
        assert self.wire.session.lost() == sorted(self.fetched)
        removed = self.wire.store.finished.removed if self.wire.store.finished else []
        left = [text for number, text in self.all.items() if number not in removed]
        self.log_in(left, self.wire.store.piece)

    @invariant()
    def still_there(self):
        assert self.wire.signal is NEED_DATA


TestMaildrop = Maildrop.TestCase
TestMaildrop.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
