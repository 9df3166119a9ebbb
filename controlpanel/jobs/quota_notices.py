"""Tell the owners, in their language, that their mailbox is past a mark: by a message in it, also when it is full."""

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from controlpanel.jobs.notices import notice
from controlpanel.mailboxes import quota_warnings
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.models import OverQuota
from controlpanel.mailboxes.octets import shown as octets_shown
from controlpanel.mailboxes.quota_warnings import Crossing
from controlpanel.mailstore.delivery import Delivery, deliver

AT_ONCE = 50

WHEN_FULL: dict[str, Promise] = {
    OverQuota.DEFER: gettext_lazy("When it is full, new mail waits with its senders until there is room."),
    OverQuota.REFUSE: gettext_lazy("When it is full, new mail goes back to its senders."),
    OverQuota.DEFER_A_DAY: gettext_lazy(
        "When it is full, new mail waits with its senders for a day, and then goes back to them."
    ),
}


def warn() -> Iterator[None]:
    """Look who passed a mark since the last time, and tell the owners."""
    quota_warnings.forget_crossings()
    more = True
    while more:
        more = quota_warnings.note_crossings()
        yield
    while crossings := quota_warnings.owners_to_tell(AT_ONCE):
        deliver([warning(crossing) for crossing in crossings])
        quota_warnings.owners_are_told(crossings)
        yield


def warning(crossing: Crossing) -> Delivery:
    """Return the message of one crossing; delivered a second time it is there already."""
    with override(crossing.language):
        return notice(
            crossing.mailbox,
            crossing.address,
            key=f"quota-{crossing.mark}-{crossing.stamp}",
            subject=_subject(crossing),
            text=_text(crossing),
        )


def _subject(crossing: Crossing) -> str:
    if crossing.quota is not None and crossing.octets >= crossing.quota:
        return _("Your mailbox is full")
    return _("Your mailbox is %(mark)d %% full") % {"mark": crossing.mark}


def _text(crossing: Crossing) -> str:
    text = _(
        "%(address)s holds %(used)s of %(quota)s.\n\n"
        "%(when_full)s\n\n"
        "What to do: let your mail client remove from the server what it has fetched, or remove large messages "
        "yourself at %(url)s. Whoever looks after your mailbox can give it more space.\n"
    )
    return text % {
        "address": shown(crossing.address),
        "used": octets_shown(crossing.octets),
        "quota": octets_shown(crossing.quota or 0),
        "when_full": WHEN_FULL[crossing.answer],
        "url": f"{settings.PANEL_URL}{reverse('mailbox-home', args=[crossing.mailbox])}?show=largest",
    }
