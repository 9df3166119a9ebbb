"""POP3 as a machine without I/O: octets in, events out (RFC 1939 and its family).

    session.receive(data)               stores what the client sent, and does nothing
    event = session.next_event()        works until there is something for the driver to do

    bytes        send them, wait until the client takes them, call again
    a Request    have it answered, call session.answer(value), call again
    START_TLS    give session.unread() and all that follows to TLS; after the handshake call session.tls_started()
    NEED_DATA    wait for more from the client
    CLOSE        close the line

House rules: commands know nothing of lines, order or output; this file knows nothing of what a command does. Every
move between states stands in TRANSITIONS; any other is a fault of ours. Clocks and counts of connections are the
driver's; it asks for the last words, and may get none.
"""

from dataclasses import replace
from typing import Any

from pop3service import authorization
from pop3service.client import Client, CommandError, Flush, Outcome, ReadLine, Talk
from pop3service.lines import LineTooLongError
from pop3service.requests import Finish, Request
from pop3service.rules import Peer, Rules, Tls
from pop3service.signals import CLOSE, NEED_DATA, START_TLS, Farewell, Signal
from pop3service.states import COMMANDS, KEYWORDS, LONGEST, LONGEST_COMMAND, TRANSITIONS, State
from pop3service.tape import Sink, Tape
from pop3service.words import LAST_WORDS, Text

__all__ = ["CLOSE", "NEED_DATA", "START_TLS", "Event", "Farewell", "Peer", "Rules", "Session", "Signal", "State", "Tls"]

REPLIES = 256  # handed out at once, so that who pipelines thousands does not keep others waiting
PIECE = 64 * 1024  # octets that may wait to be handed out; past that no further reply is begun, nor a piece of one
INPUT_LIMIT = 32 * 1024  # octets that may wait unread before the driver stops reading

Event = bytes | Request[Any] | Signal
SIGNALS = {State.HANDSHAKE: START_TLS, State.CLOSED: CLOSE}
AFTER_REPLIES = (Signal, Flush)  # what is held back goes out before these


