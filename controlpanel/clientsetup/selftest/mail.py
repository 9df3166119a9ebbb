"""Log in through the public name as a mail client does, and write down what was said."""

import errno
import ipaddress
import socket
import ssl
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from controlpanel.clientsetup.selftest import certificates
from controlpanel.clientsetup.selftest.findings import Report, Verdict
from controlpanel.clientsetup.selftest.pop3 import HIDDEN, Talk, TalkError, reason
from controlpanel.clientsetup.service import Security, Server

CONNECT_SECONDS = 3.0
TALK_SECONDS = 6.0
MOST_ADDRESSES = 4
NEEDED = ("UIDL", "TOP", "SASL")
NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True, repr=False)
class SignIn:
    """Who signs in, with a device password lent for a minute."""

    user: str
    secret: str


def check_server(server: Server, addresses: list[str], sign_in: SignIn | None) -> Report:
    """Return what a client finds that uses this server at one of these addresses."""
    how = "SSL/TLS" if server.security is Security.TLS else "STARTTLS"
    report = Report(_("Incoming mail: port %(port)d, %(how)s") % {"port": server.port, "how": how})
    address = _connect(report, server, addresses[:MOST_ADDRESSES])
    if address is None:
        return report
    try:
        talk = _secured(report, server, address)
    except (OSError, TalkError) as error:
        words = reason(error) if isinstance(error, OSError) else str(error)
        report.add("TLS", Verdict.WRONG, _("The encrypted line does not come up: %(why)s.") % {"why": words})
        return report
    if talk is not None:
        _converse(report, talk, sign_in)
        talk.close()
    return report


def _connect(report: Report, server: Server, addresses: list[str]) -> str | None:
    """Try every address, as half of all clients may come by the one that is broken; return the first that answers."""
    states = {address: _try(address, server.port) for address in addresses}
    open_ones = [address for address, why in states.items() if why is None]
    broken = {address: why for address, why in states.items() if why and not (address in _loopback() and open_ones)}
    if open_ones:
        report.add("TCP", Verdict.OK, _("%(addresses)s answers.") % {"addresses": ", ".join(open_ones)})
    for address, why in broken.items():
        if why == "no way":
            words = _("%(address)s cannot be tried from here: this machine has no way there.")
            report.add("TCP", Verdict.UNKNOWN, words % {"address": address})
            continue
        words = _("%(address)s does not answer at port %(port)d: %(why)s. Look at the firewall and at what listens.")
        report.add("TCP", Verdict.WRONG, words % {"address": address, "port": server.port, "why": why})
    return open_ones[0] if open_ones else None


def _try(address: str, port: int) -> str | None:
    try:
        socket.create_connection((address, port), CONNECT_SECONDS).close()
    except OSError as error:
        return "no way" if error.errno in NO_WAY else reason(error)
    return None


def _loopback() -> tuple[str, str]:
    return "127.0.0.1", "::1"


def _secured(report: Report, server: Server, address: str) -> Talk | None:
    """Open the line as clients do and judge its certificate; None where a client would stop there.

    An untrusted certificate ends it, except on this machine itself. Raises OSError, TalkError.
    """
    try:
        talk = open_talk(server, address, certificates.strict())
    except ssl.SSLCertVerificationError as error:
        talk = open_talk(server, address, certificates.lenient())
        _untrusted(report, server, talk, error.verify_code)
        if not ipaddress.ip_address(address).is_loopback:
            talk.close()
            return None
        return talk
    _trusted(report, server, talk)
    return talk


def open_talk(server: Server, address: str, context: ssl.SSLContext, seconds: float | None = None) -> Talk:
    """Connect and bring up TLS, at once or by STLS. Raises OSError (ssl.SSLError among them), TalkError."""
    line = socket.create_connection((address, server.port), CONNECT_SECONDS)
    try:
        if server.security is Security.TLS:
            line = context.wrap_socket(line, server_hostname=server.host)
        talk = Talk(line, seconds or TALK_SECONDS)
        talk.greeting()
        if server.security is Security.STARTTLS:
            reply = talk.command("STLS")
            if not reply.startswith("+OK"):
                raise TalkError(reply)
            talk.start_tls(context, server.host)
    except BaseException:
        line.close()
        raise
    return talk


