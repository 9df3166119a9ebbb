"""The DNS records that a domain publishes so that mail arrives and clients set themselves up.

Values are in presentation form with absolute names (RFC 1035 section 5.1), as a resolver's answer prints them, so the
page that shows a record and the check that looks for it compare the same text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from controlpanel.clientsetup import pacc
from controlpanel.clientsetup.service import DescriptionError, Security, Server, ServiceDescription, ascii_host

CHARACTER_STRING = 255  # octets, RFC 1035 section 3.3
SERVICE_HOSTS = ("autoconfig", "autodiscover")


class Reason(StrEnum):
    """Why a record is there; pages turn these keys into a sentence."""

    RECEIVE = "receive"
    SENDERS = "senders"
    POLICY = "policy"
    SIGNATURE = "signature"
    POP3S = "pop3s"
    POP3 = "pop3"
    NO_POP3S = "no_pop3s"
    NO_POP3 = "no_pop3"
    NO_IMAP = "no_imap"
    SUBMISSION = "submission"
    SUBMISSION_CLAWS = "submission_claws"
    NO_SUBMISSIONS = "no_submissions"
    OUTLOOK = "outlook"
    AUTOCONFIG = "autoconfig"
    PACC_HOST = "pacc_host"
    PACC_DIGEST = "pacc_digest"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: absolute name without its final dot, type, value in presentation form."""

    name: str
    type: str
    value: str
    reason: Reason

    def zone_line(self) -> str:
        """Return the record as a line of a zone file."""
        return f"{self.name}. IN {self.type} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where the domain's mail arrives and where its set-up pages are.

    `mail_exchangers` are pairs of preference and host (RFC 5321 section 5.1). The panel answers at `web_host`, or, if
    that has no name of its own, at `web_addresses`. `pacc_documents` are the bytes served, old and new in a change.
    `dkim` is the selector and the TXT value of the key that the sending server signs with (RFC 6376 section 3.6).
    """

    mail_exchangers: tuple[tuple[int, str], ...]
    web_host: str | None = None
    web_addresses: tuple[str, ...] = ()
    pacc_documents: tuple[bytes, ...] = ()
    dkim: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.web_host is None and not self.web_addresses:
            raise DescriptionError("The panel needs a host name or an address to point to.")
        if self.web_host is not None:
            object.__setattr__(self, "web_host", ascii_host(self.web_host))
        exchangers = tuple((preference, ascii_host(host)) for preference, host in self.mail_exchangers)
        object.__setattr__(self, "mail_exchangers", exchangers)


def records(service: ServiceDescription, published: Published) -> tuple[Record, ...]:
    """Return every record for the service's domain, in the order in which a page shows them."""
    return (
        *_mail(service, published),
        *_incoming(service),
        *_outgoing(service),
        *_web(service.domain, published),
        *_pacc(service.domain, published),
    )


def public_hosts(domain: str, *, with_pacc: bool = True) -> tuple[str, ...]:
    """Return the host names under the domain that clients ask by HTTPS, so that each needs a certificate."""
    names = [*SERVICE_HOSTS, "ua-auto-config"] if with_pacc else SERVICE_HOSTS
    return tuple(f"{name}.{ascii_host(domain)}" for name in names)


def _mail(service: ServiceDescription, published: Published) -> Iterable[Record]:
    domain = service.domain
    for preference, host in sorted(published.mail_exchangers):
        yield Record(domain, "MX", f"{preference} {host}.", Reason.RECEIVE)
    relay = f" a:{service.outgoing.host}" if service.outgoing else ""
    yield Record(domain, "TXT", text(f"v=spf1 mx{relay} ~all"), Reason.SENDERS)
    policy = f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"
    yield Record(f"_dmarc.{domain}", "TXT", text(policy), Reason.POLICY)
    if published.dkim is not None:
        selector, value = published.dkim
        yield Record(f"{selector}._domainkey.{domain}", "TXT", text(value), Reason.SIGNATURE)


def _incoming(service: ServiceDescription) -> Iterable[Record]:
    """RFC 6186 section 3.4: priorities are compared across services, and "." says that one is not offered."""
    domain = service.domain
    yield _srv("_pop3s", domain, 0, service.pop3s, Reason.POP3S if service.pop3s else Reason.NO_POP3S)
    yield _srv("_pop3", domain, 10, service.pop3, Reason.POP3 if service.pop3 else Reason.NO_POP3)
    yield _srv("_imaps", domain, 0, None, Reason.NO_IMAP)
    yield _srv("_imap", domain, 0, None, Reason.NO_IMAP)


def _outgoing(service: ServiceDescription) -> Iterable[Record]:
    """RFC 8314 section 5.1. Claws asks for _submission alone and takes port 465 there as TLS from the first byte."""
    if service.outgoing is None:
        return
    if service.outgoing.security is Security.TLS:
        yield _srv("_submissions", service.domain, 0, service.outgoing, Reason.SUBMISSION)
        yield _srv("_submission", service.domain, 10, service.outgoing, Reason.SUBMISSION_CLAWS)
    else:
        yield _srv("_submissions", service.domain, 0, None, Reason.NO_SUBMISSIONS)
        yield _srv("_submission", service.domain, 0, service.outgoing, Reason.SUBMISSION)


def _web(domain: str, published: Published) -> Iterable[Record]:
    for name in SERVICE_HOSTS:
        reason = Reason.AUTOCONFIG if name == "autoconfig" else Reason.OUTLOOK
        yield from _host(f"{name}.{domain}", published, reason)
    panel = Server(published.web_host or f"autodiscover.{domain}", 443)
    yield _srv("_autodiscover", domain, 0, panel, Reason.OUTLOOK)


def _pacc(domain: str, published: Published) -> Iterable[Record]:
    if not published.pacc_documents:
        return
    yield from _host(f"ua-auto-config.{domain}", published, Reason.PACC_HOST)
    for document in published.pacc_documents:
        value = text(pacc.digest_record(document))
        yield Record(f"_ua-auto-config.{domain}", "TXT", value, Reason.PACC_DIGEST)


def _host(name: str, published: Published, reason: Reason) -> Iterable[Record]:
    if published.web_host is not None:
        yield Record(name, "CNAME", f"{published.web_host}.", reason)
        return
    for address in published.web_addresses:
        yield Record(name, "AAAA" if ":" in address else "A", address, reason)


def _srv(service_name: str, domain: str, priority: int, server: Server | None, reason: Reason) -> Record:
    value = f"{priority} 1 {server.port} {server.host}." if server else "0 0 0 ."
    return Record(f"{service_name}._tcp.{domain}", "SRV", value, reason)


def text(value: str) -> str:
    """Return a TXT value as quoted character-strings of at most 255 octets each (RFC 1035 section 5.1)."""
    octets = value.encode("ascii")
    pieces = [octets[start : start + CHARACTER_STRING] for start in range(0, len(octets), CHARACTER_STRING)]
    return " ".join(f'"{_escaped(piece.decode("ascii"))}"' for piece in pieces)


def _escaped(piece: str) -> str:
    return piece.replace("\\", "\\\\").replace('"', '\\"')
