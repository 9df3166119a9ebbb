"""What a POP3 session knows of its client, and how a command speaks, asks and ends.

A command is a function of the client and its argument, the octets after the keyword. It returns its whole reply, or
is a generator: that yields replies and requests, and returns the outcome that moves the session, if any.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pop3service.lines import LineReader
from pop3service.maildrop_view import MaildropView
from pop3service.requests import Code, LoggedIn, Reason, Refused, Request, Unavailable
from pop3service.rules import Peer, Rules
from pop3service.words import WORDS, Text

LONGEST_LINE = 16 * 1024  # an AUTH line with a token in it; most commands have a shorter limit of their own


class Outcome(Enum):
    """What a command does to the session beside its reply; `states.TRANSITIONS` says where each leads.

    The value of those that close it is what the log calls them.
    """

    LOGGED_IN = "logged_in"
    HANDSHAKE = "handshake"
    LEAVE = "quit"
    CUT = "fault"  # the reply cannot be finished truthfully


class ReadLine(Request[bytes]):
    """Wait for the client's next line: its answer to a challenge. Stays inside the core, as Flush does."""

    __slots__ = ()


class Flush(Request[None]):
    """Wait until every reply made so far has left."""

    __slots__ = ()


Talk = Generator[bytes | Request[Any], Any, Outcome | None]
Command = Callable[["Client", bytes], bytes | Talk]


class CommandError(Exception):
    """The command ends with -ERR and this text. A `bad` one was not POP3 at all; too many end the session."""

    def __init__(self, text: Text | Reason, *, code: Code = Code.NONE, bad: bool = False, **fields: object) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.bad = bad
        self.fields = fields


def refusal(answer: Refused | Unavailable) -> CommandError:
    """Return the error that says why the store did not do what was asked."""
    if isinstance(answer, Unavailable):
        return CommandError(Reason.UNAVAILABLE, code=Code.SYS_TEMP)
    return CommandError(answer.reason, code=answer.code, seconds=answer.seconds)


@dataclass(slots=True)
class Client:
    """`lines` holds what the client sent and nobody has read; `user` is the name that waits for its PASS.

    `login` and `maildrop` are there from login on; `finished` is true once the store has done what QUIT asks.
    """

    rules: Rules
    peer: Peer
    lines: LineReader = field(default_factory=lambda: LineReader(LONGEST_LINE))
    language: str = "i-default"
    utf8: bool = False
    user: str | None = None
    login: LoggedIn | None = None
    maildrop: MaildropView = field(init=False)
    finished: bool = False

    @property
    def ascii(self) -> bool:
        """Whether messages go out with headers in ASCII."""
        return self.login is not None and self.login.downgrades and not self.utf8

    @property
    def may_send_passwords(self) -> bool:
        """Whether nobody can listen on this line, or somebody here does not mind."""
        rules = self.rules
        return self.peer.tls is not None or self.peer.loopback or rules.plain_login or rules.plain_somewhere

    @property
    def line_fits_all(self) -> bool:
        """Whether this line is safe enough for every name; else the store is asked (CheckLine)."""
        if self.peer.loopback:
            return True
        return self.rules.plain_login if self.peer.tls is None else not self.peer.tls.is_old

    @property
    def may_start_tls(self) -> bool:
        return self.rules.stls and self.peer.tls is None and not self.utf8 and self.login is None

    def enter(self, login: LoggedIn) -> None:
        self.login = login
        self.maildrop = MaildropView(login.messages, login.octets)

    def words(self, text: Text | Reason, **fields: object) -> str:
        return WORDS[self.language][text].format(**fields)

    def ok(self, text: Text, **fields: object) -> bytes:
        return f"+OK {self.words(text, **fields)}\r\n".encode()

    def error(self, text: Text | Reason, code: Code = Code.NONE, **fields: object) -> bytes:
        bracketed = f"[{code.value}] " if code.value else ""
        return f"-ERR {bracketed}{self.words(text, **fields)}\r\n".encode()


def no_argument(argument: bytes) -> None:
    """Raise CommandError where something follows a command that stands alone; trailing blanks are forgiven."""
    if argument.strip():
        raise CommandError(Text.NO_ARGUMENT, bad=True)


def numbers(argument: bytes, count: int, otherwise: Text) -> list[int]:
    """Return `count` decimal numbers with nothing else beside them; raises CommandError with `otherwise`."""
    words = argument.split()
    if len(words) != count or not all(word.isdigit() for word in words):
        raise CommandError(otherwise, bad=True)
    return [int(word) for word in words]
