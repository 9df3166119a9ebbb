"""Dovecot's auth-client protocol, the server's side, as a machine without I/O: Postfix and Exim check passwords by it.

    session.receive(data)      stores what the client sent, and does nothing
    event = session.next_event()

    bytes        send them, call again
    an Asked     have it answered, session.answer(Answered(asked, value)), whenever that is; meanwhile call again
    NEED_DATA    wait for more from the client, or for an answer
    CLOSE        close the line

Its lines are in dovecot_auth_lines.py. What its readers, Postfix's xsasl_dovecot_server.c and Exim's auths/dovecot.c,
make of it:
- The whole handshake goes out at once: Exim says nothing before DONE. MECH stands before SPID, by which both tell this
  socket from auth-master's.
- To Postfix and Exim every FAIL is a wrong password; what they take for "try again later" (454, 435) is a line that
  closes. So a store that cannot be reached closes it, unless other requests share the line.
- Postfix never cancels: what a mail client leaves half done stays open. Past the cap the oldest of those makes room.

Clocks are the driver's. Channel binding is not offered: the TLS line ends in the MTA.
"""

from base64 import b64encode
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pop3service.dovecot_auth_lines import (
    Attempt,
    Identity,
    ProtocolError,
    attempt_of,
    escape,
    handshake,
    unsigned,
)
from pop3service.lines import LineReader, LineTooLongError
from pop3service.requests import Code, Reason, Refused, Request, Unavailable
from pop3service.sasl import MECHANISMS, SAFE_IN_CLEAR, Challenge, Channel, SaslError, unbase64
from pop3service.signals import CLOSE, NEED_DATA, Farewell, Signal
from pop3service.words import ENGLISH

LONGEST_LINE = 16 * 1024  # octets, as Dovecot's own
UNREAD_OCTETS = 4 * LONGEST_LINE
OPEN_REQUESTS = 64
LONGEST_NAME = 320  # characters of a user name that is repeated; Exim reads 8 KiB a line

CODES = {Reason.SUSPENDED: "user_disabled", Reason.DEVICE_PASSWORD_EXPIRED: "pass_expired"}

Exchange = Generator[Request[Any], Any, object]


@dataclass(frozen=True, slots=True)
class Granted:
    """The answer to a login request: yes, and the name by which the MTA knows the sender."""

    user: str


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A mechanism wants to know this; answered by `Granted`, `Refused`, `Unavailable` or what the request says."""

    attempt: Attempt
    request: Request[Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What an `Asked` is answered, which may be long after others that were asked later."""

    asked: Asked
    value: object


Event = bytes | Asked | Signal


@dataclass(slots=True, eq=False, repr=False)
class _Open:
    """A request under way: `asked` while the store has the word, none while the client has it."""

    attempt: Attempt
    exchange: Exchange
    initial: bytes | None = None
    asked: Asked | None = None
    name: str = ""


