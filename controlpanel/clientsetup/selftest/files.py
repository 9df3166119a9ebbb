"""Whether the domain's set-up files come as they should when asked for by their public names."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlpanel.clientsetup import autoconfig, autodiscover, pacc
from controlpanel.clientsetup.client_facts import Text
from controlpanel.clientsetup.selftest.findings import Finding, Line, Report, Verdict
from controlpanel.clientsetup.selftest.lookups import Answers, UnansweredError
from controlpanel.clientsetup.selftest.reach import addresses, resolved
from controlpanel.clientsetup.selftest.web import Asked, Got, fetch
from controlpanel.clientsetup.service import ServiceDescription

NOBODY = "nobody-in-particular"
POX = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>'
    "<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>"
    "</Request></Autodiscover>"
)
SHOWN_OCTETS = 4000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file: for whom, where, and its octets. `needed`: some mail client has no other way."""

    readers: Text
    host: str
    path: str
    content: bytes
    tls: bool = True
    body: bytes | None = None
    needed: bool = True


def wanted_files(service: ServiceDescription, served_pacc: bytes | None) -> list[Wanted]:
    """Return the files that mail clients of the domain ask for."""
    domain, config = service.domain, autoconfig.config_v1_1(service)
    address = f"{NOBODY}@{domain}"
    asked = autodiscover.Request(address, domain)
    request = POX.format(address=address, schema=autodiscover.OUTLOOK_NAMESPACE).encode()
    path, query = "/mail/config-v1.1.xml", f"?emailaddress={NOBODY}%40{domain}"
    found = [
        Wanted("Thunderbird", f"autoconfig.{domain}", path + query, config),
        Wanted("KMail", f"autoconfig.{domain}", path, config, tls=False),
    ]
    if service.mx_domain is not None:
        by_mx = gettext_lazy("Thunderbird, by the MX record")
        found.append(Wanted(by_mx, f"autoconfig.{service.mx_domain}", path + query, config, needed=False))
    answer = autodiscover.answer(service, asked)
    found.append(Wanted("Outlook", f"autodiscover.{domain}", "/autodiscover/autodiscover.xml", answer, body=request))
    if served_pacc is not None:
        found.append(Wanted("PACC", f"ua-auto-config.{domain}", pacc.PATH, served_pacc, needed=False))
    return found


def check_files(files: list[Wanted], answers: Answers) -> Report:
    """Fetch them, those at our own addresses alone, and judge each."""
    report = Report(_("Set-up by itself"))
    placed = [(wanted, _place(wanted, answers)) for wanted in files]
    fetched = [asked for _wanted, asked in placed if isinstance(asked, Asked)]
    with ThreadPoolExecutor(max(1, len(fetched))) as pool:
        came = dict(zip(map(id, fetched), pool.map(fetch, fetched), strict=True))
    for wanted, asked in placed:
        found = asked if isinstance(asked, Finding) else _judged(wanted, asked, came[id(asked)])
        report.findings.append(found)
    return report


def _place(wanted: Wanted, answers: Answers) -> Asked | Finding:
    """Return what to ask, or why it is not asked."""
    absent = Verdict.ATTENTION if wanted.needed else Verdict.UNKNOWN
    try:
        ours, all_of_them = addresses(wanted.host, answers), resolved(wanted.host, answers)
    except UnansweredError:
        words = _("%(host)s could not be looked up: no name server answered.")
        return Finding(str(wanted.readers), Verdict.UNKNOWN, words % {"host": wanted.host})
    if ours:
        return Asked(wanted.host, ours[0], wanted.path, wanted.tls, wanted.body)
    if all_of_them:
        words = _("%(host)s points to %(addresses)s, which is not here.")
        facts = {"host": wanted.host, "addresses": ", ".join(all_of_them)}
        return Finding(str(wanted.readers), Verdict.WRONG, words % facts)
    words = _("%(host)s is not in the DNS yet: the list of records says what to publish.")
    return Finding(str(wanted.readers), absent, words % {"host": wanted.host})


def _judged(wanted: Wanted, asked: Asked, got: Got) -> Finding:
    said = tuple(_dialogue(wanted, asked, got))
    facts = {"url": str(asked), "why": got.fault, "status": got.status}
    if got.fault:
        return Finding(str(wanted.readers), Verdict.WRONG, _("%(url)s cannot be fetched: %(why)s.") % facts, said)
    if not asked.tls and got.location.startswith("https://"):
        words = _("%(url)s leads to https, where mail clients follow.") % facts
        return Finding(str(wanted.readers), Verdict.OK, words, said)
    if got.status != 200:
        return Finding(str(wanted.readers), Verdict.WRONG, _("%(url)s answers with status %(status)d.") % facts, said)
    if got.body != wanted.content:
        words = _("%(url)s gives something else than the panel does: is a proxy or another server in between?") % facts
        return Finding(str(wanted.readers), Verdict.WRONG, words, said)
    return Finding(str(wanted.readers), Verdict.OK, _("%(url)s gives the right answer.") % facts, said)


def _dialogue(wanted: Wanted, asked: Asked, got: Got) -> Iterator[Line]:
    yield Line(True, f"{'GET' if wanted.body is None else 'POST'} {asked}")
    if got.status:
        yield Line(False, f"HTTP {got.status}")
        text = got.body[:SHOWN_OCTETS].decode("utf-8", "replace")
        yield from (Line(False, line) for line in text.splitlines())
