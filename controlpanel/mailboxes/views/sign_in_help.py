"""Helping an owner back in: a single-use link to set a password, and a second factor taken away."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox


def invitation_link(request: HttpRequest, user: User) -> str:
    """Return a new link that sets the password of `user`, once."""
    token = changes.invite(user, actor=actor_of(request))
    return request.build_absolute_uri(reverse("invitation", args=[token]))


@never_cache
@require_POST
def send_invitation(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Send an invitation to another address: for the form of a slip, or for a page of its own."""
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    typed = request.POST.get("address", "")[:320]
    context: dict[str, str] = {}
    try:
        context["sent_to"] = changes.send_invitation(box.user, typed, actor=actor_of(request))
    except changes.ChangeRefused as refused:
        context |= {"refused": str(refused.sentence), "typed": typed}
    template = "mailboxes/send_invitation.html" if getattr(request, "htmx", False) else "mailboxes/invitation_sent.html"
    return page(request, template, "domain-mailboxes", domain=box.domain, mailbox=box, **context)


@require_POST
def reset_second_factor(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    if changes.reset_second_factor(box.user, actor=actor_of(request)):
        say(request, _("The second factor is taken away: the password alone signs in, until a new one is set up."))
    return redirect("mailbox", box.pk)
