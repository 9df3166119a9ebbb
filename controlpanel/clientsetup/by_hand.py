"""Talking POP3 to one's mailbox by hand, in a browser: a session that lives as long as a page does.

Each request opens a session of its own, repeats the deletion marks of the requests before, does one command, and hangs
up; only QUIT is said for good, and the server then removes what is marked. RFC 1939 promises that numbers stand still
within a session. Ours is many, so each begins by comparing the unique-id listing with that of the first: as soon as
another client has removed a message, nothing more is done. That is also why QUIT never works twice.
"""

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from django.conf import settings
from django.core import signing

from controlpanel.clientsetup.selftest import certificates
from controlpanel.clientsetup.selftest.findings import Line
from controlpanel.clientsetup.selftest.mail import SignIn, open_talk
from controlpanel.clientsetup.selftest.pop3 import HIDDEN, Talk, TalkError, readable, reason
from controlpanel.clientsetup.service import Security, Server

SALT = "casilla.setup.by_hand"
SECONDS = 20.0
MOST_MARKS = 200
LONGEST_COMMAND = 100  # characters
SHOWN_LINES = 400
SHOWN_OCTETS = 64 * 1024
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
NUMBER = "[1-9][0-9]{0,8}"
COMMANDS = {  # what may be said once the mailbox is open
    "STAT": re.compile(""),
    "LIST": re.compile(f"({NUMBER})?"),
    "UIDL": re.compile(f"({NUMBER})?"),
    "TOP": re.compile(f"{NUMBER} (0|{NUMBER})"),
    "RETR": re.compile(NUMBER),
    "DELE": re.compile(NUMBER),
    "RSET": re.compile(""),
    "NOOP": re.compile(""),
    "CAPA": re.compile(""),
    "QUIT": re.compile(""),
}
BEFORE_LOGIN = frozenset({"USER", "PASS", "APOP", "AUTH", "STLS", "UTF8"})
LONG = frozenset({"TOP", "RETR", "CAPA"})
LONG_WITHOUT_NUMBER = frozenset({"LIST", "UIDL"})


