"""Send mail by the relay that the operator named (RELAY_URL): the one place that speaks SMTP as a client, RFC 5321.

Whoever has one message calls `send`; whoever has many opens a `Line` and hands them over one by one. Unset
(`is_set_up`), nothing is sent, and who would have sent says so.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from django.conf import settings

from controlpanel.one_line import in_one_line

REPLY_SECONDS = 60
FINAL_SECONDS = 300  # the reply to the final dot; RFC 5321 section 4.5.3.2.6 would wait for ten minutes
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RelayFault(Exception):  # noqa: N818
    """The relay did not take a message. `reply` is what it said, or what kept us from asking, in one line.

    `temporary`: to be tried again. What is wrong between the relay and us (no answer, no TLS, a wrong password) is
    temporary too, since the message is not at fault.
    """

    def __init__(self, reply: str, *, temporary: bool = True) -> None:
        super().__init__(reply)
        self.reply = reply
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes: RELAY_URL taken apart. `tls`: from the first octet."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> "Relay":
        """Take apart `smtp://` or `smtps://USER:PASSWORD@HOST:PORT`; without a port 25, 587 for a user, or 465."""
        parts = urlsplit(url)
        tls = parts.scheme == "smtps"
        port = parts.port or (465 if tls else 587 if parts.username else 25)
        return cls(parts.hostname or "", port, tls, unquote(parts.username or ""), unquote(parts.password or ""))

    def context(self) -> ssl.SSLContext:
        """A certificate is looked at where a password or smtps:// is at stake, and not on this machine."""
        context = ssl.create_default_context()
        if self.host in LOOPBACK or not (self.tls or self.user):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def is_set_up() -> bool:
    """Tell whether this service can send mail at all."""
    return bool(settings.RELAY_URL and settings.MAIL_FROM)


def send(message: EmailMessage, recipient: str) -> None:
    """Send one message to one recipient now, from MAIL_FROM. Raises RelayFault.

    From, Date, Message-ID and Auto-Submitted (RFC 3834 section 5) are written where the message has none.
    """
    for name, value in (
        ("From", settings.MAIL_FROM),
        ("To", recipient),
        ("Date", formatdate(localtime=False)),
        ("Message-ID", make_msgid(domain=settings.MAIL_FROM.rpartition("@")[2])),
        ("Auto-Submitted", "auto-generated"),
    ):
        if name not in message:
            message[name] = value
    octets = message.as_bytes(policy=SMTP)
    with open_line() as line:
        line.hand_over(settings.MAIL_FROM, recipient, [octets], len(octets))


@contextmanager
def open_line() -> Iterator["Line"]:
    """A conversation with the relay of RELAY_URL. Raises RelayFault."""
    if not is_set_up():
        raise RelayFault("RELAY_URL and MAIL_FROM are not set: this service sends no mail.")
    line = Line(Relay.of(settings.RELAY_URL))
    try:
        yield line
    finally:
        line.close()


class Line:
    """One connection, greeted, under TLS where that is offered, and signed in."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        with _faults():
            self.smtp = self._connected()
            try:
                self._greet()
            except BaseException:
                self.smtp.close()
                raise

    def _connected(self) -> smtplib.SMTP:
        where = (self.relay.host, self.relay.port, settings.PUBLIC_HOST)
        if self.relay.tls:
            return smtplib.SMTP_SSL(*where, timeout=REPLY_SECONDS, context=self.relay.context())
        return smtplib.SMTP(*where, timeout=REPLY_SECONDS)

    def _greet(self) -> None:
        self.smtp.ehlo_or_helo_if_needed()
        if not self.relay.tls and self.smtp.has_extn("starttls"):
            self.smtp.starttls(context=self.relay.context())
            self.smtp.ehlo_or_helo_if_needed()
        if self.relay.user:
            if not isinstance(self.smtp.sock, ssl.SSLSocket) and self.relay.host not in LOOPBACK:
                raise RelayFault("The relay offers no TLS, and the password of RELAY_URL does not travel in clear.")
            self.smtp.login(self.relay.user, self.relay.password)

    @property
    def usable(self) -> bool:
        """Whether another message may be handed over: nothing cut the line."""
        return self.smtp.sock is not None

    def hand_over(self, sender: str, recipient: str, pieces: Iterable[bytes], octets: int) -> str:
        """Give the relay one message of `octets` for one recipient, and return its last reply. Raises RelayFault.

        `sender`: "" for none. Lines of the pieces end in CRLF, the last one too; a piece may end anywhere.
        """
        with _faults():
            self._ask("MAIL", *self.smtp.mail(sender, self._options(sender, recipient, octets)))
            self._ask("RCPT", *self.smtp.rcpt(recipient))
            self._ask("DATA", *self.smtp.docmd("DATA"), wanted=3)
            return self._ask("the message", *self._data(pieces))

    def _data(self, pieces: Iterable[bytes]) -> tuple[int, bytes]:
        """Send the message. Whatever fails in its middle cuts the line: what was sent must not look whole."""
        assert self.smtp.sock is not None, "DATA was answered"
        try:
            for piece in stuffed(pieces):
                self.smtp.sock.sendall(piece)
            self.smtp.sock.settimeout(FINAL_SECONDS)
            reply = self.smtp.getreply()
            self.smtp.sock.settimeout(REPLY_SECONDS)
        except BaseException:
            self.smtp.close()
            raise
        return reply

    def _options(self, sender: str, recipient: str, octets: int) -> list[str]:
        options = [f"SIZE={octets}"] if self.smtp.has_extn("size") else []
        if self.smtp.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        if not f"{sender}{recipient}".isascii():
            if not self.smtp.has_extn("smtputf8"):
                raise RelayFault("The relay takes no addresses beyond ASCII (SMTPUTF8).", temporary=False)
            options.append("SMTPUTF8")
        return options

    def _ask(self, what: str, code: int, text: bytes, wanted: int = 2) -> str:
        if code // 100 == wanted:
            return _said(code, text)
        self._begin_anew()
        raise RelayFault(f"{what}: {_said(code, text)}", temporary=code // 100 != 5 or code == 503)

    def _begin_anew(self) -> None:
        """After a refusal the line stays good for the next message."""
        try:
            self.smtp.rset()
        except (smtplib.SMTPException, OSError):
            self.smtp.close()

    def close(self) -> None:
        try:
            self.smtp.quit()
        except (smtplib.SMTPException, OSError):
            self.smtp.close()


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what smtplib and sockets raise into RelayFault, all of it temporary: no reply was about a message."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise RelayFault(_said(error.smtp_code, error.smtp_error)) from None
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        raise RelayFault("The relay broke the connection off.") from None
    except TimeoutError:
        raise RelayFault("The relay did not answer in time.") from None
    except ssl.SSLCertVerificationError as error:
        raise RelayFault(f"The relay's certificate is not good: {error.verify_message}.") from None
    except (smtplib.SMTPException, socket.gaierror, ssl.SSLError, OSError) as error:
        raise RelayFault(f"The relay cannot be used ({type(error).__name__}).") from None


def _said(code: int, text: bytes | str) -> str:
    return in_one_line(f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}")


def stuffed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a message in pieces as DATA wants it: a dot before each line that begins with one, and the final dot."""
    begins = True
    for piece in pieces:
        if piece:
            yield (b"." if begins and piece.startswith(b".") else b"") + piece.replace(b"\n.", b"\n..")
            begins = piece.endswith(b"\n")
    yield b".\r\n" if begins else b"\r\n.\r\n"
