"""Pure: the few header fields that a list of messages shows, taken raw at delivery and decoded when a page is made.

A message is any octets. Nothing here raises.
"""

import re
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from typing import NamedTuple

SCANNED_OCTETS = 64 * 1024  # of a message; a field beyond is not found

_END = re.compile(rb"(?:\A|\n)\r?\n")
_FIELD = re.compile(rb"(?im)^(subject|from|date|message-id)[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)")
_BLANKS = re.compile(r"[\r\n\t ]+")
_WORD = re.compile(r"=\?[^?]*\?[bBqQ]\?[^?]*\?=")  # RFC 2047 section 2, but for blanks that some senders leave within
_WORDS = re.compile(rf"{_WORD.pattern}(?:\s*{_WORD.pattern})*")
# C0 and C1, line and paragraph separators, what turns the direction of text around, lone surrogates.
_UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Headers(NamedTuple):
    """As the columns of Message take them: no NUL, cut to their length, encoded words (RFC 2047) not decoded."""

    subject: str = ""
    from_header: str = ""
    date_header: str = ""
    message_id: str = ""


def scan(octets: bytes) -> Headers:
    """Return the fields at the head of a message; of a field that stands there twice, the first."""
    found: dict[bytes, bytes] = {}
    for field in _FIELD.finditer(head(octets)):
        found.setdefault(field[1].lower(), field[2])
    return Headers(
        subject=_raw(found.get(b"subject", b""), 400),
        from_header=_raw(found.get(b"from", b""), 400),
        date_header=_raw(found.get(b"date", b""), 100),
        message_id=_raw(found.get(b"message-id", b""), 320),
    )


def head(octets: bytes) -> bytes:
    """Return the header of a message, as far as it is scanned."""
    end = end_of_header(octets)
    return octets[: SCANNED_OCTETS if end is None else end]


def end_of_header(octets: bytes) -> int | None:
    """Return where the empty line begins; the end of a message without one; None: not within what is scanned."""
    end = _END.search(octets, 0, SCANNED_OCTETS)
    if end is None:
        return len(octets) if len(octets) < SCANNED_OCTETS else None
    return end.start() + 1 if end.start() else 0


def _raw(octets: bytes, characters: int) -> str:
    """Unfold a field. Octets beyond ASCII are UTF-8 (RFC 6532), or else one letter each as in Latin-1."""
    octets = octets.replace(b"\0", b"")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("latin-1")
    return _cut(_BLANKS.sub(" ", text).strip(), characters)


def _cut(text: str, characters: int) -> str:
    """Cut before an encoded word that would not be whole, unless nothing else is there."""
    if len(text) <= characters:
        return text
    text = text[:characters]
    start = text.rfind("=?")
    return text if start <= 0 or _WORD.match(text, start) else text[:start].rstrip()


def decoded(raw: str) -> str:
    """Return a raw field for people: encoded words decoded, and nothing in it that moves or hides other text."""
    return _UNSHOWN.sub("", _WORDS.sub(lambda words: _decoded_words(words[0]), raw)).strip()


def _decoded_words(words: str) -> str:
    """Adjacent words are decoded as one: some senders cut between the octets of a character."""
    try:
        return "".join(_text(part, charset) for part, charset in decode_header(words))
    except (HeaderParseError, ValueError):
        return words


def _text(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode((charset or "").partition("*")[0] or "ascii", "replace")  # RFC 2231 section 5 adds *language
    except (LookupError, ValueError):
        return part.decode("latin-1")


def literal(text: str) -> str:
    """Return a text that `email` writes into a header as it stands.

    It decodes what looks like an encoded word, and writes the line ends that come out of it: another header, or a text.
    """
    return " ".join(text.replace("=?", "= ?").split())


def sent_at(raw: str) -> datetime | None:
    """Return the moment that a Date field names, None where it names none; without a zone it is read as UTC."""
    try:
        moment = parsedate_to_datetime(raw)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
