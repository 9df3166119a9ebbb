"""The parts of a message and their text: whatever it is made of, in bounded memory, and nothing that does anything."""

from collections.abc import Sequence

import pytest

from controlpanel.mailstore.parts import MOST_BEGUN, MOST_LINES, PART_HEADER_OCTETS, TEXT_OCTETS, Part, parts
from controlpanel.mailstore.plain_text import text_of, without_markup

MIXED = b"""\
Subject: x
Content-Type: multipart/mixed; boundary="out-er"

preamble
--out-er
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Reuni=F3n
--=20
Eva
--inner
Content-Type: text/html

<p>Reunion</p>
--inner--
between
--out-er
Content-Type: application/pdf
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*=utf-8''../factura%20n%C2%BA1.pdf

JVBERi0xLjQ=
--out-er--
epilogue
""".replace(b"\n", b"\r\n")


def read(octets: bytes, size: int = 7) -> list[Part]:
    return parts(octets[at : at + size] for at in range(0, len(octets), size))


def plain(body: bytes, kind: str = "text/plain", encoding: str = "") -> bytes:
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


@pytest.mark.parametrize("size", [1, 2, 3, 64, 100_000])
def test_the_parts_of_a_message_wherever_its_chunks_are_cut(size: int) -> None:
    found = read(MIXED, size)
    assert [part.kind for part in found] == ["text/plain", "text/html", "application/pdf"]
    assert found[2].name == ".. factura nº1.pdf"
    assert found[2].attached
    assert text_of(found) == "Reunión\n-- \nEva"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"Subject: x\r\n\r\nplain\r\n", "plain"),
        (plain("Año".encode(), "text/plain; charset=us-ascii"), "Año"),
        (plain("Año".encode("latin-1"), "text/plain"), "Año"),
        (plain("Año".encode("latin-1"), "text/plain; charset=utf-8"), "A\ufffdo"),
        (plain("Año".encode("cp1252"), "text/plain; charset=windows-1252"), "Año"),
        (plain(b"x", "text/plain; charset=no-such"), "x"),
        (plain(b"x-", "text/plain; charset=punycode"), "x-"),
        (plain(b"x", "text/plain; charset=hex"), "x"),
        (plain(b"QcOxbw", encoding="base64"), "Año"),
        (plain(b"QcOx\r\nbw==\r\n!!", encoding="BASE64 "), "Año"),
        (plain(b"A", encoding="base64"), ""),
        (plain(b"=E2=82=AC=zz", "text/plain; charset=utf-8", "quoted-printable"), "€=zz"),
        (plain(b"a\0b\x1bc\xe2\x80\xaed"), "abcd"),
        (plain(b"<b>only</b> markup", "text/html"), "only markup"),
        (b"no header at all", ""),
        (b"", ""),
        (b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ncut", "cut"),
        (b"Content-Type: multipart/mixed\r\n\r\nno boundary", ""),
        (b"Content-Type: multipart/mixed; boundary*=bad''%ff\r\n\r\nx", ""),
    ],
)
def test_text_survives_what_its_sender_got_wrong(octets: bytes, text: str) -> None:
    assert text_of(read(octets)) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<style>p{}</style><script>alert('<p>')</script>x", "x"),
        ("<SCRIPT src=x></SCRIPT >y", "y"),
        ("a<!-- <b>hidden</b> -->b<!-- never ends <p>c", "ab"),
        (
            '<a href="https://evil.example/?a=1&amp;b=2">bank.example</a>',
            "bank.example <https://evil.example/?a=1&b=2>",
        ),
        ("<a href='javascript:alert(1)'>go</a>", "go"),
        ("<a href=mailto:eva@otra.example>eva@otra.example</a>", "eva@otra.example"),
        ('<img src="https://pixel.example/" alt="Logo">', "[Logo]"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("&lt;script&gt;", "<script>"),
        ("<ul><li>one<li>two</ul>", "• one\n• two"),
        ("<b", ""),
        ("<head><title>t</title></head>body", "body"),
    ],
)
def test_markup_becomes_text(html: str, text: str) -> None:
    assert without_markup(html) == text


NASTY: Sequence[bytes] = [
    b"<" * TEXT_OCTETS,
    b"<!--" * (TEXT_OCTETS // 4),
    b"<a href=" * (TEXT_OCTETS // 8),
    b"<a href='" * (TEXT_OCTETS // 9) + b"'>",
    b"&" * TEXT_OCTETS,
    b"\n" * TEXT_OCTETS,
    b" " * TEXT_OCTETS,
    b"--" * (TEXT_OCTETS // 2),
    b"\r\n--" * (TEXT_OCTETS // 4),
]


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
def test_no_text_takes_long(body: bytes) -> None:
    """Time that grows with the square of 256 KiB would be minutes."""
    assert len(text_of(read(plain(body, "text/html"), 4096))) <= len(body)


def test_only_so_much_text_is_kept() -> None:
    found = read(plain(b"x" * 1000 + b"\r\n" + b"-- y" * TEXT_OCTETS), 65536)
    assert len(found[0].body) == TEXT_OCTETS
    assert found[0].cut
    assert found[0].octets == 1002 + 4 * TEXT_OCTETS


def test_only_so_many_parts_are_told() -> None:
    many = b"--x\r\n\r\n" * 100_000
    found = read(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + many, 65536)
    assert len(found) == 200


def test_a_message_within_a_message_is_one_part() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\ninner\r\n--y--\r\n"
    outer = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
    assert [part.kind for part in read(outer + inner + b"--x--\r\n")] == ["message/rfc822"]


def test_the_size_of_a_file_is_about_right() -> None:
    lines = b"\r\n".join([b"QUJD" * 19] * 1000) + b"\r\n"
    [part] = read(plain(lines, "application/zip", "base64"), 65536)
    assert part.octets == 57_000


@pytest.mark.parametrize("digits", ["9" * 200_000, "x" + "f" * 200_000])
def test_a_reference_to_a_character_that_is_none_is_no_fault(digits: str) -> None:
    assert without_markup(f'<p>a&#{digits};b</p><a href="http://x/&#{digits}">c</a>').startswith("a\ufffd")


CONTAINER = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
LAST = b"--b\r\n\r\nlast\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("filling", "most"),
    [
        (b"--\r\n", MOST_LINES),
        (b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n", MOST_BEGUN),
        (b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\n", MOST_LINES // 1000),
    ],
)
def test_what_is_nothing_but_boundaries_and_headers_is_read_to_a_point(filling: bytes, most: int) -> None:
    def texts(times: int) -> list[bytes]:
        return [part.body.strip() for part in parts([CONTAINER + filling * times + LAST]) if part.body.strip()]

    assert texts(10) == [b"last"]
    assert texts(most) == []


def test_of_a_parts_header_so_much_is_read() -> None:
    name = b'Content-Disposition: attachment; filename="a.txt"\r\n\r\nx\r\n'
    near, far = (CONTAINER + b"--b\r\nX: " + b"y" * octets + b"\r\n" + name for octets in (100, PART_HEADER_OCTETS))
    assert [part.name for part in parts([near, b"--b--\r\n"])] == ["a.txt"]
    assert [part.name for part in parts([far, b"--b--\r\n"])] == [""]
