"""Messages that have broken some server: each a name and its octets, without NUL unless the name says so."""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass

from maildrop import letter

ALL_OCTETS = bytes(octet for octet in range(1, 256) if octet not in b"\r\n")


@dataclass(frozen=True)
class Nasty:
    """`strict` messages keep to RFC 5322 and 6532 and must be taken; the others may be refused, but not changed."""

    name: str
    octets: bytes
    strict: bool = True
    utf8: bool = False

    def __str__(self) -> str:
        return self.name


def nasty_messages() -> list[Nasty]:
    """All of them, freshly made: ids and dates differ from call to call, what is nasty does not."""
    return [*_dots(), *_octets(), *_lines(), *_headers(), *_shapes(), *_large()]


def _dots() -> Iterator[Nasty]:
    yield Nasty("dots at every place", letter(b".\r\n..\r\n...\r\n.a\r\n a.\r\n.\r\n\r\n.\r\n"))
    yield Nasty("body of one dot", letter(b".\r\n"))
    yield Nasty("first line a lone dot", b".\r\n" + letter(), strict=False)
    yield Nasty("header line with a dot in front", b".Subject: dotted\r\n" + letter(), strict=False)
    yield Nasty("a hundred thousand dots", letter(b".\r\n" * 100_000))
    at_every_offset = b"".join(b"x" * (n % 67) + b"\r\n.\r\n" for n in range(4096))
    yield Nasty("dots at every offset of a buffer", letter(at_every_offset))


def _octets() -> Iterator[Nasty]:
    yield Nasty("Latin-1 body", letter("Señor Núñez, ¿qué tal?\r\n".encode("latin-1")))
    yield Nasty("UTF-8 body", letter("Señora Peña: 你好, Ünïcödé 🙂\r\n".encode()))
    yield Nasty("every octet but NUL, CR and LF", letter(ALL_OCTETS + b"\r\n"), strict=False)
    yield Nasty("binary lines", letter(b"".join(_noise(seed) + b"\r\n" for seed in range(400))), strict=False)
    yield Nasty("lone CR", letter(b"one\rtwo\r\rthree\r\n"), strict=False)
    yield Nasty("lone LF", letter(b"one\ntwo\n\nthree\r\n"), strict=False)
    yield Nasty("CR CRLF", letter(b"one\r\r\ntwo\r\r\r\n"), strict=False)
    yield Nasty("lone LF before a dot", letter(b"one\n.two\n.\nthree\r\n"), strict=False)
    yield Nasty("lone LF in the header", letter(header=b"X-One: 1\nX-Two: 2\r\n"), strict=False)
    yield Nasty("control characters", letter(b"\x01\x07\x08\x0b\x0c\x1a\x1b[31m\x7f\r\n\x1a\r\nafter\r\n"))
    yield Nasty("ISO-2022-JP", letter("日本語のメール\r\n".encode("iso2022_jp")))
    yield Nasty("UTF-8 mark in front", b"\xef\xbb\xbf" + letter(), strict=False, utf8=True)
    yield Nasty("malformed UTF-8", letter(b"\xff\xfe \xc0\xaf \xed\xa0\x80 \xf5\r\n"))


def _lines() -> Iterator[Nasty]:
    yield Nasty("line of 998 octets", letter(b"x" * 998 + b"\r\n"))
    yield Nasty("lines of 8,000 octets", letter((b"x" * 7998 + b"\r\n") * 3), strict=False)
    yield Nasty("line of a million octets", letter(b"x" * 1_000_000 + b"\r\n.\r\n"), strict=False)
    yield Nasty("trailing blanks", letter(b"a \r\nb\t\r\n  \r\n\t\r\n -- \r\n"))
    yield Nasty("a hundred blank lines at the end", letter(b"text\r\n" + b"\r\n" * 100))
    yield Nasty("blank lines only", letter(b"\r\n" * 50))
    yield Nasty("From_ lines", letter(b"From here\r\n>From there\r\n\r\n" + _FROM_ + b">>From\r\n"))


