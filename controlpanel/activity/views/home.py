"""A mailbox as its owner sees it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox


@require_safe
def show(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    return page(request, "activity/home.html", "mailbox-home", own=box, mailbox=box)
