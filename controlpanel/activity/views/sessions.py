"""Who fetched mail, who is connected now, and what was refused."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.activity import own_mail, past_visits
from controlpanel.journal.models import Attempt, PastSession, RefusedMessage
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox
from controlpanel.mailstore import overview
from controlpanel.panel import bars, lists

FEW = 10
DAYS = 30  # of the chart


@require_safe
def of_mailbox(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    past: QuerySet[PastSession] = PastSession.objects.filter(mailbox_id=box.pk).order_by("-ended", "-pk")
    visits = past_visits.by_day(box.pk, DAYS)
    return page(
        request,
        "activity/sessions.html",
        "mailbox-sessions",
        own=box,
        visits=visits,
        bars=bars.bars({day.day: day.times for day in visits}, timezone.localdate(), DAYS),
        in_use=frozenset(box.device_passwords.filter(revoked=None).values_list("pk", flat=True)),
        sessions=overview.live_sessions(box.pk),
        page=lists.page(past, request.GET.get("page")),
        attempts=Attempt.objects.filter(mailbox_id=box.pk).order_by("-last")[:FEW],
        refused=RefusedMessage.objects.filter(mailbox_id=box.pk).order_by("-at")[:FEW],
    )


@require_POST
def end(request: HttpRequest, mailbox: int, session: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.SEE_MAILBOX)
    if own_mail.end_session(box, session, actor_of(request)):
        say(request, _("The session ends within a second."))
    else:
        say(request, _("The session had ended already."))
    return redirect("mailbox-home" if rules.may(request.user, Act.OPEN_MAILBOX, box) else "mailbox", box.pk)
