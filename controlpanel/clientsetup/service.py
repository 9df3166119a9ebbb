"""What a mail client has to know of the service, once: every format in this package is a function of it.

Pure: the caller fills the description from settings and tables. Names of hosts and domains are kept in A-label form
(RFC 5890), as autoconfig, SRV, PACC and Thunderbird's QR code want ASCII.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from controlpanel.accounts.addresses import LOCAL_OCTETS, AddressError, domain_name, elsewhere

NAME_LIMIT = 60  # characters, draft-ietf-mailmaint-autoconfig and -pacc
SHORT_NAME_LIMIT = 20
PERSON_NAME_LIMIT = 200
DAYS_LIMIT = 3650
LANGUAGES = ("en", "es")

LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
PLACEHOLDER = re.compile(r"%[A-Z0-9]+%")


class DescriptionError(ValueError):
    """A value that no mail client could use; the message says which and why."""


class NotExpressibleError(ValueError):
    """The format asked for has no way to say what the description says."""


class Security(StrEnum):
    """TLS from the first byte (RFC 8314 section 3), or STARTTLS (STLS in POP3), which is then required."""

    TLS = "tls"
    STARTTLS = "starttls"


@dataclass(frozen=True, slots=True)
class Server:
    """A listener as clients reach it: a public host name, not the address it binds to."""

    host: str
    port: int
    security: Security = Security.TLS

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", ascii_host(self.host))
        object.__setattr__(self, "security", Security(self.security))
        if not 0 < self.port < 65536:
            raise DescriptionError(f"The port of {self.host} is {self.port}; ports go from 1 to 65535.")


@dataclass(frozen=True, slots=True)
class Retention:
    """What a client is asked to do with fetched mail: leave it on the server, for ever or some days, or remove it."""

    leave_on_server: bool = True
    days: int | None = None

    def __post_init__(self) -> None:
        if self.days is None:
            return
        if not self.leave_on_server:
            raise DescriptionError("Mail removed at once cannot also be kept for some days.")
        if not 0 < self.days <= DAYS_LIMIT:
            raise DescriptionError(f"Mail can be kept for 1 to {DAYS_LIMIT} days, not {self.days}.")


KEEP_ALWAYS = Retention()
REMOVE = Retention(leave_on_server=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDescription:
    """The mail service of one domain. At least one of `pop3s` (implicit TLS) and `pop3` (STLS) is offered.

    `outgoing` is the submission server that the domain names (RFC 6409), none if the service only receives.
    `mx_domain` is the hoster's domain when clients come by the MX record of a customer's.
    `documentation` maps "en" and "es" to the URL of the set-up page.
    """

    domain: str
    name: str
    short_name: str
    pop3s: Server | None = None
    pop3: Server | None = None
    outgoing: Server | None = None
    mx_domain: str | None = None
    mechanisms: tuple[str, ...] = ("PLAIN", "LOGIN", "SCRAM-SHA-256")
    retention: Retention = KEEP_ALWAYS
    documentation: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "domain", ascii_host(self.domain))
        if self.mx_domain is not None:
            object.__setattr__(self, "mx_domain", ascii_host(self.mx_domain))
        object.__setattr__(self, "name", one_line(self.name, NAME_LIMIT, "The name of the service"))
        object.__setattr__(self, "short_name", one_line(self.short_name, SHORT_NAME_LIMIT, "The short name"))
        for text in (self.name, self.short_name):
            if PLACEHOLDER.search(text):
                raise DescriptionError(f"{text!r} holds a placeholder that mail clients would replace.")
        if self.pop3s is None and self.pop3 is None:
            raise DescriptionError("A service needs a POP3 server, by TLS or by STLS.")
        if self.pop3s is not None and self.pop3s.security is not Security.TLS:
            raise DescriptionError("The POP3S server is one with TLS from the first byte.")
        if self.pop3 is not None and self.pop3.security is not Security.STARTTLS:
            raise DescriptionError("The POP3 server on the plain port is one with STARTTLS.")
        for language, url in self.documentation.items():
            if language not in LANGUAGES:
                raise DescriptionError(f"The documentation is in {' or '.join(LANGUAGES)}, not in {language!r}.")
            web_address(url)

    @property
    def incoming(self) -> tuple[Server, ...]:
        """The POP3 servers, the preferred one first: implicit TLS where offered (RFC 8314 section 3)."""
        return tuple(server for server in (self.pop3s, self.pop3) if server is not None)

    @property
    def submission(self) -> Server:
        """Return the outgoing server, for formats whose readers refuse a file without one.

        A service that only receives has none to name: then the POP3 host with the port of RFC 6409 stands in.
        """
        return self.outgoing or Server(self.incoming[0].host, 587, Security.STARTTLS)


@dataclass(frozen=True, slots=True)
class Person:
    """Who sets up a client, by an address that is kept here. `mailbox_id` never changes and is unique here."""

    address: str
    name: str
    mailbox_id: str

    def __post_init__(self) -> None:
        local, _at, domain = self.address.strip().rpartition("@")
        local = one_line(local, LOCAL_OCTETS, "The name before the @ sign")
        object.__setattr__(self, "address", f"{local}@{ascii_host(domain)}")
        name = one_line(self.name, PERSON_NAME_LIMIT, "The name") if self.name.strip() else self.address
        object.__setattr__(self, "name", name)
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", self.mailbox_id):
            raise DescriptionError("The id of a mailbox has letters, digits and hyphens only.")

    @property
    def local_part(self) -> str:
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def split_address(address: str) -> tuple[str, str]:
    """Return local part and A-label domain of an address, the local part as it came."""
    try:
        local, _, domain = elsewhere(address).rpartition("@")
    except AddressError:
        raise DescriptionError(f"{address!r} is not an address.") from None
    return local, domain


def ascii_host(name: str) -> str:
    """Return a host or domain name in lower-case A-label form, without a final dot (RFC 5891, RFC 1123 section 2.1).

    A name without dots is a host too: localhost, on a machine of one's own.
    """
    bare = name.strip().lower()
    if LABEL.fullmatch(bare):
        return bare
    try:
        return domain_name(name)
    except AddressError:
        raise DescriptionError(f"{name!r} is not a host name.") from None


def one_line(text: str, limit: int, what: str) -> str:
    """Return text stripped, NFC, of 1 to `limit` characters, none of which XML or a reader of lines would refuse."""
    text = unicodedata.normalize("NFC", text.strip())
    if not 0 < len(text) <= limit:
        raise DescriptionError(f"{what} has 1 to {limit} characters, not {len(text)}.")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or ord(char) & 0xFFFE == 0xFFFE for char in text):
        raise DescriptionError(f"{what} has a control character or a line break.")
    return text


def web_address(url: str) -> str:
    """Return an absolute http or https URL of printable ASCII as it came."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
        raise DescriptionError(f"{url!r} is not a web address.")
    return url
