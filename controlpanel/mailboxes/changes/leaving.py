"""What mail clients are asked to do with fetched mail: leave it here, for ever or some days, or remove it."""

from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import ChangeRefused, change
from controlpanel.mailboxes.changes.rooms import Default
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act, require

LONGEST_DAYS = 3650


def choose_leaving(mailbox: Mailbox, days: int | Default | None, *, actor: Actor) -> Mailbox:
    """Choose for one mailbox: days, None for ever, 0 not at all, DEFAULT as the domain has it. Refused: leave_days."""
    require(actor, Act.SET_UP_MAILBOX, mailbox)
    own = not isinstance(days, Default)
    kept = days if not isinstance(days, Default) else None
    if not leaving_can_be(kept):
        raise ChangeRefused("leave_days", _("Choose a number of days from 0 to 3650."))
    with change():
        _domain, mailbox = lock(mailbox)
        if (mailbox.leave_own, mailbox.leave_days) != (own, kept):
            mailbox.leave_own, mailbox.leave_days = own, kept
            mailbox.save(update_fields=["leave_own", "leave_days"])
            tell_of_mailbox(actor, "choose_leaving", mailbox, {"own": own, "days": kept})
    return mailbox


def leaving_can_be(days: int | None) -> bool:
    return days is None or 0 <= days <= LONGEST_DAYS
