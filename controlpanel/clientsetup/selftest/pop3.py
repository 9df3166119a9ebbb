"""One POP3 conversation as a client, written down line by line, over the standard library's sockets."""

import socket
import ssl
import time
import unicodedata
from collections.abc import Iterator

from controlpanel.clientsetup.selftest.findings import Line

LINE_LIMIT = 4096  # octets; a longer one is cut, its rest read and dropped
HIDDEN = "••••••••"


class TalkError(Exception):
    """The server is silent, gone, or says what is no POP3."""


class Talk:
    """An open connection. `said` is what both sides said, as text; passwords are hidden in it."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        self.said: list[Line] = []
        self._line = line
        self._until = time.monotonic() + seconds
        self._unread = b""

    def greeting(self) -> str:
        return self._reply()

    def command(self, text: str, shown: str = "") -> str:
        """Send a command and return the first line of its reply."""
        self.said.append(Line(True, shown or text))
        self._send(text.encode("utf-8") + b"\r\n")
        return self._reply()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of a multi-line reply, without their ends and dot-stuffing (RFC 1939 section 3)."""
        while (line := self._read_line()) != b".":
            yield line.removeprefix(b".")

    def listed(self, most: int = 50) -> list[str]:
        """Return a whole reply of several lines as text, and write down as many of them as somebody reads."""
        found = [readable(line) for line in self.lines()]
        self.said += [Line(False, text) for text in found[:most]]
        if len(found) > most:
            self.said.append(Line(False, f"… ({len(found) - most})"))
        self.said.append(Line(False, "."))
        return found

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on under TLS. Raises ssl.SSLError, OSError."""
        self._unread = b""  # what was sent in clear is no part of what TLS protects (RFC 2595 section 4)
        self._line.settimeout(self._left())
        self._line = context.wrap_socket(self._line, server_hostname=host)

    def certificate(self) -> bytes | None:
        """The server's certificate, DER."""
        return self._line.getpeercert(binary_form=True) if isinstance(self._line, ssl.SSLSocket) else None

    @property
    def tls(self) -> str:
        return (self._line.version() or "") if isinstance(self._line, ssl.SSLSocket) else ""

    def close(self) -> None:
        self._line.close()

    def _reply(self) -> str:
        text = readable(self._read_line())
        self.said.append(Line(False, text))
        if not text.startswith(("+OK", "-ERR", "+ ")):
            raise TalkError(text[:80])
        return text

    def _send(self, data: bytes) -> None:
        try:
            self._line.settimeout(self._left())
            self._line.sendall(data)
        except OSError as error:
            raise TalkError(reason(error)) from None

    def _read_line(self) -> bytes:
        """Return the next line, cut at LINE_LIMIT."""
        line = b""
        while b"\n" not in self._unread:
            line = (line + self._unread)[:LINE_LIMIT]
            self._unread = self._receive()
        end, _newline, self._unread = self._unread.partition(b"\n")
        return (line + end)[:LINE_LIMIT].removesuffix(b"\r")

    def _receive(self) -> bytes:
        try:
            self._line.settimeout(self._left())
            data = self._line.recv(16 * 1024)
        except OSError as error:
            raise TalkError(reason(error)) from None
        if not data:
            raise TalkError("EOF")
        return data

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TalkError("timeout")
        return left


def reason(error: OSError) -> str:
    """Return an error of the network in a few words of its own."""
    return "timeout" if isinstance(error, TimeoutError) else error.strerror or error.__class__.__name__


def readable(line: bytes) -> str:
    """Return a line from outside as harmless text: what moves a cursor or turns text around is shown as a sign."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char == "\t" or char.isprintable():
        return char
    number = ord(char)
    if number < 0x20:
        return chr(0x2400 + number)  # the pictures of control characters
    return " " if unicodedata.category(char) == "Zs" else f"[U+{number:04X}]"
