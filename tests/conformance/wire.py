"""A raw reader over a socket. It forgives nothing: whatever the protocols do not allow is a ProtocolError."""

import contextlib
import re
import socket
import ssl
import struct

CRLF = b"\r\n"
SEGMENT = 65536


class ProtocolError(AssertionError):
    """The peer sent what the protocol does not allow."""


class ClosedError(ProtocolError):
    """The peer closed the connection where an answer was due."""


class SilenceError(ProtocolError):
    """The peer sent nothing, or not enough, within our patience."""


def stuff(octets: bytes) -> bytes:
    """A message on the wire: final CRLF, leading dots doubled, closing dot (RFC 1939 §3, RFC 5321 §4.5.2)."""
    return stuffed_lines(octets) + b".\r\n"


def stuffed_lines(octets: bytes) -> bytes:
    """The lines of `octets` with their leading dots doubled, ending in CRLF unless there are none."""
    whole = octets if octets.endswith(CRLF) or not octets else octets + CRLF
    return re.sub(rb"(\A|\r\n)\.", rb"\1..", whole)


def unstuff(block: bytes) -> bytes:
    """The inverse of `stuffed_lines`; a line that starts with one dot only was sent unstuffed: ProtocolError."""
    naked = re.search(rb"(?:\A|\r\n)(\.(?!\.).{0,40})", block)
    if naked:
        raise ProtocolError(f"a line that begins with a dot was sent without doubling it: {naked[1]!r}")
    return re.sub(rb"(\A|\r\n)\.", rb"\1", block)


class Wire:
    """One connection, in octets.

    `address` is (host, port), or the path of a Unix socket; `patience` is in seconds and holds for each wait.
    """

    def __init__(self, address: tuple[str, int] | str, patience: float) -> None:
        self.patience = patience
        self._arrived = bytearray()
        if isinstance(address, str):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(patience)
            self._socket.connect(address)
        else:
            self._socket = socket.create_connection(address, timeout=patience)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Shake hands as a TLS client; octets that came in clear and were not asked for are a ProtocolError."""
        if self._arrived:
            raise ProtocolError(f"octets in clear where the TLS handshake begins: {bytes(self._arrived)!r}")
        self._socket = context.wrap_socket(self._socket, server_hostname=name)

    @property
    def tls(self) -> ssl.SSLSocket | None:
        """The TLS layer, once it is there."""
        return self._socket if isinstance(self._socket, ssl.SSLSocket) else None

    def send(self, octets: bytes) -> None:
        """Send all of it. A peer that has closed is noticed by the next read, not here."""
        try:
            self._socket.sendall(octets)
        except TimeoutError:
            raise SilenceError(f"{len(octets)} octets were not taken within {self.patience:g} s") from None
        except OSError:
            return

    def until(self, mark: bytes) -> bytes:
        """Everything up to and including `mark`."""
        searched = 0
        while (found := self._arrived.find(mark, searched)) < 0:
            searched = max(0, len(self._arrived) - len(mark) + 1)
            if not self._receive():
                raise ClosedError(f"closed after {bytes(self._arrived[-80:])!r}, where {mark!r} was due")
        return self._take(found + len(mark))

    def line(self) -> bytes:
        """One line without its CRLF. A bare LF ends no line."""
        return self.until(CRLF)[:-2]

    def block(self) -> bytes:
        """The lines of a multi-line response, un-stuffed, each with its CRLF, without the closing dot."""
        first = self.until(CRLF)
        if first == b".\r\n":
            return b""
        self._arrived[:0] = first
        return unstuff(self.until(b"\r\n.\r\n")[:-3])

    def rest(self) -> bytes:
        """Everything until the peer closes; SilenceError if it does not close."""
        while self._receive():
            pass
        return self._take(len(self._arrived))

    def stop_sending(self) -> None:
        """Close our half of the connection (FIN) and keep listening."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def drop(self) -> None:
        """Cut the line as a crashed client does: no close_notify, no FIN, a reset."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def close(self) -> None:
        self._socket.close()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._arrived[:count])
        del self._arrived[:count]
        return taken

    def _receive(self) -> bool:
        try:
            octets = self._socket.recv(SEGMENT)
        except TimeoutError:
            raise SilenceError(
                f"nothing more within {self.patience:g} s after {bytes(self._arrived[-80:])!r}"
            ) from None
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return False
        self._arrived += octets
        return bool(octets)
