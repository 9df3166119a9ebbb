"""Tell administrators by mail which mailboxes they run are past a mark, where this service can send mail.

Their pages say it in any case. Mailboxes that the same people run go into one message; it is sent again only if the
relay failed in the middle of telling those people.
"""

from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from itertools import groupby

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from controlpanel import relay
from controlpanel.accounts.models import User
from controlpanel.mailboxes import quota_warnings
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.octets import shown as octets_shown
from controlpanel.mailboxes.quota_warnings import Untold

AT_ONCE = 1000


def tell_administrators() -> Iterator[None]:
    """One step a group of people. Raises RelayFault where the relay cannot be used now: it is tried again later."""
    while relay.is_set_up() and (untold := sorted(quota_warnings.untold(AT_ONCE), key=lambda each: each.users)):
        for users, crossings in groupby(untold, key=lambda each: each.users):
            _tell(users, list(crossings))
            yield


def _tell(users: Sequence[int], crossings: Sequence[Untold]) -> None:
    for user in User.objects.filter(pk__in=users).order_by("pk"):
        try:
            relay.send(message(user, crossings), user.address)
        except relay.RelayFault as fault:
            if fault.temporary:
                raise
    quota_warnings.administrators_are_told([each.mailbox for each in crossings])


def message(user: User, crossings: Sequence[Untold]) -> EmailMessage:
    """Return the message, the fullest mailbox first."""
    made = EmailMessage()
    with override(user.language or settings.LANGUAGE_CODE):
        number = len(crossings)
        made["Subject"] = ngettext(
            "%(number)d mailbox is nearly full", "%(number)d mailboxes are nearly full", number
        ) % {"number": number}
        fullest = sorted(crossings, key=lambda each: (-each.mark, each.address))
        made.set_content(
            "\n".join([*map(_line, fullest), "", f"{settings.PANEL_URL}{reverse('mailboxes')}?show=full", ""])
        )
    return made


def _line(crossing: Untold) -> str:
    return _("%(address)s is past %(mark)d %%: %(used)s of %(quota)s") % {
        "address": shown(crossing.address),
        "mark": crossing.mark,
        "used": octets_shown(crossing.octets),
        "quota": octets_shown(crossing.quota or 0),
    }