def _trusted(report: Report, server: Server, talk: Talk) -> None:
    certificate = certificates.read(talk.certificate() or b"")
    left = certificate.days_left(certificates.now())
    lasts = ngettext("It lasts %(days)d more day.", "It lasts %(days)d more days.", left) % {"days": left}
    words = _("The certificate is for %(host)s, by %(issuer)s; clients trust it.") % {
        "host": server.host,
        "issuer": certificate.issuer,
    }
    soon = left < certificates.SOON.days
    renew = _("Renew it: a certificate that ends stops every mail client at once.")
    report.add(
        talk.tls, Verdict.ATTENTION if soon else Verdict.OK, " ".join([words, lasts, *([renew] if soon else [])])
    )


def _untrusted(report: Report, server: Server, talk: Talk, code: int) -> None:
    certificate = certificates.read(talk.certificate() or b"")
    facts = {"host": server.host, "names": ", ".join(certificate.names) or "-", "issuer": certificate.issuer}
    if code == certificates.HOSTNAME_MISMATCH:
        words = _("The certificate is for %(names)s, not for %(host)s: mail clients warn or stop.") % facts
    elif code == certificates.EXPIRED:
        words = _("The certificate has ended on %(day)s: mail clients stop.") % {"day": f"{certificate.ends:%Y-%m-%d}"}
    elif code in certificates.SELF_SIGNED:
        words = _("The certificate vouches for itself (%(issuer)s): mail clients warn, and telephones refuse.") % facts
    else:
        words = (
            _("Nobody whom mail clients trust vouches for the certificate (%(issuer)s). Is its chain whole?") % facts
        )
    report.add(talk.tls or "TLS", Verdict.ATTENTION if server.host == "localhost" else Verdict.WRONG, words)


def _converse(report: Report, talk: Talk, sign_in: SignIn | None) -> None:
    report.dialogue = talk.said
    step = "CAPA"
    try:
        _capabilities(report, talk)
        if sign_in is not None:
            step = "PASS"
            _log_in(report, talk, sign_in)
        step = "QUIT"
        talk.command("QUIT")
    except TalkError as error:
        report.add(step, Verdict.WRONG, _("The server stopped in the middle: %(why)s.") % {"why": error})


def _capabilities(report: Report, talk: Talk) -> None:
    if not talk.command("CAPA").startswith("+OK"):
        report.add("CAPA", Verdict.ATTENTION, _("The server does not say what it can do."))
        return
    offered = {line.partition(" ")[0].upper() for line in talk.listed()}
    missing = [name for name in NEEDED if name not in offered]
    if missing:
        words = _("Not offered: %(names)s. Mail clients would fetch everything again and again.")
        report.add("CAPA", Verdict.WRONG, words % {"names": ", ".join(missing)})
    else:
        report.add("CAPA", Verdict.OK, _("The server says what it can do."))


def _log_in(report: Report, talk: Talk, sign_in: SignIn) -> None:
    reply = talk.command(f"USER {sign_in.user}")
    if reply.startswith("+OK"):
        reply = talk.command(f"PASS {sign_in.secret}", shown=f"PASS {HIDDEN}")
    if not reply.startswith("+OK"):
        words = _("The server refuses the sign-in: %(reply)s") % {"reply": reply.removeprefix("-ERR ")}
        report.add("PASS", Verdict.WRONG, words)
        return
    report.add("PASS", Verdict.OK, _("A device password opens the mailbox."))
    _count(report, talk.command("STAT").split())


def _count(report: Report, status: list[str]) -> None:
    if len(status) < 3 or status[0] != "+OK" or not status[1].isdecimal():
        report.add("STAT", Verdict.WRONG, _("The server does not count the messages."))
        return
    count = int(status[1][:9])
    words = ngettext("%(count)d message waits.", "%(count)d messages wait.", count) % {"count": count}
    report.add("STAT", Verdict.OK, words)