class Session:
    """One line to an MTA. `plain_login` takes passwords that crossed the MTA's line without TLS."""

    def __init__(
        self,
        mechanisms: Iterable[str],
        identity: Identity,
        *,
        plain_login: bool = False,
        factories: Mapping[str, Callable[[Channel], Exchange]] = MECHANISMS,
    ) -> None:
        self._factories = {name: factories[name] for name in mechanisms}
        self._plain_login = plain_login
        self._lines = LineReader(LONGEST_LINE)
        self._open: dict[int, _Open] = {}
        self._out = bytearray(handshake(self._factories, identity))
        self._events: deque[Asked] = deque()
        self._commands: dict[bytes, Callable[[list[bytes]], None]] = {b"VERSION": self._version}
        self._closed = False
        self.ended = ""  # why it closed by itself: "protocol_error", "unavailable"

    def receive(self, data: bytes) -> None:
        self._lines.feed(data)

    def next_event(self) -> Event:
        """Return what there is to do; works on the client's lines until there is something."""
        while not (self._out or self._events or self._closed):
            try:
                line = self._lines.next_line()
                if line is None:
                    return NEED_DATA
                self._command(line)
            except (LineTooLongError, ProtocolError):
                self._close("protocol_error")
        if self._out:
            return self.take_output()
        return self._events.popleft() if self._events else CLOSE

    def answer(self, answered: Answered | None) -> None:
        """Go on with what was asked; None: the question was taken. What was cancelled meanwhile is dropped."""
        if answered is None:
            return
        request = self._open.get(answered.asked.attempt.number)
        if request is not None and request.asked is answered.asked:
            request.asked = None
            self._advance(request, answered.value)

    @property
    def wants_input(self) -> bool:
        return not self._closed and len(self._lines) < UNREAD_OCTETS

    @property
    def inside_reply(self) -> bool:
        """Whether somebody waits for the store's word: no moment to end the line."""
        return any(request.asked is not None for request in self._open.values())

    def take_output(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def farewell(self, why: Farewell) -> bytes:
        """End the line from our side; the protocol has no last words."""
        self._close()
        return b""

    def lost(self) -> None:
        self._close()

    def _command(self, line: bytes) -> None:
        name, *fields = line.split(b"\t")
        command = self._commands.get(name)
        if command is None:
            raise ProtocolError
        command(fields)

    def _version(self, fields: list[bytes]) -> None:
        if fields[:1] != [b"1"]:
            raise ProtocolError
        self._commands = {b"CPID": self._cpid}

    def _cpid(self, fields: list[bytes]) -> None:
        if len(fields) != 1 or unsigned(fields[0]) == 0:
            raise ProtocolError
        self._commands = {b"AUTH": self._auth, b"CONT": self._continue, b"CANCEL": self._cancel}

    def _auth(self, fields: list[bytes]) -> None:
        attempt, initial = attempt_of(fields)
        if attempt.number in self._open:
            raise ProtocolError
        if attempt.mechanism not in self._factories:
            self._fail(attempt.number, "This mechanism is not offered.")
        elif not (attempt.secured or self._plain_login or attempt.mechanism in SAFE_IN_CLEAR):
            self._fail(attempt.number, ENGLISH[Reason.TLS_NEEDED])
        elif not self._room():
            self._fail(attempt.number, ENGLISH[Reason.OVERLOADED], code="temp_fail")
        else:
            request = _Open(attempt, self._factories[attempt.mechanism](Channel()), initial)
            self._open[attempt.number] = request
            self._advance(request, None)

    def _continue(self, fields: list[bytes]) -> None:
        if len(fields) != 2:
            raise ProtocolError
        request = self._open.get(unsigned(fields[0]))
        if request is None:
            self._fail(unsigned(fields[0]), "This sign-in is over; begin again.")
        elif request.asked is not None:
            self._drop(request)
            self._fail(request.attempt.number, "Nothing more was asked for.")
        else:
            self._respond(request, fields[1])

    def _respond(self, request: _Open, data: bytes) -> None:
        try:
            response = unbase64(data)
        except SaslError:
            self._refuse_malformed(request)
        else:
            self._advance(request, response)

    def _cancel(self, fields: list[bytes]) -> None:
        if len(fields) != 1:
            raise ProtocolError
        request = self._open.get(unsigned(fields[0]))
        if request is not None:
            self._drop(request)

    def _advance(self, request: _Open, value: object) -> None:
        """Give the mechanism what it waits for, and do what it wants next."""
        try:
            step = request.exchange.send(value)
        except StopIteration as end:
            self._finish(request, end.value)
        except SaslError:
            self._refuse_malformed(request)
        else:
            if not isinstance(step, Challenge):
                self._ask(request, step)
            elif request.initial is None:
                self._reply("CONT", request.attempt.number, b64encode(step.data).decode())
            else:
                data, request.initial = request.initial, None
                self._respond(request, b"" if data == b"=" else data)

    def _ask(self, request: _Open, step: Request[Any]) -> None:
        request.name = getattr(step, "name", request.name)
        request.asked = Asked(request.attempt, step)
        self._events.append(request.asked)

    def _finish(self, request: _Open, outcome: object) -> None:
        self._drop(request)
        number = request.attempt.number
        if isinstance(outcome, Granted):
            self._reply("OK", number, f"user={outcome.user}")
        elif isinstance(outcome, Refused) and outcome.code is not Code.SYS_TEMP:
            reason = ENGLISH[outcome.reason].format(seconds=outcome.seconds)
            self._fail(number, reason, request.name, CODES.get(outcome.reason, ""))
        elif not isinstance(outcome, Refused | Unavailable):
            raise TypeError(f"a sign-in ended with {type(outcome).__name__}")
        elif self._open:
            self._fail(number, ENGLISH[Reason.UNAVAILABLE], code="temp_fail")
        else:
            self._close("unavailable")

    def _refuse_malformed(self, request: _Open) -> None:
        self._drop(request)
        self._fail(request.attempt.number, "The mail client's answer is not what this mechanism has.", request.name)

    def _room(self) -> bool:
        """Make room for one more by dropping the oldest that waits for its client; False if all wait for the store."""
        if len(self._open) < OPEN_REQUESTS:
            return True
        oldest = next((request for request in self._open.values() if request.asked is None), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def _drop(self, request: _Open) -> None:
        request.exchange.close()
        request.asked = None
        del self._open[request.attempt.number]

    def _fail(self, number: int, reason: str, name: str = "", code: str = "") -> None:
        known = [f"user={name}"] if 0 < len(name) <= LONGEST_NAME else []
        temporary = ["temp"] if code == "temp_fail" else []  # the word of versions before 1.2
        self._reply("FAIL", number, *known, f"reason={reason}", *temporary, *([f"code={code}"] if code else []))

    def _reply(self, *fields: object) -> None:
        self._out += b"\t".join(escape(str(field)) for field in fields) + b"\n"

    def _close(self, reason: str = "") -> None:
        self.ended = self.ended or reason
        for request in [*self._open.values()]:
            self._drop(request)
        self._events.clear()
        self._closed = True
