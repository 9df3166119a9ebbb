"""What the POP3 core asks of the mail store, and what it is answered: plain values, no calls.

The core returns a request from `Session.next_event`; whoever drives it hands the answer to `Session.answer`. Each
request names the type of its answer, so a command reads like a call: `answer = yield from ask(ReadListing())`.
Any request may be answered `Unavailable()`: the store cannot be reached now.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class Code(Enum):
    """The response code in brackets that tells a program why (RFC 2449 section 8, RFC 3206, RFC 6856 section 5)."""

    NONE = ""
    AUTH = "AUTH"
    IN_USE = "IN-USE"
    LOGIN_DELAY = "LOGIN-DELAY"
    SYS_PERM = "SYS/PERM"
    SYS_TEMP = "SYS/TEMP"
    UTF8 = "UTF8"


class Reason(Enum):
    """Why the store refuses, for a person; `words.py` has the sentence. Those with a time use `Refused.seconds`."""

    WRONG_PASSWORD = auto()
    SCRAM_FAILED = auto()  # wrong, or not a device password: SCRAM knows no other
    TOKEN_REFUSED = auto()
    DEVICE_PASSWORD_NEEDED = auto()
    DEVICE_PASSWORD_EXPIRED = auto()
    DEVICE_PASSWORD_PURPOSE = auto()  # it fetches and does not send, or the other way round
    NETWORK_NOT_ALLOWED = auto()
    TLS_NEEDED = auto()
    NEWER_TLS_NEEDED = auto()
    SUSPENDED = auto()
    POP3_OFF = auto()
    MAY_NOT_SEND = auto()
    DAILY_LIMIT = auto()
    FOREIGN_SENDER = auto()
    IN_USE = auto()  # seconds: the longest that the other session can last
    TOO_MANY_SESSIONS = auto()
    LOGIN_DELAY = auto()  # seconds: until the next login is taken
    THROTTLED = auto()  # seconds: until the next attempt is looked at
    NEEDS_UTF8 = auto()
    OVERLOADED = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class Refused:
    """No, by the rules: nothing is broken."""

    code: Code
    reason: Reason
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The store cannot answer now. What was asked did not happen."""


class ContradictionError(ValueError):
    """Two answers of the store cannot both be true. The session ends without another word; nothing is removed."""


class Request(Generic[Answer]):
    """Something only the store knows or may do."""

    __slots__ = ()


def ask(request: Request[Answer]) -> Generator[Request[Any], Any, Answer]:
    """Ask and wait: `answer = yield from ask(request)`."""
    answer: Answer = yield request
    return answer


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The maildrop is open, as it was at one moment; what comes later has no number in this session.

    `messages` and `octets` are the totals of that moment. `login_delay` is in seconds, 0 for none; `expire` is the
    least number of days that a message is kept, None for ever (RFC 2449 sections 6.5 and 6.7). `downgrades`: without
    UTF8, messages may have other octets than these, which the listing tells (RFC 6856 section 2.1).
    """

    messages: int
    octets: int
    login_delay: int = 0
    expire: int | None = None
    downgrades: bool = False


LoginAnswer = LoggedIn | Refused | Unavailable


@dataclass(frozen=True, slots=True)
class Login(Request[LoginAnswer]):
    """Check a password and open the maildrop. `mechanism` is USER, PLAIN or LOGIN, for the record.

    `name` and `secret` are as the client sent them, decoded from UTF-8 and nothing more; the store prepares them.
    """

    mechanism: str
    name: str
    secret: str

    def __repr__(self) -> str:
        return f"Login({self.mechanism}, {self.name})"


@dataclass(frozen=True, slots=True)
class CheckLine(Request[Reason | Unavailable | None]):
    """Ask, before a password is taken, why this line is not safe enough for a name: TLS_NEEDED, NEWER_TLS_NEEDED.

    A refused owner may want to know, so the store writes it down. Known and unknown names of a domain are alike.
    """

    mechanism: str
    name: str


@dataclass(frozen=True, slots=True)
class TokenLogin(Request[LoginAnswer]):
    """Check a bearer token (OAUTHBEARER, XOAUTH2) and open the maildrop. `name` may be "": then the token names it."""

    mechanism: str
    name: str
    token: str

    def __repr__(self) -> str:
        return f"TokenLogin({self.mechanism}, {self.name})"


@dataclass(frozen=True, slots=True, repr=False)
class ScramKey:
    """The keys of one device password (RFC 5802 section 3); `device` means nothing to the core."""

    device: object
    stored_key: bytes
    server_key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class ScramKeys:
    """A mailbox's salt, raw octets, and its device passwords. An unknown name gets a derived salt and no keys."""

    salt: bytes
    iterations: int
    keys: Sequence[ScramKey]


@dataclass(frozen=True, slots=True)
class ScramLookup(Request[ScramKeys | Refused | Unavailable]):
    """Ask for the salt and keys of a name. `Refused` only for what holds for any name (throttled, overloaded)."""

    name: str


@dataclass(frozen=True, slots=True)
class ScramLogin(Request[LoginAnswer]):
    """The client has proved that it knows `device`'s password: apply policy and throttle, open the maildrop."""

    mechanism: str
    name: str
    device: object


@dataclass(frozen=True, slots=True)
class ScramFailed(Request[Refused | Unavailable]):
    """The client's proof fits none of the keys: count it in the throttle."""

    mechanism: str
    name: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The octets of every message in the maildrop, in order; as many as `LoggedIn.messages` said."""

    octets: Sequence[int]


@dataclass(frozen=True, slots=True)
class ReadListing(Request[Listing | Unavailable]):
    """Ask for the listing; asked once, when a command first needs it, and for STAT where `LoggedIn.downgrades`.

    `ascii`: this session has not said UTF8, and gets headers in ASCII.
    """

    ascii: bool = False


@dataclass(frozen=True, slots=True)
class ReadUniqueIds(Request[Sequence[str] | Unavailable]):
    """Ask for the unique ids of `count` messages from number `first` on, removed ones included."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class ReadMessage(Request[bytes | Refused | Unavailable]):
    """Ask for the first octets of a message: 1 to 256 Ki of them, lines ended by CRLF; b"" for an empty message."""

    number: int


@dataclass(frozen=True, slots=True)
class ReadMore(Request[bytes | Unavailable]):
    """Ask for the octets after those given last; b"" at the message's end, which is always asked for."""


@dataclass(frozen=True, slots=True)
class StopReading(Request[None]):
    """No more of this message is wanted (TOP has enough). Answered None."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What was asked to be removed is removed, for good as far as POP3 goes."""


@dataclass(frozen=True, slots=True)
class Finish(Request[Finished | Refused | Unavailable]):
    """The client said QUIT: remove and record, as one. Numbers are ascending; on any other answer none is removed."""

    removed: Sequence[int]
    fetched: Sequence[int]
