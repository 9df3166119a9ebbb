"""Where a mailbox sends its mail on to, with a copy kept or not: its owner's choice, or who rules it."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from controlpanel import relay
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical_or_none, elsewhere, shown
from controlpanel.mailboxes import circles
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Domain, Mailbox, OwnerNotice
from controlpanel.mailboxes.rules import Act, require

MOST_TARGETS = 5


def choose_forwarding(mailbox: Mailbox, targets: Sequence[str], *, keep: bool, actor: Actor) -> Mailbox:
    """Send mail on to `targets`, none for nowhere; `keep`: a copy stays here. Refused: targets.

    Whoever's mail somebody else sends on is told so in the mailbox.
    """
    require(actor, Act.CHANGE_FORWARDING, mailbox)
    with change():
        domain, mailbox = lock(mailbox)
        found = can_be(targets, domain, mailbox.address_text)
        keep = keep or not found
        before = mailbox.forward_to, mailbox.forward_keep
        if before != (found, keep):
            mailbox.forward_to, mailbox.forward_keep = found, keep
            mailbox.save(update_fields=["forward_to", "forward_keep"])
            _tell(mailbox, before[0], actor)
    return mailbox


def can_be(targets: Iterable[str], domain: Domain, own: str) -> list[str]:
    """Return where the mailbox `own` of the domain may send its mail on to. Refused: targets."""
    with said_of("targets"):
        found = list(dict.fromkeys(elsewhere(text) for text in targets if text.strip()))
    if not found:
        return []
    if not relay.is_set_up():
        raise ChangeRefused("targets", _("This service sends no mail out: RELAY_URL is not set."))
    if not domain.forwarding:
        raise ChangeRefused("targets", _("In this domain mail is not forwarded."))
    if len(found) > MOST_TARGETS:
        raise ChangeRefused("targets", _("Mail is forwarded to 5 addresses at most."))
    for address in found:
        if canonical_or_none(address) == own:
            raise ChangeRefused("targets", _("A mailbox does not forward mail to itself."))
        refuse_circle(address, own)
    return found


def refuse_circle(address: str, own: str) -> None:
    """Raise ChangeRefused where mail that `own` hands on to `address` would come back."""
    if circles.leads_to([address], own):
        sentence = _("%(address)s sends its mail here: it would go round in a circle.")
        raise ChangeRefused("targets", sentence % {"address": shown(address)})


def _tell(mailbox: Mailbox, before: list[str], actor: Actor) -> None:
    tell_of_mailbox(
        actor, "change_forwarding", mailbox, {"targets": [before, mailbox.forward_to], "copy": mailbox.forward_keep}
    )
    if mailbox.forward_to and (actor.user is None or actor.user.pk != mailbox.user_id):
        told = {"targets": mailbox.forward_to, "by": actor.user.address if actor.user else ""}
        OwnerNotice.objects.create(mailbox=mailbox, about=OwnerNotice.About.FORWARDING, details=told)
