"""Suspending, closing, reopening, deleting, and taking a deletion back: of mailboxes and of whole domains."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.addresses import domain_shown, shown
from controlpanel.mailboxes.forms.fields import ReasonForm, TypedConfirmation, refusals_beside
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailboxes.names import aliases_into, aliases_of
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.totals import totals
from controlpanel.mailboxes.views.standing import page, refuse, say, the_domain, the_mailbox
from controlpanel.mailstore.retention.leftovers import DELETED_DAYS


@dataclass(frozen=True, slots=True)
class Step:
    """A change of state that takes a reason: what the page says, and which change it is."""

    title: Promise
    means: Promise
    button: Promise
    change: Callable[..., Mailbox | Domain]


MAILBOX_STEPS = {
    "suspend": Step(
        _("Suspend %(name)s"),
        _("Nobody signs in, neither here nor with a mail client. Mail still arrives and waits."),
        _("Suspend"),
        changes.suspend_mailbox,
    ),
    "close": Step(
        _("Close %(name)s"),
        _("Nobody signs in, and mail is refused: its senders are told at once. What is there stays."),
        _("Close"),
        changes.close_mailbox,
    ),
}
DOMAIN_STEPS = {
    "suspend": Step(
        _("Suspend %(name)s"),
        _("Nobody signs in to any of its mailboxes. Mail still arrives and waits."),
        _("Suspend"),
        changes.suspend_domain,
    ),
    "close": Step(
        _("Close %(name)s"),
        _("Nobody signs in, and mail to every address of the domain is refused. What is there stays."),
        _("Close"),
        changes.close_domain,
    ),
}


@require_http_methods(["GET", "POST"])
def step_mailbox(request: HttpRequest, mailbox: int, step: str) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    context = {"domain": box.domain, "mailbox": box, "name": shown(box.address_text)}
    return _step(request, MAILBOX_STEPS, step, box, "domain-mailboxes", context, redirect("mailbox", box.pk))


@require_http_methods(["GET", "POST"])
def step_domain(request: HttpRequest, domain: str, step: str) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    context = {"domain": there, "name": domain_shown(there.name)}
    return _step(request, DOMAIN_STEPS, step, there, "domain", context, redirect("domain", there.name))


def _step(
    request: HttpRequest,
    steps: dict[str, Step],
    name: str,
    subject: Mailbox | Domain,
    section: str,
    context: dict[str, object],
    after: HttpResponseRedirect,
) -> HttpResponse:
    step, form = steps[name], ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            step.change(subject, actor=actor_of(request), reason=form.cleaned_data["reason"])
            return after
    title = step.title % {"name": context["name"]}
    return page(request, "mailboxes/step.html", section, form=form, step=step, title=title, back=after.url, **context)


@require_POST
def reopen_mailbox(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    return _at_once(request, changes.reopen_mailbox, box, _("Open again: mail arrives and its owner signs in."))


@require_POST
def undelete_mailbox(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    return _at_once(request, changes.undelete_mailbox, box, _("The mailbox is back, with everything in it."))


@require_POST
def reopen_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    return _at_once(request, changes.reopen_domain, there, _("The domain is open again."))


@require_POST
def undelete_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    return _at_once(request, changes.undelete_domain, there, _("The domain is back, with everything in it."))


def _at_once(
    request: HttpRequest, change: Callable[..., Mailbox | Domain], subject: Mailbox | Domain, done: Promise
) -> HttpResponse:
    try:
        change(subject, actor=actor_of(request))
        say(request, done)
    except changes.ChangeRefused as refused:
        refuse(request, refused)
    return redirect("mailbox", subject.pk) if isinstance(subject, Mailbox) else redirect("domain", subject.name)


@require_http_methods(["GET", "POST"])
def delete_mailbox(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    form = TypedConfirmation(
        request.POST or None, name=shown(box.address_text), label=_("Type the address of the mailbox")
    )
    if form.is_valid():
        with refusals_beside(form):
            changes.delete_mailbox(box, actor=actor_of(request))
            return redirect("mailbox", box.pk)
    alone, shared = aliases_of(box, request.user)
    return page(
        request,
        "mailboxes/delete.html",
        "domain-mailboxes",
        domain=box.domain,
        mailbox=box,
        form=form,
        alone=alone,
        shared=shared,
        grace_days=DELETED_DAYS,
    )


@require_http_methods(["GET", "POST"])
def delete_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    form = TypedConfirmation(
        request.POST or None, name=domain_shown(there.name), label=_("Type the name of the domain")
    )
    if form.is_valid():
        with refusals_beside(form):
            changes.delete_domain(there, actor=actor_of(request))
            return redirect("domain", there.name)
    return page(
        request,
        "domains/delete.html",
        "domain",
        domain=there,
        form=form,
        totals=totals([there])[there.pk],
        alias_domains=there.alias_domains.order_by("name").values_list("name", flat=True),
        into=aliases_into(there, request.user),
        grace_days=DELETED_DAYS,
    )
