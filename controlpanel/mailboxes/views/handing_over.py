"""Somebody leaves: one page says what ends and what goes on, and one click does it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.handing_over import MOVE, HandOverForm
from controlpanel.mailboxes.models import GRACE_DAYS
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox
from controlpanel.mailstore import moving


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    form = HandOverForm(request.POST or None)
    if form.is_valid():
        move = form.cleaned_data["move"] == MOVE
        with refusals_beside(form):
            handed = changes.hand_over(box, form.cleaned_data["target"], actor=actor_of(request), move=move)
            moving.move_waiting()  # what a job would do within a minute
            say(request, _("Mail to %(address)s goes on.") % {"address": shown(handed.address_text)})
            return redirect("mailbox", box.pk)
    return page(
        request,
        "mailboxes/hand_over.html",
        "domain-mailboxes",
        domain=box.domain,
        mailbox=box,
        form=form,
        leaving=changes.leaving(box),
        grace_days=GRACE_DAYS,
    )
