"""The dialogue of a session as its owner may read it: line by line with times, secrets and content left out.

Passwords, SASL messages, what is no command or no name (a password may have ended up there) and messages stand there as
numbers of octets. Until the client has signed in nobody knows whose dialogue it is: so the first lines are held, and
given away or forgotten then. A session that nobody records pays for that, and after its login for nothing.
"""

import re
import time
from collections.abc import Callable
from typing import NamedTuple

HELD = 40  # entries before login; of more the first
SHOWN = 160  # characters of an entry
LISTED = 20  # lines of a listing

SECRETS = (b"PASS", b"AUTH")
MECHANISMS = frozenset(
    (
        *(b"PLAIN", b"LOGIN", b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS", b"OAUTHBEARER", b"XOAUTH2"),
        *(b"CRAM-MD5", b"DIGEST-MD5", b"SCRAM-SHA-1", b"NTLM", b"GSSAPI", b"EXTERNAL"),
    )
)
CONTENT = (b"RETR", b"TOP")
NAME = re.compile(rb"[^@\s]+@[^@\s]+\.[^@\s.]+")
CLIENT, SERVER, NOTE = "C", "S", ""


class Entry(NamedTuple):
    """`at`: seconds since 1970. `who`: C the client, S the server, "" a note about both."""

    at: float
    who: str
    text: str


Sink = Callable[[Entry], None]


class Tape:
    """Hears both sides; `give_to` says who gets the entries from then on, and first those that are held."""

    __slots__ = ("_clock", "_content", "_held", "_left_out", "_listed", "_opened", "_sink")

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._sink: Sink | None = None
        self._held: list[Entry] = []
        self._content = self._opened = False
        self._listed = self._left_out = 0

    @property
    def is_wanted(self) -> bool:
        return self._sink is not None

    def give_to(self, sink: Sink) -> None:
        for entry in self._held:
            sink(entry)
        self._held = []
        self._sink = sink

    def command(self, keyword: bytes, argument: bytes, known: bool) -> None:
        """The client sent a line; `known`: its keyword is one of POP3's, in whatever state."""
        self.settle()
        self._content = keyword in CONTENT
        if not known:
            octets = len(keyword) + len(argument)
            self._add(CLIENT, f"[no command, {octets} octets]")
        elif keyword == b"USER" and not NAME.fullmatch(argument):
            self._add(CLIENT, f"USER [no address, {len(argument)} octets]")
        elif keyword in SECRETS:
            self._add(CLIENT, _without_secret(keyword, argument))
        else:
            self._add(CLIENT, _text(keyword + b" " + argument if argument else keyword))

    def answer(self, octets: int) -> None:
        """The client answered a challenge."""
        self._add(CLIENT, f"[SASL, {octets} octets]")

    def reply(self, octets: bytes) -> None:
        """The server says a reply, or the next piece of one."""
        if not self._opened and octets.startswith(b"+ "):
            self._add(SERVER, f"+ [SASL, {len(octets) - 4} octets]")
            return
        rest = octets
        if not self._opened:
            first, _, rest = octets.partition(b"\r\n")
            self._add(SERVER, _text(first))
            self._opened = True
        if self._content:
            self._left_out += len(rest)
        elif rest:
            self._list(rest)

    def note(self, text: str) -> None:
        self.settle()
        self._add(NOTE, text)

    def settle(self) -> None:
        """The reply is over: say how much of it was left out."""
        if self._left_out:
            self._add(SERVER, f"[{self._left_out} octets]")
        self._content = self._opened = False
        self._listed = self._left_out = 0

    def _list(self, lines: bytes) -> None:
        """Show the first lines of a listing, and count the rest."""
        while lines and self._listed < LISTED:
            line, _, lines = lines.partition(b"\r\n")
            self._add(SERVER, _text(line))
            self._listed += 1
        self._left_out += len(lines)

    def _add(self, who: str, text: str) -> None:
        entry = Entry(self._clock(), who, text)
        if self._sink is not None:
            self._sink(entry)
        elif len(self._held) < HELD:
            self._held.append(entry)


def _without_secret(keyword: bytes, argument: bytes) -> str:
    """PASS and its octets; AUTH, its mechanism, and the octets of an initial response."""
    mechanism, _, rest = argument.partition(b" ")
    if keyword == b"AUTH" and mechanism.upper() in MECHANISMS:
        keyword, argument = b"AUTH " + mechanism.upper(), rest
    return _text(keyword) + (f" [{len(argument)} octets]" if argument else "")


def _text(octets: bytes) -> str:
    text = octets[:SHOWN].decode("utf-8", "replace")
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
