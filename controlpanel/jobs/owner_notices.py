"""Tell owners what was done to their mailbox, by a message in it."""

from collections.abc import Iterator

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel.jobs.notices import notice
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.models import Mailbox, OwnerNotice, State
from controlpanel.mailstore.delivery import Delivery, deliver

AT_ONCE = 100


def tell_owners() -> Iterator[None]:
    """Deliver what waits, then forget it: the message's unique id is the notice's, so twice is once."""
    while waiting := list(_waiting()[:AT_ONCE]):
        deliver([_delivery(each) for each in waiting if each.mailbox.state != State.DELETED])
        OwnerNotice.objects.filter(pk__in=[each.pk for each in waiting]).delete()
        yield


def _waiting() -> QuerySet[OwnerNotice]:
    return OwnerNotice.objects.select_related("mailbox__domain", "mailbox__user").order_by("pk")


def _delivery(waiting: OwnerNotice) -> Delivery:
    mailbox = waiting.mailbox
    with override(mailbox.user.language or mailbox.domain.language):
        subject = _("%(who)s opens your mailbox from now on") % {"who": shown(waiting.details["user"])}
        return notice(
            mailbox.pk, mailbox.address_text, key=f"notice-{waiting.pk}", subject=subject, text=_text(waiting, mailbox)
        )


def _text(waiting: OwnerNotice, mailbox: Mailbox) -> str:
    text = _(
        "%(by)s let %(who)s open the mailbox %(address)s beside you: to read, remove and restore its mail, and to set "
        "up mail clients for it.\n\n"
        "If you don't know why, ask whoever runs your domain. Who opens your mailbox stands on your page: %(url)s\n"
    )
    return text % {
        "by": shown(waiting.details["by"]) if waiting.details["by"] else _("Whoever runs this service"),
        "who": shown(waiting.details["user"]),
        "address": shown(mailbox.address_text),
        "url": f"{settings.PANEL_URL}/mail/{mailbox.pk}/",
    }
