"""What mail clients and the service said to each other, for who wants it written down: without secrets and content."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.journal.forgetting import DIALOGUE_DAYS
from controlpanel.journal.models import Dialogue
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.changes.recording import SESSIONS
from controlpanel.mailboxes.dialogues import MOST
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox


@require_safe
def every(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RECORD_DIALOGUE)
    running = box.record_sessions and box.record_until is not None and box.record_until > timezone.now()
    kept = Dialogue.objects.filter(mailbox_id=box.pk).defer("entries").order_by("-pk")[:MOST]
    more = {"running": running, "dialogues": kept, "days": DIALOGUE_DAYS, "sessions": SESSIONS}
    return _page(request, "activity/dialogues.html", box, **more)


@require_POST
def switch(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RECORD_DIALOGUE)
    box = changes.record_dialogues(box, request.POST.get("for", ""), actor=actor_of(request))
    say(request, _("From now on it is written down.") if box.record_sessions else _("No more is written down."))
    return redirect("dialogues", box.pk)


@require_safe
def one(request: HttpRequest, mailbox: int, dialogue: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RECORD_DIALOGUE)
    kept = _kept(box, dialogue)
    return _page(request, "activity/dialogue.html", box, kept=kept, text=_text(box, kept))


@require_safe
def text(request: HttpRequest, mailbox: int, dialogue: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RECORD_DIALOGUE)
    kept = _kept(box, dialogue)
    response = HttpResponse(_text(box, kept), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="pop3-{kept.started:%Y%m%d-%H%M%S}.txt"'
    return response


def _kept(box: Mailbox, number: int) -> Dialogue:
    return get_object_or_404(Dialogue, mailbox_id=box.pk, pk=min(number, 2**63 - 1))


def _text(box: Mailbox, kept: Dialogue) -> str:
    """The dialogue with its circumstances, in UTC: for who helps, who may live elsewhere."""
    about = [kept.address or "-", kept.tls or "no TLS", kept.mechanism, kept.device, kept.ended_by]
    head = [box.address_text, f"{kept.started:%Y-%m-%d %H:%M:%S} UTC", ", ".join(filter(None, about)), ""]
    return "\n".join([*head, *(_line(kept.started, *entry) for entry in kept.entries), ""])


def _line(started: datetime, after: int, who: str, text: str) -> str:
    at = (started + timedelta(milliseconds=after)).astimezone(UTC).time().isoformat("milliseconds")
    return f"{at} {who}: {text}" if who else f"{at} {text}"


def _page(request: HttpRequest, template: str, box: Mailbox, **context: Any) -> HttpResponse:
    """In the frame of the owner, or of who runs the domain."""
    if rules.may(request.user, Act.OPEN_MAILBOX, box):
        return page(request, template, "mailbox-sessions", box=box, own=box, **context)
    return page(request, template, "domain-mailboxes", box=box, domain=box.domain, **context)
