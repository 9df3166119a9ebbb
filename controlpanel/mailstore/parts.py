"""Pure: the parts of a message (RFC 2045, RFC 2046), read in one pass over its chunks in bounded memory.

A message is any octets. Nothing here raises, and no input takes more than linear time; what is made of nothing but
headers and boundaries is read to a point, and the rest of it is in no part.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from controlpanel.mailstore.headers import decoded

MOST_PARTS = 200
MOST_LEVELS = 20
MOST_BEGUN = 2 * MOST_PARTS  # parts and containers
MOST_LINES = 200_000  # of headers, and of those that may be boundaries
HEADER_OCTETS = 64 * 1024  # of the message
PART_HEADER_OCTETS = 8 * 1024  # of a part: `email` takes time with the square of a field's parameters
TEXT_OCTETS = 256 * 1024  # kept of the text parts together
LINE_OCTETS = 1024  # of a line that may be a boundary, which has 70 (RFC 2046 section 5.1.1)

_UNSAFE = re.compile(r"[\0-\x1f\x7f/\\]")


@dataclass(slots=True)
class Part:
    """A leaf of a message. `kind`: its media type, in small letters. `name`: of the file it was, "" for none.

    `octets`: its length once decoded, about. `body`: what is kept of a text part, still encoded; `cut`: not all of it.
    """

    kind: str
    charset: str
    encoding: str
    name: str
    attached: bool
    octets: int = 0
    body: bytes = b""
    cut: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it is meant to be read where the message is."""
        return self.kind in {"text/plain", "text/html"} and not self.attached


def parts(chunks: Iterable[bytes]) -> list[Part]:
    """Return the parts of a message in order, containers left out. What ends in the middle gives what there is."""
    found: list[Part] = []
    for part in _walk(_Octets(chunks)):
        found.append(part)
        if len(found) == MOST_PARTS:
            break
    return [_sized(part) for part in found]


def _walk(octets: "_Octets") -> Iterator[Part]:
    """Yield each leaf as soon as its header is known; its body comes in before the next."""
    boundaries: list[bytes] = []
    room, begun = TEXT_OCTETS, 1
    part = _begin(octets, boundaries, HEADER_OCTETS)
    if part is not None:
        yield part
    while True:
        room -= _take(octets.to_dashes(), part, room)
        line = octets.line(LINE_OCTETS)
        if not line:
            return
        if _opens(line, boundaries):
            begun += 1
            if begun > MOST_BEGUN:
                return
            part = _begin(octets, boundaries, PART_HEADER_OCTETS)
            if part is not None:
                yield part
        elif _closes(line, boundaries):
            part = None
        else:
            room -= _take([line], part, room)


def _take(pieces: Iterable[bytes], part: Part | None, room: int) -> int:
    """Add octets to a part; return how many of them were kept."""
    kept = 0
    for piece in pieces:
        if part is not None:
            part.octets += len(piece)
            if part.is_text:
                keep = piece[: max(0, room - kept)]
                part.body += keep
                part.cut = part.cut or len(keep) < len(piece)
                kept += len(keep)
    return kept


def _begin(octets: "_Octets", boundaries: list[bytes], most: int) -> Part | None:
    """Read a part's header. A container has its boundary remembered, and is no part itself."""
    header = _header(octets, most)
    kind = header.get_content_type()
    boundary = _boundary(header)
    if kind.startswith("multipart/") and boundary and len(boundaries) < MOST_LEVELS:
        boundaries.append(boundary)
        return None
    name = _name(header)
    disposition = str(header.get("Content-Disposition", "")).strip().lower()
    return Part(
        kind=kind,
        charset=_charset(header),
        encoding=str(header.get("Content-Transfer-Encoding", "")).strip().lower(),
        name=name,
        attached=disposition.startswith("attachment") or bool(name),
    )


def _header(octets: "_Octets", most: int) -> Message:
    kept = bytearray()
    while (line := octets.line(most)) and line.strip(b"\r\n"):
        kept += line[: most - len(kept)]
    return BytesHeaderParser().parsebytes(bytes(kept))


def _boundary(header: Message) -> bytes:
    try:
        return (header.get_boundary() or "").encode("utf-8", "surrogateescape")
    except (ValueError, LookupError, TypeError):
        return b""


def _charset(header: Message) -> str:
    try:
        return header.get_content_charset() or ""
    except (ValueError, LookupError, TypeError):
        return ""


def _name(header: Message) -> str:
    """The name of the file, from one line and without a path."""
    try:
        raw = header.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return ""
    return _UNSAFE.sub(" ", decoded(raw)).strip()[:200]


def _opens(line: bytes, boundaries: list[bytes]) -> bool:
    """Whether the line begins a part; the boundaries within that one are done."""
    text = line.rstrip(b" \t\r\n")
    for level in range(len(boundaries) - 1, -1, -1):
        if text == b"--" + boundaries[level]:
            del boundaries[level + 1 :]
            return True
    return False


def _closes(line: bytes, boundaries: list[bytes]) -> bool:
    text = line.rstrip(b" \t\r\n")
    for level in range(len(boundaries) - 1, -1, -1):
        if text == b"--" + boundaries[level] + b"--":
            del boundaries[level:]
            return True
    return False


def _sized(part: Part) -> Part:
    """Base64 makes lines of 76 letters and CRLF out of 57 octets (RFC 2045 section 6.8)."""
    if part.encoding == "base64":
        part.octets = part.octets * 57 // 78
    return part


class _Octets:
    """The octets of a message: line by line where lines matter, in large pieces where they do not."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0
        self._lines = 0

    def _more(self) -> bool:
        """Put the next chunk behind what is held and not used up; False at the end."""
        chunk = next(self._chunks, b"")
        self._held = self._held[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def line(self, most: int) -> bytes:
        """Return the next line with its end, of a longer one the first octets alone; b"" at the end."""
        self._lines += 1
        if self._lines > MOST_LINES:
            return b""
        while True:
            end = self._held.find(b"\n", self._at)
            if end >= 0 or len(self._held) - self._at >= most or not self._more():
                break
        stop = min(len(self._held) if end < 0 else end + 1, self._at + most)
        line, self._at = self._held[self._at : stop], stop
        return line

    def to_dashes(self) -> Iterator[bytes]:
        """Yield what comes before the next line that begins with two hyphens, from a line's beginning on."""
        while len(self._held) - self._at < 2 and self._more():
            pass
        if self._held.startswith(b"--", self._at):
            return
        while True:
            found = self._held.find(b"\n--", self._at)
            if found >= 0:
                piece, self._at = self._held[self._at : found + 1], found + 1
                yield piece
                return
            stop = max(self._at, len(self._held) - 2)
            piece, self._at = self._held[self._at : stop], stop
            yield piece
            if not self._more():
                rest, self._at = self._held[self._at :], len(self._held)
                yield rest
                return
