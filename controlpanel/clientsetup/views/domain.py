"""How a domain is set up for mail clients: its name and colour, where it sends, and what it publishes in the DNS."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.clientsetup import changes, qr
from controlpanel.clientsetup.client_facts import Text
from controlpanel.clientsetup.description import help_url, setup_of
from controlpanel.clientsetup.dns_records import Record
from controlpanel.clientsetup.forms import DkimForm, SetupForm
from controlpanel.clientsetup.publishing import records_of
from controlpanel.clientsetup.reasons import HEADINGS, SENTENCES
from controlpanel.clientsetup.selftest import lookups, records
from controlpanel.clientsetup.selftest.findings import Verdict
from controlpanel.clientsetup.selftest.records import Judged
from controlpanel.clientsetup.service import LANGUAGES
from controlpanel.mailboxes import changes as mailbox_changes
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_domain

Groups = list[tuple[Text, list[tuple[Judged, Text]]]]


@require_http_methods(["GET", "POST"])
def clients(request: HttpRequest, domain: str) -> HttpResponse:
    """The help page's address, name and colour, the outgoing server, and what happens to fetched mail."""
    there = the_domain(request, domain, Act.CHANGE_DOMAIN)
    data = request.POST if request.method == "POST" else None
    form = SetupForm(data, setup=setup_of(there), default_host=settings.SUBMISSION_HOST)
    if form.is_valid():
        with refusals_beside(form), transaction.atomic():
            changes.change_setup(there, actor=actor_of(request), **form.changed())
            mailbox_changes.change_domain(there, actor=actor_of(request), leave_days=form.leave_days())
            say(request, _("Saved."))
            return redirect("domain-setup", there.name)
    spoken = get_language() or ""
    address = help_url(there.name, spoken if spoken in LANGUAGES else LANGUAGES[0])
    return page(
        request,
        "clientsetup/domain.html",
        "domain-setup",
        domain=there,
        form=form,
        help_address=address,
        help_code=qr.svg(address, _("QR code with the address of the help page")),
    )


@require_safe
def dns(request: HttpRequest, domain: str) -> HttpResponse:
    """The records to publish; with `look`, what the DNS has now."""
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    looked = "look" in request.GET
    wanted = records_of(there)
    judged = _looked(wanted) if looked else [Judged(record) for record in wanted]
    context: dict[str, Any] = {"domain": there, "groups": _grouped(judged), "looked": looked, "counts": _counts(judged)}
    if getattr(request, "htmx", False):
        return page(request, "clientsetup/dns_records.html", "domain-setup", **context)
    return page(
        request,
        "clientsetup/dns.html",
        "domain-setup",
        **context,
        zone="\n".join(record.zone_line() for record in wanted),
        form=DkimForm(initial=_dkim(there)),
        pacc_waits=changes.served_pacc(there) != changes.fresh_pacc(there),
    )


def _looked(wanted: Sequence[Record]) -> list[Judged]:
    answers = lookups.ask(records.questions(wanted), lookups.dns_lookup)
    return [records.judge(record, answers) for record in wanted]


def _grouped(judged: Sequence[Judged]) -> Groups:
    groups: Groups = []
    for heading, reasons in HEADINGS:
        within = [(each, SENTENCES[each.record.reason]) for each in judged if each.record.reason in reasons]
        if within:
            groups.append((heading, within))
    return groups


def _counts(judged: Sequence[Judged]) -> dict[str, int]:
    return {"ok": sum(each.verdict is Verdict.OK for each in judged), "all": len(judged)}


def _dkim(domain: Domain) -> dict[str, str]:
    setup = setup_of(domain)
    return {"dkim_selector": setup.dkim_selector, "dkim_key": setup.dkim_key}


@require_POST
def dkim(request: HttpRequest, domain: str) -> HttpResponse:
    """Keep the key that the sending server signs with, or forget it."""
    there = the_domain(request, domain, Act.CHANGE_DOMAIN)
    form = DkimForm(request.POST)
    if form.is_valid():
        with refusals_beside(form):
            changes.change_setup(there, actor=actor_of(request), **form.cleaned_data)
            say(request, _("Saved."))
            return redirect("domain-dns", there.name)
    groups = _grouped([Judged(record) for record in records_of(there)])
    return page(request, "clientsetup/dns.html", "domain-setup", domain=there, groups=groups, form=form)


@require_POST
def serve_pacc(request: HttpRequest, domain: str) -> HttpResponse:
    """Serve the document that describes the service as it is now."""
    there = the_domain(request, domain, Act.CHANGE_DOMAIN)
    changes.serve_pacc(there, actor=actor_of(request))
    say(request, _("The new document is served. The old record can go from the DNS after a day."))
    return redirect("domain-dns", there.name)
