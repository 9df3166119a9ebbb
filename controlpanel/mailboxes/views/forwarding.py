"""Forwarding and the automatic reply of a mailbox: set by its owner, or by who rules it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from controlpanel import relay
from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.forwarding import AwayForm, ForwardingForm
from controlpanel.mailboxes.models import AwayReply, Mailbox
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


@require_http_methods(["GET", "POST"])
def away(request: HttpRequest, mailbox: int) -> HttpResponse:
    """The automatic reply: a POST sets it, or ends it by its own button."""
    box = the_mailbox(request, mailbox, Act.CHANGE_FORWARDING)
    if request.POST.get("act") == "end":
        changes.choose_away(box, None, actor=actor_of(request))
        say(request, _("Nothing is answered from now on."))
        return redirect("mailbox-away", box.pk)
    reply = AwayReply.objects.filter(mailbox=box).first()
    form = AwayForm(request.POST or None, initial=_written(reply))
    if form.is_valid():
        with refusals_beside(form):
            changes.choose_away(box, changes.Away(**form.cleaned_data), actor=actor_of(request))
            say(request, _("Saved."))
            return redirect("mailbox-away", box.pk)
    return page(request, "mailboxes/away.html", form=form, reply=reply, now=timezone.now(), **standing(request, box))


def _written(reply: AwayReply | None) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in AwayForm.base_fields} if reply else {}
