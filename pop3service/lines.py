"""Lines and dots: the framing that POP3 (RFC 1939 section 3) and LMTP (RFC 2033, RFC 5321 section 4.5.2) share.

Everything here takes bytes in pieces of any size and works on whole pieces, never octet by octet. The trick that
keeps each class short is an edge: the last octets already seen are put before the next piece, so a pattern that lies
across two pieces is found like any other. A text begins as if a line had just ended, so its edge begins as CRLF.
"""

import re

CRLF = b"\r\n"
END_OF_TEXT = b"\r\n.\r\n"
LINE_OF_A_DOT = re.compile(rb"\n\.")  # sought in half the time that three letters at once take


class LineTooLongError(Exception):
    """A line passed the reader's limit. It is dropped whole; the next call goes on with the line after it."""


class LineReader:
    """Cut a stream of octets into lines of at most `limit` octets, line ends not counted.

    A line ends with CRLF. A bare LF is taken too, as every popular server does; it changes no meaning in a command.
    Memory stays below the limit plus one piece, and the work is linear however small the pieces are.
    """

    __slots__ = ("_buffer", "_limit", "_searched", "_skipping")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False

    def __len__(self) -> int:
        """Octets received and not yet read as lines."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_line(self) -> bytes | None:
        """Return the next line without its end, or None until more arrives.

        Raises LineTooLongError once for a line past the limit, as soon as that is known.
        """
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            if self._skipping:
                self._skipping = False
            elif len(line) > self._limit:
                raise LineTooLongError
            else:
                return line
        self._hold()
        return None

    def take_rest(self) -> bytes:
        """Hand over what is not yet read: the octets after the command that ends the talk in lines."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return rest

    def _hold(self) -> None:
        self._searched = len(self._buffer)
        if self._skipping:
            self.take_rest()
        elif self._searched > self._limit + len(b"\r"):
            self.take_rest()
            self._skipping = True
            raise LineTooLongError


class DotStuffer:
    """Put a second dot before each line that begins with one, and end the text (RFC 1939 section 3)."""

    __slots__ = ("_edge",)

    def __init__(self) -> None:
        self._edge = CRLF

    def stuff(self, piece: bytes) -> bytes:
        edge, self._edge = self._edge, (self._edge + piece[-2:])[-2:]
        if b"." not in piece or not (piece.startswith(b".") or LINE_OF_A_DOT.search(piece)):
            return piece
        return (edge + piece).replace(b"\r\n.", b"\r\n..")[len(edge) :]

    def end(self) -> bytes:
        """Return the final dot, on a line of its own even where the text lacks its last CRLF."""
        return b".\r\n" if self._edge == CRLF else END_OF_TEXT


class DataReader:
    """Read a dot-stuffed text up to its end: LMTP's DATA, or a POP3 reply.

    The end is CRLF.CRLF and nothing else. A bare LF or CR never ends the text nor makes a dot special, so no sender
    can smuggle a second message past us (RFC 5321 section 4.1.1.4); it comes out as CRLF, for messages are kept in
    canonical form.
    """

    __slots__ = ("_edge", "_opened", "done", "leftover", "octets")

    def __init__(self) -> None:
        self._edge = CRLF
        self._opened = False
        self.done = False
        self.leftover = b""
        self.octets = 0

    def feed(self, data: bytes) -> bytes:
        """Return the canonical octets that `data` adds to the text; b"" where it adds none yet.

        `octets` counts what came out so far. When the end is found, `done` is true and `leftover` holds the octets
        after it, which belong to the next command. Feed nothing more then.
        """
        text = self._edge + data
        end = text.find(END_OF_TEXT)
        if end >= 0:
            self.done = True
            self.leftover = text[end + len(END_OF_TEXT) :]
            end += len(CRLF)
        else:
            end = len(text) - _undecided(text)
            self._edge = text[end:]
        return self._give(text[:end])

    def _give(self, text: bytes) -> bytes:
        if not text:
            return text
        text = canonical(text.replace(b"\r\n.", CRLF))
        if not self._opened:
            self._opened = True
            text = text[len(CRLF) :]
        self.octets += len(text)
        return text


class TopLines:
    """Let through a message's header, the blank line and the first `lines` lines of its body (RFC 1939, TOP)."""

    __slots__ = ("_edge", "_lines", "done")

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._edge: bytes | None = CRLF
        self.done = False

    def take(self, piece: bytes) -> bytes:
        """Return what of `piece` belongs to the reply; `done` is true once nothing after it does."""
        body = 0
        if self._edge is not None:
            text = self._edge + piece
            blank = text.find(b"\r\n\r\n")
            if blank < 0:
                self._edge = text[-3:]
                return piece
            body = blank + 4 - len(self._edge)
            self._edge = None
        return self._take_lines(piece, body)

    def _take_lines(self, piece: bytes, body: int) -> bytes:
        ends = piece.count(b"\n", body)
        if ends < self._lines:
            self._lines -= ends
            return piece
        self.done = True
        return piece[: len(piece) - len(piece[body:].split(b"\n", self._lines)[-1])]


def canonical(text: bytes) -> bytes:
    """Return `text` with each bare LF and bare CR made CRLF."""
    ends = text.count(CRLF)
    if text.count(b"\n") == ends == text.count(b"\r"):
        return text
    return text.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)


def _undecided(text: bytes) -> int:
    """Return how many of the last octets may yet turn out to be a dot to drop, a line end or the end of the text."""
    return next((size for size in (4, 3, 2, 1) if text.endswith(END_OF_TEXT[:size])), 0)
