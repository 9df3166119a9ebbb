"""RFC 1939: byte-stuffing and sizes. The rest of what mail can hold stands in test_messages.py."""

import pytest
from maildrop import Maildrop, letter

BODIES = {
    "no dot": b"plain\r\n",
    "one dot": b".\r\n",
    "two dots": b"..\r\n",
    "three dots": b"...\r\n",
    "first line": b".first\r\nsecond\r\n",
    "last line": b"first\r\n.last\r\n",
    "every line": b".a\r\n..b\r\n...c\r\n.\r\n.\r\n",
    "dot amid a line": b"a.\r\nb.c\r\n d .\r\n",
    "end in disguise": b"\r\n.\r\n\r\n.\r\n",
    "dot and space": b". \r\n.\t\r\n",
}
bodies = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())


@pytest.mark.must("RFC 1939 §3")
@bodies
def test_stuffing(maildrop: Maildrop, body: bytes) -> None:
    """A line that begins with a dot comes with the dot doubled, and with nothing else changed."""
    message = letter(body)
    assert maildrop.holding(message).retr(1).endswith(message)


@pytest.mark.must("RFC 1939 §11")
@bodies
def test_size(maildrop: Maildrop, body: bytes) -> None:
    """The size in LIST is the octets of RETR with each line end as two and each stuffed dot as one."""
    session = maildrop.holding(letter(body))
    assert session.sizes() == {1: len(session.retr(1))}


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.announced("TOP")
@bodies
def test_stuffing_in_top(maildrop: Maildrop, body: bytes) -> None:
    """TOP stuffs as RETR does."""
    session = maildrop.holding(letter(body))
    assert session.top(1, 100) == session.retr(1)


@pytest.mark.must("RFC 1939 §3")
def test_dot_begins_the_header(maildrop: Maildrop) -> None:
    """A header line that begins with a dot is stuffed like any other."""
    message = b".X-Odd: yes\r\n" + letter()
    assert maildrop.holding(message).retr(1).endswith(message)


@pytest.mark.must("RFC 1939 §3")
def test_last_line_has_its_end(maildrop: Maildrop) -> None:
    """A message without a last line end still ends in CRLF before the closing dot."""
    session = maildrop.holding(letter(b"no line end here"))
    message = session.retr(1)
    assert message.endswith(b"no line end here\r\n")
    assert session.sizes() == {1: len(message)}
