"""The text of one message as LMTP's DATA brings it: canonical, in chunks, below a limit."""

import re

from pop3service.lines import DataReader

CHUNK_OCTETS = 256 * 1024

_RETURN_PATHS = re.compile(rb"(?:return-path:[^\r]*(?:\r\n[ \t][^\r]*)*\r\n)+", re.IGNORECASE)


class Incoming:
    """Collect DATA up to its final dot. Past `limit` octets the rest is read and dropped, and `too_large` is true.

    A Return-Path at the head is taken off: it named the sender of an earlier delivery (RFC 5321 section 4.4).
    """

    __slots__ = ("_head", "_limit", "_reader", "_text", "too_large")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reader = DataReader()
        self._text = bytearray()
        self._head = True
        self.too_large = False

    @property
    def done(self) -> bool:
        return self._reader.done

    @property
    def leftover(self) -> bytes:
        """What came after the final dot: commands."""
        return self._reader.leftover

    @property
    def octets(self) -> int:
        return self._reader.octets

    def feed(self, data: bytes) -> None:
        self._text += self._reader.feed(data)
        if self._reader.octets > self._limit:
            self.too_large = True
            self._text.clear()

    def next_chunk(self) -> bytes:
        """Return 256 KiB of the message, or what is left once it is done; b"" for no chunk yet, or none any more."""
        if len(self._text) < CHUNK_OCTETS and not self.done:
            return b""
        if self._head:
            self._head = False
            if found := _RETURN_PATHS.match(self._text):
                del self._text[: found.end()]
                return self.next_chunk()
        chunk = bytes(self._text[:CHUNK_OCTETS])
        del self._text[:CHUNK_OCTETS]
        return chunk


def trace_header(sender: str, recipient: str) -> bytes:
    """Return the lines that a delivery puts before a message; `sender` is "" for a bounce."""
    return f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode()
