"""LMTP (RFC 2033) without I/O: bytes in, replies and requests out, in the order in which the commands came.

`receive` stores; `next_event` parses and says what to do: octets to send, a request for the store, CLOSE or
NEED_DATA. After a request nothing more happens until `answer` brings its result. Recipients that come pipelined are
asked about together, and each one that RCPT accepted gets a reply of its own after the dot (section 4.2).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from pop3service.envelope import Address, Envelope, MalformedError, parse_mail, parse_rcpt
from pop3service.incoming import Incoming
from pop3service.lines import LineReader, LineTooLongError
from pop3service.lmtp_requests import Abort, Begin, Chunk, End, FindRecipients, Request, Verdict
from pop3service.lmtp_rules import LINE_OCTETS, Rules
from pop3service.lmtp_words import LAST_WORDS
from pop3service.signals import CLOSE, NEED_DATA, Farewell, Signal

UNREAD_OCTETS = 64 * 1024  # input past which we want no more
BAD = ("500", "501", "555")  # no 503: with PIPELINING a DATA comes behind recipients that all were refused


class Session:
    """One connection. `delivered` and `refused` count the replies after the dot, `octets` what DATA brought."""

    __slots__ = (
        "_asked",
        "_bad",
        "_begun",
        "_closing",
        "_envelope",
        "_gathered",
        "_greeted",
        "_held",
        "_incoming",
        "_lines",
        "_out",
        "_recipients",
        "_request",
        "_rules",
        "delivered",
        "ended",
        "octets",
        "refused",
    )

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._lines = LineReader(LINE_OCTETS)
        self._held: bytes | None = None
        self._out = [f"220 {rules.host} LMTP Casilla"]
        self._request: Request | None = None
        self._asked: Request | None = None
        self._closing = self._greeted = False
        self._envelope: Envelope | None = None
        self._gathered: list[Address | str] = []
        self._recipients: list[Any] = []
        self._incoming: Incoming | None = None
        self._begun = False  # the store holds the beginning of a message
        self.ended = ""  # why it closed by itself: "quit", "bad_commands"
        self._bad = self.delivered = self.refused = self.octets = 0

    @property
    def wants_input(self) -> bool:
        return not self._closing and len(self._lines) < UNREAD_OCTETS

    @property
    def inside_reply(self) -> bool:
        """A message is on its way in, or waits for its replies: no moment to end the session."""
        return self._incoming is not None

    def receive(self, data: bytes) -> None:
        self._lines.feed(data)

    def next_event(self) -> bytes | Request | Signal:
        if self._asked is not None:
            return NEED_DATA
        if not self._out and not self._closing:
            self._read()
        if self._out:
            return self.take_output()
        if self._request is not None:
            return self._issue(self._request)
        return CLOSE if self._closing else NEED_DATA

    def answer(self, value: Any) -> None:
        """Take the result of the request that `next_event` gave."""
        asked, self._asked = self._asked, None
        match asked:
            case FindRecipients():
                self._take_recipients(value)
            case Begin():
                self._take_begin(value)
            case End():
                self._reply_each(value)

    def lost(self) -> Abort | None:
        """The connection is gone. Returns the Abort that the store has to hear of where it holds half a message."""
        self._closing = True
        return Abort() if self._begun else None

    def farewell(self, why: Farewell) -> bytes:
        """End the session from our side; return the last words: none within DATA, where they would pass for a reply."""
        self._closing = True
        if self._incoming is None:
            self._out.append(LAST_WORDS[why])
        return self.take_output()

    def take_output(self) -> bytes:
        """Return the replies that are held back; b"" for none."""
        output = "".join(f"{line}\r\n" for line in self._out).encode()
        self._out.clear()
        return output

    def _issue(self, request: Request) -> Request:
        self._asked, self._request = request, None
        self._begun = isinstance(request, Begin | Chunk)
        return request

    # Lines

    def _read(self) -> None:
        while self._request is None and not self._closing:
            if self._bad >= self._rules.bad_commands and not self._gathered:
                self._out.append(f"421 4.7.0 {self._bad} bad commands in a row are enough")
                self._closing, self.ended = True, "bad_commands"
            elif self._incoming is not None:
                if not self._read_message(self._incoming):
                    return
            elif (line := self._next_line()) is not None:
                self._command(line)
            else:
                self._ask_gathered()
                return

    def _next_line(self) -> bytes | None:
        if self._held is not None:
            line, self._held = self._held, None
            return line
        try:
            return self._lines.next_line()
        except LineTooLongError:
            return TOO_LONG

    def _command(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        if self._gathered and verb != b"RCPT":
            self._held = line
            self._ask_gathered()
            return
        command = COMMANDS.get(verb, UNKNOWN)
        reply = command if isinstance(command, str) else command(self, argument.strip(b" "))
        if reply is not None:
            self._out.append(reply)
            self._bad = self._bad + 1 if reply[:3] in BAD else 0

    # Commands: each returns its reply, or None where it asks the store first

    def _lhlo(self, argument: bytes) -> str:
        if re.fullmatch(rb"[!-~]{1,255}", argument) is None:
            return "501 5.5.4 Syntax: LHLO name"
        self._greeted = True
        self._reset()
        words = [self._rules.host, "PIPELINING", "ENHANCEDSTATUSCODES", f"SIZE {self._rules.size}", "8BITMIME"]
        return "".join(f"250-{word}\r\n" for word in words) + "250 SMTPUTF8"

    def _mail(self, argument: bytes) -> str:
        if not self._greeted:
            return "503 5.5.1 LHLO comes first"
        if self._envelope is not None:
            return "503 5.5.1 A message is begun: RSET drops it"
        try:
            self._envelope = parse_mail(argument, self._rules.size)
        except MalformedError as error:
            return str(error)
        return "250 2.1.0 Sender taken"

    def _rcpt(self, argument: bytes) -> str | None:
        if self._envelope is None:
            return "503 5.5.1 MAIL comes first"
        self._gathered.append(self._recipient(argument, self._envelope.utf8))
        return None

    def _recipient(self, argument: bytes, utf8: bool) -> Address | str:
        """Return whom RCPT names, or the reply that refuses it; either has its place among the gathered ones."""
        if len(self._recipients) + len(self._gathered) >= self._rules.recipients:
            return "452 4.5.3 One message has too many recipients"
        try:
            return parse_rcpt(argument, utf8)
        except MalformedError as error:
            self._bad += 1
            return str(error)

    def _start_message(self, argument: bytes) -> str | None:
        if argument:
            return "501 5.5.4 Syntax: DATA"
        if self._envelope is None:
            return "503 5.5.1 MAIL comes first"
        if not self._recipients:
            return "503 5.5.1 No recipient was taken"
        self._request = Begin(tuple(self._recipients), self._envelope)
        return None

    def _rset(self, argument: bytes) -> str:
        if argument:
            return "501 5.5.4 Syntax: RSET"
        self._reset()
        return "250 2.0.0 Forgotten"

    def _quit(self, argument: bytes) -> str:
        if argument:
            return "501 5.5.4 Syntax: QUIT"
        self._closing, self.ended = True, "quit"
        return f"221 2.0.0 {self._rules.host} closes"

    def _reset(self) -> None:
        self._envelope = None
        self._recipients = []

    # Recipients

    def _ask_gathered(self) -> None:
        addresses = tuple(each for each in self._gathered if isinstance(each, Address))
        if addresses and self._envelope is not None:
            self._request = FindRecipients(addresses, self._envelope)
        else:
            self._take_recipients(())

    def _take_recipients(self, found: Sequence[tuple[Verdict, Any]]) -> None:
        results = iter(found)
        for each in self._gathered:
            self._out.append(each if isinstance(each, str) else self._take_recipient(*next(results)))
        self._gathered = []

    def _take_recipient(self, verdict: Verdict, name: Any) -> str:
        if verdict is not Verdict.OK:
            return verdict.reply
        self._recipients.append(name)
        self._bad = 0
        return "250 2.1.5 Recipient taken"

    # The message

    def _take_begin(self, ready: bool) -> None:
        self._begun = ready
        if ready:
            self._incoming = Incoming(self._rules.size)
            self._out.append("354 The message, then a dot on a line of its own")
        else:
            self._out.append(Verdict.FAULT.reply)
            self._reset()

    def _read_message(self, incoming: Incoming) -> bool:
        """Go a step on in the message. False: more of it has to arrive first."""
        if not incoming.done:
            incoming.feed(self._lines.take_rest())
            self._lines.feed(incoming.leftover)
        if incoming.too_large and self._begun:
            self._request = Abort()
        elif chunk := incoming.next_chunk():
            self._request = Chunk(chunk)
        elif incoming.done:
            self._end_message(incoming)
        else:
            return False
        return True

    def _end_message(self, incoming: Incoming) -> None:
        self.octets += incoming.octets
        if incoming.too_large:
            self._reply_each([Verdict.TOO_LARGE] * len(self._recipients))
        else:
            self._request = End()

    def _reply_each(self, verdicts: Sequence[Verdict]) -> None:
        self._out += [verdict.reply for verdict in verdicts]
        delivered = sum(verdict is Verdict.OK for verdict in verdicts)
        self.delivered += delivered
        self.refused += len(verdicts) - delivered
        self._incoming = None
        self._reset()


TOO_LONG = b"\n"  # stands for a line past the limit; no line has this in it
UNKNOWN = "500 5.5.1 There is no such command"
COMMANDS: dict[bytes, Callable[[Session, bytes], str | None] | str] = {
    b"LHLO": Session._lhlo,
    b"HELO": "500 5.5.1 This is LMTP: say LHLO",
    b"EHLO": "500 5.5.1 This is LMTP: say LHLO",
    b"MAIL": Session._mail,
    b"RCPT": Session._rcpt,
    b"DATA": Session._start_message,
    b"RSET": Session._rset,
    b"NOOP": "250 2.0.0 Here",
    b"VRFY": "252 2.5.0 RCPT will tell",
    b"QUIT": Session._quit,
    TOO_LONG: f"500 5.5.2 A line may be {LINE_OCTETS} octets",
}
