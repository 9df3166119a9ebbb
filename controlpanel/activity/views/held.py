"""What is held as spam in a mailbox: seen by its owner alone, released or deleted in one click."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts.actor import Actor, actor_of
from controlpanel.activity import own_mail
from controlpanel.activity.views.messages import Line, ticked
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox
from controlpanel.mailstore import held
from controlpanel.panel import lists


@require_safe
def of_mailbox(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    around = lists.numbered(held.count(box.pk), request.GET.get("page"))
    found = held.listed(box.pk, limit=lists.ROWS, offset=around.offset)
    return page(
        request,
        "activity/held.html",
        "mailbox-removed",
        own=box,
        page=around.showing([Line(each) for each in found]),
        days=held.DAYS,
        marked=bool(settings.SPAM_HEADER or settings.SPAM_SUBADDRESS),
    )


@require_POST
def act(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Release or delete: one message by its own button, or all that are ticked."""
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    wanted, _colon, one = request.POST.get("act", "").partition(":")
    ids = ticked([one] if one else request.POST.getlist("message"))
    if not ids or wanted not in ("release", "delete"):
        say(request, _("Select messages first."))
    else:
        say(request, _done(box, wanted, ids, actor_of(request)))
    return redirect("mailbox-held", box.pk)


def _done(box: Mailbox, wanted: str, ids: list[int], actor: Actor) -> str:
    if wanted == "release":
        count = own_mail.release(box, ids, actor)
        words = ngettext(
            "%(count)d message is in the mailbox now: every mail client finds it as new.",
            "%(count)d messages are in the mailbox now: every mail client finds them as new.",
            count,
        )
    else:
        count = own_mail.drop_held(box, ids, actor)
        words = ngettext("%(count)d message is gone for good.", "%(count)d messages are gone for good.", count)
    return words % {"count": count}
