"""What a page stands on: the domain or mailbox it names, if the person may do there what the page is for."""

from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.views.decorators.cache import never_cache

from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes import ChangeRefused
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailboxes.rules import Act

Subject = TypeVar("Subject", Domain, Mailbox)

once = never_cache  # a page that shows a secret once: no cache keeps it


def the_domain(request: HttpRequest, name: str, act: Act) -> Domain:
    """Return the domain; 404 unless the person sees it and may do `act` there."""
    if "\0" in name:  # which PostgreSQL takes in no text
        raise Http404
    domain = get_object_or_404(rules.visible_domains(request.user), name=name.lower())
    return allowed(request, act, domain)


def the_mailbox(request: HttpRequest, number: int, act: Act) -> Mailbox:
    mailboxes: QuerySet[Mailbox] = rules.visible_mailboxes(request.user).select_related("domain", "usage", "user")
    return allowed(request, act, get_object_or_404(mailboxes, pk=number))


def looked_at(request: HttpRequest, number: int) -> Mailbox | None:
    """Return the mailbox if the person looks at it as its owner does: what they may read is the page's to say."""
    look = getattr(request, "looking", None)
    found: Mailbox | None = look.mailbox if look is not None and look.mailbox.pk == number else None
    return found


def allowed(request: HttpRequest, act: Act, subject: Subject) -> Subject:
    if not rules.may(request.user, act, subject):
        raise rules.NotAllowed(act)
    return subject


def running(request: HttpRequest) -> None:
    """Only for who runs a domain: to others a list of what they run is not there."""
    if not rules.visible_domains(request.user).exists() and not rules.may(request.user, Act.CREATE_DOMAIN):
        raise rules.NotAllowed(Act.SEE_DOMAIN)


def page(request: HttpRequest, template: str, section: str, **context: Any) -> HttpResponse:
    return render(request, template, {"section": section, **context})


def say(request: HttpRequest, sentence: str | Promise) -> None:
    """Tell what happened, on the next page."""
    messages.info(request, str(sentence))


def refuse(request: HttpRequest, refused: ChangeRefused) -> None:
    """Tell on the next page why nothing was changed, where there is no form to say it in."""
    messages.error(request, str(refused.sentence))
