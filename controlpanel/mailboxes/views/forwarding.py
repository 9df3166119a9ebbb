"""Forwarding and the automatic reply of a mailbox: set by its owner, or by who rules it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from controlpanel import relay
from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.forwarding import ForwardingForm
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox
from controlpanel.mailstore import departures


def standing(request: HttpRequest, box: Mailbox) -> dict[str, Any]:
    """Return where the page stands in the frame, and whether the reader holds the mailbox or only rules it."""
    holds = rules.may(request.user, Act.OPEN_MAILBOX, box)
    frame = {"own": box} if holds else {"domain": box.domain}
    section = "mailbox-forwarding" if holds else "domain-mailboxes"
    return {"box": box, "holds": holds, "section": section, "may_leave": relay.is_set_up(), **frame}


@require_http_methods(["GET", "POST"])
def forwarding(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.CHANGE_FORWARDING)
    form = ForwardingForm(request.POST or None, initial={"targets": box.forward_to, "keep": box.forward_keep})
    if form.is_valid():
        with refusals_beside(form):
            data = form.cleaned_data
            box = changes.choose_forwarding(box, data["targets"], keep=data["keep"], actor=actor_of(request))
            say(request, _("Mail is forwarded from now on.") if box.forward_to else _("Mail is not forwarded."))
            return redirect("mailbox-forwarding", box.pk)
    where = standing(request, box)
    late = departures.of_mailbox(box.pk) if where["holds"] else []
    return page(request, "mailboxes/forwarding.html", form=form, late=late, **where)
