"""Pure: the text of a message for people, whatever its encoding, charset or markup; nothing in it does anything.

Markup becomes text: no script, no picture, no style, nothing fetched from elsewhere. Where a link leads is written
beside it. Nothing here raises, and all of it takes linear time.
"""

import base64
import binascii
import codecs
import quopri
import re
from collections.abc import Sequence
from html import unescape as _unescape

from controlpanel.mailstore.parts import Part

TAG_LENGTH = 8000  # further attributes are not looked at

# Codecs of Python that are no charset of mail, or take time that grows with the square of the text.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7", "utf_7"})
# As headers.py, but for line ends and tabs.
_UNSHOWN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_TAG = re.compile(r"(/?)([A-Za-z][A-Za-z0-9]*)")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_GAPS = re.compile(r"\n{3,}")
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript", "object", "svg"})
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table"})
_BLOCKS = _SPACED | {"article", "br", "center", "dd", "div", "dl", "dt", "footer", "form", "header", "hr", "li"}
_BLOCKS |= {"address", "main", "ol", "pre", "section", "tr", "ul"}


# A reference that names no character: html.unescape would make a number of its digits, however many.
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9A-Fa-f]{9,})")


def unescape(text: str) -> str:
    return _unescape(_LONG_REFERENCE.sub("\ufffd", text))


def text_of(found: Sequence[Part]) -> str:
    """Return the text to read: the plain parts, or where there are none the others with their markup taken out."""
    plain = [part for part in found if part.is_text and part.kind == "text/plain"]
    texts = [_written(part) for part in plain]
    if not any(text.strip() for text in texts):
        texts = [without_markup(_written(part)) for part in found if part.is_text and part.kind == "text/html"]
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())


def _written(part: Part) -> str:
    return _UNSHOWN.sub("", _characters(_octets(part), part.charset).replace("\r\n", "\n").replace("\r", "\n"))


def _octets(part: Part) -> bytes:
    """Undo the transfer encoding, as far as it was kept and is right (RFC 2045 section 6)."""
    if part.encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", part.body)
        try:
            return base64.b64decode(letters[: len(letters) // 4 * 4] + _padded(letters[len(letters) // 4 * 4 :]))
        except binascii.Error:
            return b""
    return quopri.decodestring(part.body) if part.encoding == "quoted-printable" else part.body


def _padded(rest: bytes) -> bytes:
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _characters(octets: bytes, charset: str) -> str:
    """Decode; a charset that is not named, unknown or ASCII is UTF-8 where it can be, else one letter an octet."""
    try:
        name = codecs.lookup(charset).name if charset else "ascii"
        if name not in _NO_CHARSETS and name != "ascii":
            return octets.decode(name, "replace")
    except (LookupError, ValueError):
        pass
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def without_markup(html: str) -> str:
    """Return the text of HTML."""
    reader = _Markup()
    first, *pieces = html.split("<")
    reader.say(first)
    for piece in pieces:
        reader.read(piece)
    lines = (line.strip() for line in "".join(reader.said).split("\n"))
    return _UNSHOWN.sub("", _GAPS.sub("\n\n", "\n".join(lines))).strip()


class _Markup:
    """Takes what stands between two `<`: a tag and the text after it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._silent = ""  # the element whose text nobody reads
        self._comment = False
        self._link = ""

    def say(self, text: str) -> None:
        self.said.append(unescape(_BLANKS.sub(" ", text)))

    def read(self, piece: str) -> None:
        if self._comment or piece.startswith("!--"):
            self._in_comment(piece)
        elif self._silent:
            self._in_silence(piece)
        elif tag := _TAG.match(piece):
            inside, _, after = piece.partition(">")
            self._tag(tag[2].lower(), bool(tag[1]), inside[:TAG_LENGTH])
            if not self._silent:
                self.say(after)
        elif piece.startswith(("!", "?", "/")):
            self.say(piece.partition(">")[2])
        else:
            self.say("<" + piece)

    def _in_comment(self, piece: str) -> None:
        _before, end, after = piece.partition("-->")
        self._comment = not end
        if end and not self._silent:
            self.say(after)

    def _in_silence(self, piece: str) -> None:
        if piece[: len(self._silent) + 1].lower() == "/" + self._silent:
            self._silent = ""
            self.say(piece.partition(">")[2])

    def _tag(self, name: str, closing: bool, inside: str) -> None:
        if name in _SILENT:
            self._silent = "" if closing or inside.endswith("/") else name
        elif name == "a":
            self._anchor(closing, inside)
        elif name == "img":
            alt = _ALT.search(inside)
            self.say(f"[{alt[1] or alt[2]}]" if alt and (alt[1] or alt[2]) else "")
        elif name in {"td", "th"}:
            self.said.append("  ")
        elif name in _BLOCKS:
            self.said.append("\n\n" if name in _SPACED else "\n• " if name == "li" and not closing else "\n")

    def _anchor(self, closing: bool, inside: str) -> None:
        """Write where a link leads behind its words, unless they say so themselves."""
        if closing:
            words = self.said[-1].strip() if self.said else ""
            if self._link and self._link.removeprefix("mailto:") != words:
                self.said.append(f" <{self._link}>")
            self._link = ""
        else:
            href = _HREF.search(inside)
            target = unescape(next((group for group in href.groups() if group), "")) if href else ""
            self._link = target[:2000] if target.lower().startswith(("http://", "https://", "mailto:")) else ""
