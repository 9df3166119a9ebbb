"""A mailbox as its owner sees it: what waits, what was removed, and what can be done with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts.actor import Actor, actor_of
from controlpanel.activity import own_mail
from controlpanel.clientsetup.description import service_for
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.octets import shown
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.growth import usage_chart
from controlpanel.mailboxes.views.standing import looked_at, page, say, the_mailbox
from controlpanel.mailstore import headers, overview, tracing
from controlpanel.mailstore.held import HeldMessage
from controlpanel.panel import lists

ORDERS = (
    ("", gettext_lazy("Newest first")),
    ("oldest", gettext_lazy("Oldest first")),
    ("largest", gettext_lazy("Largest first")),
)
LOOKS_SHOWN = timedelta(days=30)
Found = overview.Waiting | tracing.Arrived | HeldMessage


@dataclass(frozen=True, slots=True)
class Line:
    """A message in a list: the header fields for people, and who fetched it."""

    message: Found
    fetched: Sequence[overview.FetchedBy] = ()

    @property
    def sender(self) -> str:
        """The name of the From field, else what stands there, else the envelope's sender."""
        written = headers.decoded(self.message.from_header)
        name, _bracket, _address = written.partition("<")
        return name.strip().strip('"') or written or self.message.sender

    @property
    def author(self) -> str:
        """The From field whole: a name may pretend to be an address."""
        return headers.decoded(self.message.from_header)

    @property
    def subject(self) -> str:
        return headers.decoded(self.message.subject)


@require_safe
def home(request: HttpRequest, mailbox: int) -> HttpResponse:
    if (looked := looked_at(request, mailbox)) is not None:
        return page(request, "activity/home.html", "mailbox-home", **_around(looked))
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    asked = request.GET.get("show", "")
    order: overview.Order = asked if asked in get_args(overview.Order) else "newest"  # type: ignore[assignment]
    around = lists.numbered(box.usage.messages, request.GET.get("page"))
    found = overview.waiting(box.pk, order=order, limit=lists.ROWS, offset=around.offset)
    fetched = overview.fetched_by([message.id for message in found])
    return page(
        request,
        "activity/home.html",
        "mailbox-home",
        page=around.showing([Line(message, fetched.get(message.id, ())) for message in found]),
        orders=ORDERS,
        chosen="" if order == "newest" else order,
        **_around(box),
    )


def _around(box: Mailbox) -> dict[str, Any]:
    """What stands beside the mail, and is there for an operator who looks too."""
    since = timezone.now() - LOOKS_SHOWN
    looks = Activity.objects.filter(mailbox_id=box.pk, act="look_as_owner", at__gt=since)
    return {
        "own": box,
        "sessions": overview.live_sessions(box.pk),
        "service": service_for(box),
        "chart": usage_chart(box),
        "accesses": box.accesses.select_related("user").order_by("user__address"),
        "looked": looks.order_by("-pk").first(),
    }


@require_safe
def removed(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    around = lists.numbered(box.usage.removed_messages, request.GET.get("page"))
    found = overview.removed_messages(box.pk, limit=lists.ROWS, offset=around.offset)
    return page(
        request,
        "activity/removed.html",
        "mailbox-removed",
        own=box,
        page=around.showing([Line(each) for each in found]),
    )


@require_POST
def act(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Do with the ticked messages what the pressed button says."""
    box = the_mailbox(request, mailbox, Act.OPEN_MAILBOX)
    ids = ticked(request.POST.getlist("message"))
    wanted = request.POST.get("act", "")
    if not ids or wanted not in ACTS:
        say(request, _("Select messages first."))
    else:
        say(request, ACTS[wanted](box, ids, actor_of(request)))
    return redirect("mailbox-home" if wanted == "remove" else "mailbox-removed", box.pk)


def ticked(numbers: Sequence[str]) -> list[int]:
    """Return which messages of one page a form names."""
    return [int(number) for number in numbers[: lists.ROWS] if _is_number(number)]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _remove(box: Mailbox, ids: list[int], actor: Actor) -> str:
    count = own_mail.remove(box, ids, actor)
    gone = ngettext("%(count)d message is removed.", "%(count)d messages are removed.", count) % {"count": count}
    if not box.domain.restore_days:
        return gone
    return gone + " " + _("Under Removed they can be restored.")


def _restore(box: Mailbox, ids: list[int], actor: Actor) -> str:
    back = own_mail.restore(box, ids, actor)
    words = ngettext(
        "%(count)d message (%(octets)s) is back: every mail client finds it as new.",
        "%(count)d messages (%(octets)s) are back: every mail client finds them as new.",
        back.messages,
    ) % {"count": back.messages, "octets": shown(back.octets)}
    if not back.over_quota:
        return words
    return words + " " + _("The mailbox now holds more than its space: new mail waits until there is room.")


def _delete(box: Mailbox, ids: list[int], actor: Actor) -> str:
    count = own_mail.delete_for_good(box, ids, actor)
    return ngettext("%(count)d message is gone for good.", "%(count)d messages are gone for good.", count) % {
        "count": count
    }


ACTS: dict[str, Callable[[Mailbox, list[int], Actor], str]] = {
    "remove": _remove,
    "restore": _restore,
    "delete": _delete,
}
