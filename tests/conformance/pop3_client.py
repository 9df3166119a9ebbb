"""A POP3 client that takes replies at their word and checks the grammar of each one (RFC 1939 §3, RFC 2449 §3)."""

import base64
import re
from dataclasses import dataclass, field

from wire import ClosedError, ProtocolError, Wire

REPLY_OCTETS = 512  # with CRLF; RFC 1939 §3
RESPONSE_CODE = re.compile(rb"\[([\x21-\x2E\x30-\x5C\x5E-\x7F]+(?:/[\x21-\x2E\x30-\x5C\x5E-\x7F]+)*)\](?: |$)")


@dataclass(frozen=True)
class Reply:
    """One status line: "+OK" or "-ERR", and the text behind it."""

    ok: bool
    text: bytes

    @property
    def code(self) -> str | None:
        """The response code between brackets, in capitals: "SYS/TEMP" (RFC 2449 §8)."""
        found = RESPONSE_CODE.match(self.text)
        return found[1].decode("ascii").upper() if found else None

    def __str__(self) -> str:
        return ("+OK " if self.ok else "-ERR ") + self.text.decode("utf-8", "backslashreplace")


@dataclass
class Capabilities:
    """What CAPA answered: the lines as they came, and their parameters by tag in capitals."""

    lines: list[bytes] = field(default_factory=list)

    @property
    def by_tag(self) -> dict[str, list[str]]:
        words = (line.decode("ascii", "backslashreplace").split(" ") for line in self.lines)
        return {tag.upper(): parameters for tag, *parameters in words}

    def __contains__(self, wanted: str) -> bool:
        """`wanted` is a tag, or a tag and one of its parameters: "TOP", "SASL PLAIN"."""
        tag, *parameters = wanted.split(" ")
        announced = self.by_tag.get(tag)
        return announced is not None and {p.upper() for p in parameters} <= {a.upper() for a in announced}


class Pop3:
    """One POP3 connection. Each method sends one command and reads its one reply."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.greeting = self.reply()

    def reply(self) -> Reply:
        """The next status line; ProtocolError if it is none, or longer than 512 octets."""
        return _status(self.wire.line())

    def send(self, command: str | bytes) -> None:
        self.wire.send((command.encode() if isinstance(command, str) else command) + b"\r\n")

    def command(self, command: str | bytes) -> Reply:
        """Send one line, read one status line."""
        self.send(command)
        return self.reply()

    def accepted(self, command: str | bytes) -> Reply:
        """As `command`, and it must be +OK."""
        reply = self.command(command)
        if not reply.ok:
            raise ProtocolError(f"{_shown(command)} was refused: {reply}")
        return reply

    def refused(self, command: str | bytes) -> Reply:
        """As `command`, and it must be -ERR."""
        reply = self.command(command)
        if reply.ok:
            raise ProtocolError(f"{_shown(command)} was not refused: {reply}")
        return reply

    def refused_or_closed(self, command: str | bytes) -> bool:
        """A command that must not succeed, where the server may also close at once; whether it is still open."""
        try:
            self.refused(command)
        except ClosedError:
            return False
        return True

    def multi_line(self, command: str | bytes) -> bytes:
        """A command with a multi-line response: its lines un-stuffed, each with its CRLF."""
        self.accepted(command)
        return self.wire.block()

    def lines(self, command: str | bytes) -> list[bytes]:
        """As `multi_line`, split at CRLF."""
        return self.multi_line(command).split(b"\r\n")[:-1]

    def capabilities(self) -> Capabilities:
        """What CAPA lists; nothing when the server answers -ERR, as RFC 2449 §5 lets it."""
        if not self.command("CAPA").ok:
            return Capabilities()
        return Capabilities(self.wire.block().split(b"\r\n")[:-1])

    def stat(self) -> tuple[int, int]:
        """Messages and octets."""
        reply = self.accepted("STAT")
        found = re.match(rb"(\d+) (\d+)(?: |$)", reply.text)
        if not found:
            raise ProtocolError(f"no drop listing: {reply}")
        return int(found[1]), int(found[2])

    def sizes(self) -> dict[int, int]:
        """LIST: octets by message number."""
        return {number: int(size) for number, size in self._listing("LIST", rb"(\d+) (\d+)(?: .*)?")}

    def unique_ids(self) -> dict[int, bytes]:
        """UIDL: unique-id by message number."""
        return dict(self._listing("UIDL", rb"(\d+) ([\x21-\x7E]{1,70})"))

    def retr(self, number: int) -> bytes:
        return self.multi_line(f"RETR {number}")

    def top(self, number: int, lines: int) -> bytes:
        return self.multi_line(f"TOP {number} {lines}")

    def everything(self) -> dict[int, bytes]:
        """Each message of the maildrop, by number."""
        return {number: self.retr(number) for number in self.sizes()}

    def answer(self, response: bytes) -> bytes | Reply:
        """Send a SASL response, encoded here; the next challenge decoded, or the status line that ends it."""
        return self.challenge_after(base64.b64encode(response))

    def challenge_after(self, line: str | bytes) -> bytes | Reply:
        """Send `line`; the challenge decoded ("+ " and base64, RFC 5034 §4), or the status line that came instead."""
        self.send(line)
        return self.challenge()

    def challenge(self) -> bytes | Reply:
        """A challenge decoded, or the status line that ends the exchange."""
        line = self.wire.line()
        if line.startswith((b"+OK", b"-ERR")):
            return _status(line)
        if not line.startswith(b"+ "):
            raise ProtocolError(f"a challenge is a plus sign, a space and base64, not {line!r}")
        try:
            return base64.b64decode(line[2:], validate=True)
        except ValueError:
            raise ProtocolError(f"a challenge that is not base64: {line!r}") from None

    def quit(self) -> Reply:
        """QUIT: +OK, then the server closes, and nothing more comes."""
        reply = self.accepted("QUIT")
        more = self.wire.rest()
        if more:
            raise ProtocolError(f"octets after the reply to QUIT: {more[:80]!r}")
        return reply

    def _listing(self, command: str, grammar: bytes) -> list[tuple[int, bytes]]:
        rows = []
        for line in self.lines(command):
            found = re.fullmatch(grammar, line)
            if not found:
                raise ProtocolError(f"not a line of a {command} listing: {line!r}")
            rows.append((int(found[1]), found[2]))
        if len({number for number, _ in rows}) != len(rows):
            raise ProtocolError(f"{command} lists a message number twice")
        return rows


def _status(line: bytes) -> Reply:
    if len(line) + 2 > REPLY_OCTETS:
        raise ProtocolError(f"a reply of {len(line) + 2} octets; {REPLY_OCTETS} are allowed: {line[:60]!r}...")
    found = re.fullmatch(rb"(\+OK|-ERR)(?: (.*))?", line, re.DOTALL)
    if not found:
        raise ProtocolError(f"neither +OK nor -ERR: {line!r}")
    return Reply(found[1] == b"+OK", found[2] or b"")


def _shown(command: str | bytes) -> str:
    octets = command.encode() if isinstance(command, str) else command
    word, _, rest = octets.partition(b" ")
    hidden = word.upper() in (b"PASS", b"APOP", b"AUTH") and rest
    shown = word + b" ..." if hidden else octets
    return (shown if len(shown) < 80 else shown[:77] + b"...").decode("utf-8", "backslashreplace")
