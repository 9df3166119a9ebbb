"""Where a person starts, and the search from anywhere."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from controlpanel.accounts.models import User
from controlpanel.mailboxes import addresses, rules
from controlpanel.mailboxes.rules import Act
from controlpanel.panel import lists
from controlpanel.panel.context import reach_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    return redirect(reach_of(request, request.user).home())


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Go straight to the mailbox whose whole address was typed, else to the list of those that match."""
    assert isinstance(request.user, User)
    asked = lists.asked_for(request.GET)
    found = rules.visible_mailboxes(request.user).filter(address_text=addresses.canonical_or_none(asked) or "").first()
    if found is not None and rules.may(request.user, Act.CHANGE_MAILBOX, found):
        return redirect("mailbox", found.pk)
    reach = reach_of(request, request.user)
    if not reach.runs_any:
        return redirect("home")
    there = reverse("mailboxes") if reach.runs_many else reverse("domain-mailboxes", args=[reach.domains[0].name])
    return redirect(there + lists.address({}, q=asked))
