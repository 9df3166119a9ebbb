"""TLS without I/O: ciphertext in, plaintext and ciphertext out, over `ssl.MemoryBIO`.

Why not asyncio's own: a session that waits costs some 20 kB here and ten times that there; what a client sent right
behind STLS or a PROXY header is handed in, not lost; and the certificate is chosen by us, for each handshake.
"""

import ssl
from contextlib import suppress
from typing import NamedTuple

from pop3service.certificates import Certificates, Context, Reload
from pop3service.rules import Tls

__all__ = ["Certificates", "Received", "Reload", "Tls", "TlsLayer"]

# A MemoryBIO keeps the size of the most it ever held. Small records cost no speed, and keep a waiting session small.
RECORD = 4096


class Received(NamedTuple):
    """What came of the octets from the network: what the client said, and what to send to it at once."""

    plaintext: bytes
    to_send: bytes


class TlsLayer:
    """The server's side of one TLS connection.

    `tls` is None until the handshake is done. `failure` is what went wrong, in OpenSSL's words, "" for nothing: then
    send what `receive` gave and close. `closed` is true once the client has said that it sends no more.
    """

    __slots__ = ("_connection", "_incoming", "_outgoing", "closed", "failure", "tls")

    def __init__(self, certificates: Certificates) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._connection = certificates.front.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.tls: Tls | None = None
        self.failure = ""
        self.closed = False

    def receive(self, data: bytes) -> Received:
        """Take octets from the network. After a failure they count for nothing."""
        if self.failure:
            return Received(b"", b"")
        plaintext: list[bytes] = []
        view = memoryview(data)
        try:
            while view and not self.closed:
                self._incoming.write(view[:RECORD])
                view = view[RECORD:]
                if self.tls or self._shake_hands():
                    self._read_into(plaintext)
        except ssl.SSLError as error:
            self.failure = words_of(error)
        return Received(b"".join(plaintext), self._outgoing.read())

    def send(self, plaintext: bytes) -> bytes:
        """Return the ciphertext of what is to be said, between the handshake and `close`."""
        ciphertext = []
        view = memoryview(plaintext)
        while view:
            view = view[self._connection.write(view[:RECORD]) :]
            ciphertext.append(self._outgoing.read())
        return b"".join(ciphertext)

    def close(self) -> bytes:
        """Return the octets that end the connection properly (close_notify), b"" where there is nothing to end."""
        with suppress(ssl.SSLError):
            self._connection.unwrap()
        return self._outgoing.read()

    def _shake_hands(self) -> bool:
        try:
            self._connection.do_handshake()
        except ssl.SSLWantReadError:
            return False
        context = self._connection.context
        self.tls = Tls(
            version=self._connection.version() or "",
            end_point=context.end_point if isinstance(context, Context) else None,
        )
        return True

    def _read_into(self, plaintext: list[bytes]) -> None:
        try:
            while piece := self._connection.read(RECORD):
                plaintext.append(piece)
            self.closed = True
        except ssl.SSLWantReadError:
            pass


def words_of(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in words: "no shared cipher", "http request"."""
    return (error.reason or "unknown error").replace("_", " ").lower()