class Session:
    """One client's session: what is known of it, where it stands, and once it has closed by itself why it `ended`."""

    __slots__ = (
        "_answer",
        "_asked",
        "_awaits_line",
        "_bad",
        "_held",
        "_octets",
        "_spoken",
        "_talk",
        "_tape",
        "client",
        "ended",
        "state",
    )

    def __init__(self, rules: Rules, peer: Peer) -> None:
        self.client = Client(rules, peer)
        self.state = State.NEW
        self.ended = ""
        self._talk: Talk | None = None  # the command under way
        self._spoken = False  # it has said something that is not yet a whole reply
        self._asked: Request[Any] | None = None  # what it waits for
        self._answer: object = None
        self._awaits_line = False  # it waits for a line of the client's
        self._held: list[bytes] = []  # replies not yet handed out
        self._octets = 0  # as many of them
        self._bad = 0
        self._tape: Tape | None = Tape()

    def receive(self, data: bytes) -> None:
        self.client.lines.feed(data)

    @property
    def wants_input(self) -> bool:
        """Whether the driver should go on reading from the client."""
        return len(self.client.lines) < INPUT_LIMIT

    @property
    def inside_reply(self) -> bool:
        """Whether a reply of several lines has begun and not ended: then nothing else can be said."""
        return self._spoken

    def next_event(self) -> Event:
        """Work on until there is something to do. An unanswered request is returned again.

        Replies are joined until they pass 64 KiB or 256, so a request may come while earlier replies are held back:
        `take_output` gives those to a driver that expects a long wait. Raises ContradictionError where the store's
        answers cannot both be true; the session is closed then, and `farewell` tells whether a word can still be said.
        """
        if not self._held and self.client.login:
            self.client.maildrop.settle()
        while self._octets < PIECE and len(self._held) < REPLIES:
            event = self._asked or self._step()
            if event is None:
                continue
            if self._held and isinstance(event, AFTER_REPLIES):
                break
            if not isinstance(event, Flush):
                return event
            self.answer(None)
        return self.take_output()

    def answer(self, value: object) -> None:
        """Give the answer to the request that `next_event` returned."""
        self._asked = None
        self._answer = value

    def record(self, sink: Sink) -> None:
        """Give the dialogue to `sink` from now on, and first what was said before the login."""
        self._tape = self._tape or Tape()
        self._tape.give_to(sink)

    def take_output(self) -> bytes:
        """Return the replies that are held back; b"" for none. A piece of a large message is not copied for it."""
        output = b"".join(self._held)
        self._held = []
        self._octets = 0
        return output

    def unread(self) -> bytes:
        """Hand over what came after STLS was granted: TLS, never commands."""
        return self.client.lines.take_rest()

    def tls_started(self, tls: Tls) -> None:
        """Begin anew under TLS, forgetting all that was said in clear (RFC 2595 section 4)."""
        self.client = Client(self.client.rules, replace(self.client.peer, tls=tls))
        self.state = State.AUTHORIZATION
        self._bad = 0
        self._note(tls.version)

    def farewell(self, why: Farewell) -> bytes:
        """End the session from our side; return the last words, b"" where none can be said.

        Nothing is said inside a reply, in a handshake, after the end, nor while the outcome of QUIT is open. A fault
        of ours has closed the session already, and is told none the less.
        """
        ended = self.state is State.CLOSED and why is not Farewell.FAULT
        silent = self._spoken or ended or self.state is State.HANDSHAKE or isinstance(self._asked, Finish)
        held = b"".join(self._held)
        self._held, self._octets = [], 0
        self._asked = None
        self._end(None)
        self.state = State.CLOSED
        if silent or why not in LAST_WORDS:
            return b""
        words = self.client.error(*LAST_WORDS[why])
        if self._tape is not None:
            self._tape.settle()
            self._tape.reply(words)
        return held + words

    def lost(self) -> list[int]:
        """Return the messages fetched whole that no QUIT has recorded. Of a lost line nothing is removed."""
        if self._tape is not None:
            self._tape.settle()
        if self.client.login is None or self.client.finished:
            return []
        return self.client.maildrop.fetched()

    def _step(self) -> Request[Any] | Signal | None:
        """Take one step: read a line, or use an answer. Return what is needed from outside before the next."""
        if self._talk is not None and not self._awaits_line:
            return self._go_on(self._talk)
        if self.state in SIGNALS:
            return SIGNALS[self.state]
        if self.state is State.NEW:
            self.state = State.AUTHORIZATION
            self._say(authorization.greeting(self.client))
            return None
        try:
            line = self.client.lines.next_line()
        except LineTooLongError:
            self._note("[a line that is too long]")
            self._fail(CommandError(Text.LINE_TOO_LONG, bad=True))
            return None
        if line is None:
            return NEED_DATA
        if self._awaits_line:
            self._awaits_line = False
            self._answer = line
            if self._tape is not None:
                self._tape.answer(len(line))
        else:
            self._begin(line)
        return None

    def _begin(self, line: bytes) -> None:
        if self._tape is not None:
            self._hear(self._tape, line)
        try:
            reply = self._command(line)
        except CommandError as error:
            self._fail(error)
            return
        if isinstance(reply, bytes):
            self._say(reply)
            self._bad = 0
        else:
            self._talk = reply

    def _command(self, line: bytes) -> bytes | Talk:
        keyword, _, argument = line.partition(b" ")
        keyword = keyword.upper()
        command = COMMANDS[self.state].get(keyword)
        if command is None:
            raise CommandError(self._why_not(keyword), bad=True)
        if len(line) + len(b"\r\n") > LONGEST.get(keyword, LONGEST_COMMAND):
            raise CommandError(Text.LINE_TOO_LONG, bad=True)
        if b"\0" in line or b"\r" in line:
            raise CommandError(Text.CONTROL_CHARACTER, bad=True)
        return command(self.client, argument)

    def _why_not(self, keyword: bytes) -> Text:
        if keyword in COMMANDS[State.TRANSACTION]:
            return Text.LOGIN_FIRST
        return Text.ONLY_BEFORE_LOGIN if keyword in COMMANDS[State.AUTHORIZATION] else Text.UNKNOWN_COMMAND

    def _go_on(self, talk: Talk) -> Request[Any] | None:
        """Let the command under way take its answer and go on to its next reply, request or end."""
        answer, self._answer = self._answer, None
        try:
            step = talk.send(answer)
        except StopIteration as end:
            self._end(end.value)
        except CommandError as error:
            self._fail(error)
        except Exception:
            self.state = State.CLOSED
            raise
        else:
            return self._take(step)
        return None

    def _take(self, step: bytes | Request[Any]) -> Request[Any] | None:
        if isinstance(step, bytes):
            self._say(step)
            self._spoken = True
            return None
        if isinstance(step, ReadLine):
            self._awaits_line = True
            self._spoken = False
            return None
        self._asked = step
        return step

    def _end(self, outcome: Outcome | None) -> None:
        self._talk = None
        self._awaits_line = self._spoken = False
        self._bad = 0
        if outcome is not None:
            self.state = TRANSITIONS[self.state, outcome]
            self.ended = outcome.value
            if outcome is Outcome.LOGGED_IN and self._tape is not None and not self._tape.is_wanted:
                self._tape = None

    def _fail(self, error: CommandError) -> None:
        bad = self._bad + 1 if error.bad else 0
        self._end(None)
        self._bad = bad
        rules = self.client.rules
        if bad >= (rules.bad_commands if self.client.login else rules.bad_commands_before_login):
            self.state = State.CLOSED
            self.ended = "bad_commands"
            self._say(self.client.error(Text.TOO_MANY_BAD))
        else:
            self._say(self.client.error(error.text, error.code, **error.fields))

    def _hear(self, tape: Tape, line: bytes) -> None:
        keyword, _, argument = line.partition(b" ")
        tape.command(keyword.upper(), argument, known=keyword.upper() in KEYWORDS)

    def _note(self, text: str) -> None:
        if self._tape is not None:
            self._tape.note(text)

    def _say(self, reply: bytes) -> None:
        if self._tape is not None:
            self._tape.reply(reply)
        self._held.append(reply)
        self._octets += len(reply)
