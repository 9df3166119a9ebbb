"""Find a message: for the owner by sender, recipient, date or Message-ID; for who runs the domain by Message-ID alone.

An administrator never sees senders or subjects of another's mail. Who asks by a whole Message-ID got it from the
message's sender, and learns what became of it; the question is written down.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.activity import own_mail
from controlpanel.activity.views.messages import Line
from controlpanel.journal.models import RefusedMessage
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox
from controlpanel.mailstore import tracing
from controlpanel.panel import lists, periods

PAGES = 20  # further ones are reached by dates
FEW = 20


@require_safe
def find(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    asked, period = lists.asked_for(request.GET), periods.asked_for(request.GET)
    number = lists.numbered(PAGES * lists.ROWS, request.GET.get("page")).number
    wanted = tracing.Asked(box.pk, period.since, period.until, text=asked)
    found = tracing.find(wanted, limit=lists.ROWS + 1, offset=(number - 1) * lists.ROWS)
    return page(
        request,
        "activity/find.html",
        "mailbox-home",
        own=box,
        asked=asked,
        period=period,
        lines=[_line(row) for row in found.rows[: lists.ROWS]],
        all_seen=found.all_seen,
        number=number,
        newer=number - 1 if number > 1 else None,
        older=number + 1 if len(found.rows) > lists.ROWS and number < PAGES else None,
    )


@require_http_methods(["GET", "POST"])
def trace(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.CHANGE_MAILBOX)
    asked = request.POST.get("message_id", "").replace("\0", "").strip("<> \t\r\n")[: lists.SEARCHED]
    return page(
        request,
        "activity/trace.html",
        "domain-mailboxes",
        domain=box.domain,
        mailbox=box,
        asked=asked,
        found=own_mail.trace(box, asked, actor_of(request)) if asked else None,
        refused=RefusedMessage.objects.filter(mailbox_id=box.pk).order_by("-at")[:FEW],
    )


def _line(row: tracing.Arrived | tracing.Refused) -> dict[str, Any]:
    if isinstance(row, tracing.Refused):
        return {"refused": row}
    return {"message": row, "line": Line(row, row.fetched)}