class CommandError(ValueError):
    """What was typed cannot be said here. `why` is "unknown", "open", "argument", "newer" or "marks"."""

    def __init__(self, why: str, command: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.command = command


class NotOpenError(Exception):
    """The mailbox did not open. `said` is what was said until then, `why` what the network says."""

    def __init__(self, said: list[Line], why: str = "") -> None:
        super().__init__(why)
        self.said = said
        self.why = why


class ChangedError(Exception):
    """The numbers no longer mean what they meant: somebody else removed messages, or QUIT was said already."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a page's session is so far: the messages it began with, the digest of their unique ids, and the marks."""

    messages: int
    digest: str
    marks: tuple[int, ...] = ()

    def token(self, mailbox: int) -> str:
        return signing.dumps([mailbox, self.messages, self.digest, list(self.marks)], salt=SALT, compress=True)


@dataclass(slots=True)
class Exchange:
    """What came of one command: the lines to show, and the session to go on with, none after QUIT."""

    lines: list[Line]
    session: Session | None
    cut: bool = False  # the reply was longer than a page shows
    new: int = 0  # messages that have come since the session began
    removed: int | None = None  # by QUIT


def read_token(mailbox: int, token: str) -> Session | None:
    """Return the session of a token made for this mailbox in the last day; None for any other text."""
    try:
        number, messages, digest, marks = signing.loads(token, salt=SALT, max_age=86_400)
    except (signing.BadSignature, ValueError):
        return None
    return Session(messages, digest, tuple(marks)) if number == mailbox else None


def parse(typed: str) -> str:
    """Return the command that somebody typed, as it is sent. Raises CommandError."""
    words = typed.split()
    if not words:
        raise CommandError("unknown")
    keyword, argument = words[0].upper(), " ".join(words[1:])
    if keyword in BEFORE_LOGIN:
        raise CommandError("open", keyword)
    if keyword not in COMMANDS or len(typed) > LONGEST_COMMAND:
        raise CommandError("unknown", keyword[:20])
    if not COMMANDS[keyword].fullmatch(argument):
        raise CommandError("argument", keyword)
    return f"{keyword} {argument}".strip()


def begin(sign_in: SignIn, language: str) -> Exchange:
    """Open the mailbox, and return how that went. Raises NotOpenError."""
    with closing(_opened(sign_in, language)) as talk:
        shown = list(talk.said)
        with _network(talk):
            session = Session(*_listing(talk))
            talk.command("QUIT")
    return Exchange(shown, session)


def go_on(sign_in: SignIn, language: str, session: Session, command: str) -> Exchange:
    """Say one command in a session. Raises NotOpenError, ChangedError, CommandError."""
    _check_number(session, command)
    with closing(_opened(sign_in, language)) as talk, _network(talk):
        new = _same_listing(talk, session)
        for number in session.marks:
            if not talk.command(f"DELE {number}").startswith("+OK"):
                raise ChangedError
        exchange = _say(talk, session, command)
        exchange.new = new
        if exchange.session is not None and not exchange.session.marks and not session.marks and not exchange.cut:
            talk.command("QUIT")
    return exchange


def _check_number(session: Session, command: str) -> None:
    _keyword, *numbers = command.split()
    if numbers and int(numbers[0]) > session.messages:
        raise CommandError("newer", numbers[0])
    if command.startswith("DELE") and len(session.marks) >= MOST_MARKS:
        raise CommandError("marks", str(MOST_MARKS))


def _say(talk: Talk, session: Session, command: str) -> Exchange:
    before = len(talk.said)
    reply = talk.command(command)
    exchange = Exchange(talk.said[before:], session)
    if not reply.startswith("+OK"):
        return exchange
    keyword, *numbers = command.split()
    if keyword in LONG or (keyword in LONG_WITHOUT_NUMBER and not numbers):
        _show(exchange, talk.lines())
    elif keyword == "DELE":
        exchange.session = replace(session, marks=(*session.marks, int(numbers[0])))
    elif keyword == "RSET":
        exchange.session = replace(session, marks=())
    elif keyword == "QUIT":
        exchange.session, exchange.removed = None, len(session.marks)
    return exchange


def _show(exchange: Exchange, lines: Iterator[bytes]) -> None:
    """Show as much of a long reply as a page can hold; the rest stays unread, and the line is dropped."""
    left = SHOWN_OCTETS
    for line in islice(lines, SHOWN_LINES):
        exchange.lines.append(Line(False, readable(line)))
        left -= len(line)
        if left < 0:
            exchange.cut = True
            return
    exchange.cut = next(lines, None) is not None
    if not exchange.cut:
        exchange.lines.append(Line(False, "."))


def _opened(sign_in: SignIn, language: str) -> Talk:
    """Connect to the mail service as its setting says, with TLS, and log in."""
    host, port = _place()
    try:
        talk = open_talk(Server(settings.PUBLIC_HOST, port, Security.STARTTLS), host, _context(host), SECONDS)
    except OSError as error:
        raise NotOpenError([], reason(error)) from None
    except TalkError as error:
        raise NotOpenError([], str(error)) from None
    try:
        with _network(talk):
            _log_in(talk, sign_in, language)
    except BaseException:
        talk.close()
        raise
    return talk


def _place() -> tuple[str, int]:
    host, _colon, port = settings.POP3_FROM_PANEL.rpartition(":")
    host = host.strip("[]")
    return EVERYWHERE.get(host, host), int(port)


def _context(host: str) -> ssl.SSLContext:
    """On this machine itself no certificate is needed; elsewhere it has to be the one of PUBLIC_HOST."""
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    return certificates.lenient() if own else certificates.strict()


def _log_in(talk: Talk, sign_in: SignIn, language: str) -> None:
    talk.command(f"USER {sign_in.user}")
    if not talk.command(f"PASS {sign_in.secret}", shown=f"PASS {HIDDEN}").startswith("+OK"):
        raise NotOpenError(talk.said)
    if language != "en":
        before = len(talk.said)
        talk.command(f"LANG {language}")
        del talk.said[before:]


@contextmanager
def _network(talk: Talk) -> Iterator[None]:
    """What breaks on the line inside is said as NotOpenError."""
    try:
        yield
    except TalkError as error:
        raise NotOpenError(talk.said, str(error)) from None


def _listing(talk: Talk) -> tuple[int, str]:
    """Return how many messages there are and the digest of their unique ids."""
    return _digest(_unique_ids(talk))


def _same_listing(talk: Talk, session: Session) -> int:
    """Raise ChangedError unless the session's messages are there as before; return how many came since."""
    ids = _unique_ids(talk)
    if _digest(islice(ids, session.messages)) != (session.messages, session.digest):
        raise ChangedError
    return sum(1 for _each in ids)


def _unique_ids(talk: Talk) -> Iterator[bytes]:
    if not talk.command("UIDL").startswith("+OK"):
        raise TalkError("UIDL")
    return talk.lines()


def _digest(lines: Iterable[bytes]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for line in lines:
        digest.update(line + b"\n")
        count += 1
    return count, digest.hexdigest()
