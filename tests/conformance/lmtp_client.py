"""An LMTP client that checks the grammar of each reply (RFC 2033, RFC 5321 §4.2)."""

import re
from dataclasses import dataclass

from wire import ProtocolError, Wire, stuff

REPLY_OCTETS = 512  # RFC 5321 §4.5.3.1.5


@dataclass(frozen=True)
class Reply:
    """A reply code and the text of each of its lines."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def ok(self) -> bool:
        """Positive completion: 2yz."""
        return 200 <= self.code < 300

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code that begins the text: "5.1.1" (RFC 2034 §4)."""
        found = re.match(rb"([245]\.\d{1,3}\.\d{1,3})(?: |$)", self.lines[-1])
        return found[1].decode("ascii") if found else None

    def __str__(self) -> str:
        return f"{self.code} " + " / ".join(line.decode("utf-8", "backslashreplace") for line in self.lines)


class Lmtp:
    """One LMTP connection, greeted."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.greeting = self.reply()
        if self.greeting.code != 220:
            raise ProtocolError(f"the greeting is not 220: {self.greeting}")

    def reply(self) -> Reply:
        """The next reply, all its lines; ProtocolError where they do not agree."""
        lines: list[bytes] = []
        codes: set[bytes] = set()
        while True:
            line = self.wire.line()
            found = re.fullmatch(rb"([2-5]\d\d)(?:([ -])(.*))?", line, re.DOTALL)
            if not found or len(line) + 2 > REPLY_OCTETS:
                raise ProtocolError(f"not a line of an LMTP reply: {line[:80]!r} ({len(line) + 2} octets)")
            codes.add(found[1])
            lines.append(found[3] or b"")
            if found[2] != b"-":
                break
        if len(codes) != 1:
            raise ProtocolError(f"one reply with several codes: {sorted(codes)}")
        return Reply(int(codes.pop()), tuple(lines))

    def command(self, line: str | bytes) -> Reply:
        self.wire.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def expect(self, line: str | bytes, *codes: int) -> Reply:
        """As `command`; ProtocolError unless the code is one of `codes`."""
        reply = self.command(line)
        if reply.code not in codes:
            raise ProtocolError(f"{line!r}: {reply}, where {' or '.join(map(str, codes))} was due")
        return reply

    def lhlo(self) -> dict[str, list[str]]:
        """Say LHLO; the extensions offered, by keyword in capitals, with their parameters."""
        reply = self.expect("LHLO conformance.invalid", 250)
        words = (line.decode("ascii", "backslashreplace").split() for line in reply.lines[1:])
        return {keyword.upper(): parameters for keyword, *parameters in words}

    def envelope(self, *recipients: str, sender: str = "sender@conformance.invalid") -> None:
        """MAIL and RCPT, each accepted."""
        self.expect(f"MAIL FROM:<{sender}>", 250)
        for recipient in recipients:
            self.expect(f"RCPT TO:<{recipient}>", 250)

    def data(self, message: bytes, replies: int = 1) -> list[Reply]:
        """DATA and the message, stuffed: one reply for each recipient accepted before."""
        self.expect("DATA", 354)
        self.wire.send(stuff(message))
        return [self.reply() for _ in range(replies)]

    def deliver(self, message: bytes, *recipients: str) -> list[Reply]:
        """A whole transaction: one reply a recipient."""
        self.envelope(*recipients)
        return self.data(message, len(recipients))

    def quit(self) -> Reply:
        """QUIT: 221, then the server closes, and nothing more comes."""
        reply = self.expect("QUIT", 221)
        more = self.wire.rest()
        if more:
            raise ProtocolError(f"octets after the reply to QUIT: {more[:80]!r}")
        return reply