def _headers() -> Iterator[Nasty]:
    yield Nasty("3,000 header lines", letter(header=b"".join(b"X-%d: %s\r\n" % (n, b"v" * 40) for n in range(3000))))
    yield Nasty("header of 100 KB, folded", letter(header=b"X-Long: a\r\n" + b" folded line of a header\r\n" * 4000))
    yield Nasty("header line of 20 KB", letter(header=b"X-Long: " + b"h" * 20_000 + b"\r\n"), strict=False)
    yield Nasty("UTF-8 header", letter(header="X-Saludo: ¡Feliz año, Íñigo! 你好\r\n".encode()), utf8=True)
    yield Nasty("Latin-1 header", letter(header="X-Saludo: ¡Feliz año!\r\n".encode("latin-1")), strict=False, utf8=True)
    yield Nasty("header line without colon", letter(header=b"no colon here\r\nX-After: 1\r\n"), strict=False)
    yield Nasty("blank before the colon", letter(header=b"X-Odd : 1\r\nX-Empty:\r\nX-Blank: \r\n"), strict=False)
    yield Nasty("folded with blanks only", letter(header=b"X-Fold: a\r\n \r\n\t\r\n b\r\n"), strict=False)
    yield Nasty("From_ line in front", _FROM_ + letter(), strict=False)
    yield Nasty("headers of a mail store", letter(header=_STORE))
    yield Nasty("headers of the delivery", letter(header=_DELIVERY))
    yield Nasty("duplicate headers", letter(header=b"Subject: second\r\nDate: never\r\nFrom: \r\n"), strict=False)


def _shapes() -> Iterator[Nasty]:
    yield Nasty("no header", b"Only a body, without anything before it.\r\n", strict=False)
    yield Nasty("empty header", b"\r\nOnly a body, after a blank line.\r\n", strict=False)
    yield Nasty("header only", letter(b"")[:-2], strict=False)
    yield Nasty("empty body", letter(b""))
    yield Nasty("nothing", b"", strict=False)
    yield Nasty("one blank line", b"\r\n", strict=False)
    yield Nasty("no line end at the end", letter(b"the last line"))
    yield Nasty("two hundred levels of multipart", letter(_nested(200), b"MIME-Version: 1.0\r\n" + _boundary(0)))
    yield Nasty("message in a message", letter(letter(letter(b".\r\n")), b"Content-Type: message/rfc822\r\n"))


def _large() -> Iterator[Nasty]:
    attachment = base64.encodebytes(random.Random(7).randbytes(5_400_000)).replace(b"\n", b"\r\n")
    yield Nasty("attachment of 7 MB", letter(attachment, b"Content-Transfer-Encoding: base64\r\n"))
    yield Nasty("300,000 short lines", letter(b"a\r\n" * 300_000))
    yield Nasty("one octet short of 64 KiB", letter().removesuffix(b"\r\n").ljust(65_533, b"y") + b"\r\n", strict=False)


_FROM_ = b"From sender@conformance.invalid Mon Jan  2 10:11:12 2023\r\n"
_STORE = (
    b"Status: RO\r\nX-Status: D\r\nX-Keywords: junk\r\nX-UID: 1\r\nX-IMAP: 1 2\r\nX-IMAPbase: 1 2\r\n"
    b"X-UIDL: same-for-all\r\nContent-Length: 3\r\nLines: 1\r\n"
)
_DELIVERY = (
    b"Return-Path: <forged@conformance.invalid>\r\nDelivered-To: someone-else@conformance.invalid\r\n"
    b"X-Original-To: someone-else@conformance.invalid\r\n"
) + b"Received: from a.invalid by b.invalid; Mon, 02 Jan 2023 10:11:12 +0000\r\n" * 25


def _noise(seed: int) -> bytes:
    return bytes(random.Random(seed).choices(ALL_OCTETS, k=500))


def _boundary(level: int) -> bytes:
    return b'Content-Type: multipart/mixed; boundary="b%d"\r\n' % level


def _nested(levels: int) -> bytes:
    opening = b"".join(b"--b%d\r\n%s\r\n" % (level, _boundary(level + 1)) for level in range(levels))
    closing = b"".join(b"--b%d--\r\n" % level for level in range(levels, -1, -1))
    return opening + b"--b%d\r\n\r\n.\r\n" % levels + closing
