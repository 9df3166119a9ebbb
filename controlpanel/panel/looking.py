"""An operator looks as the owner of a mailbox looks: set-up, settings, usage; never mail, and nothing is changed."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import the_mailbox

KEY = "looking"
MINUTES = 30
READS = {"GET", "HEAD", "OPTIONS"}
SHOWN = {
    "mailbox-home",
    "mailbox-devices",
    "mailbox-setup",
    "setup-client",
    "setup-leaving",
    "setup-check",
    "setup-seen",
}
STILL_DONE = {"look-end", "account_logout", "preferences"}

Answer = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Look:
    """At which mailbox, and until when."""

    mailbox: Mailbox
    until: datetime


class Looking:
    """Middleware: `request.looking` is the Look that goes on, else None. While one does, nothing is changed."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.looking = _look(request) if KEY in request.session else None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        look: Look | None = request.looking  # type: ignore[attr-defined]
        name = request.resolver_match and request.resolver_match.url_name
        if look is None or name in STILL_DONE:
            return None
        if request.method not in READS:
            messages.error(request, _("Nothing is changed while you look as an owner."))
        elif name in SHOWN or not request.path.startswith("/mail/"):
            return None
        else:
            messages.error(request, _("This is the owner's alone."))
        return redirect("mailbox-home", look.mailbox.pk)


def _look(request: HttpRequest) -> Look | None:
    number, until = request.session[KEY]
    mailbox = Mailbox.objects.select_related("domain", "usage", "user").filter(pk=number).first()
    if until > time.time() and mailbox is not None and rules.may(request.user, Act.LOOK_AS_OWNER, mailbox):
        return Look(mailbox, datetime.fromtimestamp(until, UTC))
    del request.session[KEY]
    return None


@require_POST
def begin(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.LOOK_AS_OWNER)
    changes.look_as_owner(box, actor=actor_of(request))
    request.session[KEY] = [box.pk, time.time() + MINUTES * 60]
    return redirect("mailbox-home", box.pk)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    number, _until = request.session.pop(KEY, (None, 0))
    return redirect("mailbox", number) if number else redirect("home")
