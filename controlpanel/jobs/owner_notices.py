"""Tell owners what was done to their mailbox, by a message in it."""

from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel.jobs.notices import notice
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.models import Mailbox, OwnerNotice, State
from controlpanel.mailstore.delivery import Delivery, deliver

AT_ONCE = 100

Words = tuple[str, str]  # subject and text


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
        subject, text = WORDS[OwnerNotice.About(waiting.about)](waiting, mailbox)
        return notice(mailbox.pk, mailbox.address_text, key=f"notice-{waiting.pk}", subject=subject, text=text)


def _access(waiting: OwnerNotice, mailbox: Mailbox) -> Words:
    subject = _("%(who)s opens your mailbox from now on") % {"who": shown(waiting.details["user"])}
    text = _(
        "%(by)s let %(who)s open the mailbox %(address)s beside you: to read, remove and restore its mail, and to set "
        "up mail clients for it.\n\n"
        "If you don't know why, ask whoever runs your domain. Who opens your mailbox stands on your page: %(url)s\n"
    )
    return subject, text % {
        "by": _by(waiting),
        "who": shown(waiting.details["user"]),
        "address": shown(mailbox.address_text),
        "url": f"{settings.PANEL_URL}/mail/{mailbox.pk}/",
    }


def _hand_over(waiting: OwnerNotice, mailbox: Mailbox) -> Words:
    taken = shown(waiting.details["address"])
    text = _("%(by)s handed %(taken)s over to you: mail to that address arrives in %(address)s from now on.\n")
    subject = _("Mail to %(address)s arrives here from now on") % {"address": taken}
    return subject, text % {"by": _by(waiting), "taken": taken, "address": shown(mailbox.address_text)}


def _forwarding(waiting: OwnerNotice, mailbox: Mailbox) -> Words:
    targets = ", ".join(map(shown, waiting.details["targets"]))
    text = _(
        "%(by)s has mail for %(address)s sent on to %(targets)s from now on.\n\n"
        "If you don't know why, ask whoever runs your domain. You can end it on your page: %(url)s\n"
    )
    subject = _("Your mail is sent on to %(targets)s from now on") % {"targets": targets}
    return subject, text % {
        "by": _by(waiting),
        "address": shown(mailbox.address_text),
        "targets": targets,
        "url": f"{settings.PANEL_URL}/mail/{mailbox.pk}/forwarding/",
    }


def _by(waiting: OwnerNotice) -> str:
    return shown(waiting.details["by"]) if waiting.details["by"] else _("Whoever runs this service")


WORDS: dict[OwnerNotice.About, Callable[[OwnerNotice, Mailbox], Words]] = {
    OwnerNotice.About.ACCESS: _access,
    OwnerNotice.About.HAND_OVER: _hand_over,
    OwnerNotice.About.FORWARDING: _forwarding,
}
