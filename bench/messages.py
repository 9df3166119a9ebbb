"""The messages that both servers hold: text, or from some size on what an attachment is, lines of base64."""

HEADER = (
    "Received: from a.example.org by b.example.test; Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    "From: Ana <ana@example.org>\r\nTo: box@bench.example\r\nSubject: message {number}\r\n"
    "Message-ID: <{number}.bench@example.org>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n"
)
TEXT = b"Una casilla guarda el correo hasta que alguien lo recoge; nothing is lost on the way.\r\n"
BASE64 = b"QXR0YWNobWVudHMgYXJlIG1vc3Qgb2Ygd2hhdCBtYWlsIGlzLCBieSBvY3RldHMgaWYgbm90Lg\r\n"
ATTACHMENT = 256 * 1024  # octets


def message(number: int, octets: int) -> bytes:
    """Return message `number`, CRLF line ends, of `octets` (of a header and one line at least)."""
    head = HEADER.format(number=number).encode()
    line = TEXT if octets < ATTACHMENT else BASE64
    left = max(octets - len(head), 3) - 2
    return head + (line * (left // len(line) + 1))[:left].rstrip(b"\r\n").ljust(left, b"x") + b"\r\n"
