"""The first mail of the demo: short letters, each with something that a mail service gets wrong easily."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

TEAL = (0x0F, 0x76, 0x6E)


@dataclass(frozen=True)
class Letter:
    """One message for one mailbox, sent some hours ago."""

    sender: str
    recipient: str
    subject: str
    hours_ago: int
    fill: Callable[[EmailMessage], None]

    def octets(self) -> bytes:
        """The message as it travels: CRLF line ends."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = self.recipient
        if self.subject:
            message["Subject"] = self.subject
        message["Date"] = format_datetime(datetime.now(UTC) - timedelta(hours=self.hours_ago))
        message["Message-ID"] = make_msgid(domain=self.sender.partition("@")[2])
        self.fill(message)
        return message.as_bytes()


def _welcome(message: EmailMessage) -> None:
    message.set_content(
        "Hello María,\n\n"
        "this message came in by LMTP, as from a mail server, and lies in PostgreSQL.\n"
        "Any POP3 client can fetch it; what a client deletes, you can bring back in the panel.\n\n"
        "Hola María:\n\n"
        "este mensaje llegó por LMTP, como desde un servidor de correo, y está en PostgreSQL.\n"
        "Cualquier cliente POP3 puede descargarlo; lo que un cliente borra, se recupera en el panel.\n",
        cte="8bit",
    )


def _dots(message: EmailMessage) -> None:
    message.set_content(
        "In POP3 a line with a single dot ends a message. This one has one inside:\n"
        ".\n"
        "..and lines that begin with dots.\n"
        "...\n"
        "If you read this line, they went through.\n",
        cte="7bit",
    )


def _picture(message: EmailMessage) -> None:
    message.set_content("El logotipo va adjunto, y el presupuesto en la tabla.\n")
    message.add_alternative(
        "<p>El <strong>logotipo</strong> va adjunto, y el presupuesto en la tabla.</p>", subtype="html"
    )
    message.add_attachment(_png(96), "image", "png", filename="logotipo.png")
    table = "concepto;importe\nDiseño;1.200,00 €\nImprenta;340,50 €\n"
    message.add_attachment(table, subtype="csv", charset="utf-8", filename="presupuesto año.csv")


def _list_mail(message: EmailMessage) -> None:
    message["List-Id"] = "Harbour sailors <sailors.lists.example>"
    message["References"] = "<one@lists.example> <two@lists.example>"
    message.set_content("Saturday, nine o'clock, pier 3. Bring gloves: the ropes are new.\n")


def _long_line(message: EmailMessage) -> None:
    # As it stands: set_content would fold it.
    message.set_payload("No subject, and a line of 8,000 octets:\n" + "Casilla " * 1_000 + "\n")


def _png(side: int) -> bytes:
    """A square of one colour."""

    def part(kind: bytes, octets: bytes) -> bytes:
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))

    rows = (b"\0" + bytes(TEAL) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


LETTERS = (
    Letter("hello@casilla.example", "maria@demo.example", "Welcome · Te damos la bienvenida", 30, _welcome),
    Letter("estudio@imprenta.example", "maria@demo.example", "Logotipo y presupuesto del año que viene", 26, _picture),
    Letter("protocols@lists.example", "maria@demo.example", "A message with dots", 3, _dots),
    Letter("skipper@lists.example", "james@demo.example", "[sailors] Saturday", 20, _list_mail),
    Letter("ana@casa.example", "james@demo.example", "", 2, _long_line),
)
