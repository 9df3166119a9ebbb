"""An operator looks as an owner looks: nothing changes, and yet it is written down."""

from controlpanel.accounts.actor import Actor
from controlpanel.journal import record
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act, require


def look_as_owner(mailbox: Mailbox, *, actor: Actor) -> None:
    """Record that the actor begins to look; the owner sees it on their page."""
    require(actor, Act.LOOK_AS_OWNER, mailbox)
    record.activity(
        actor,
        "look_as_owner",
        domain_id=mailbox.domain_id,
        mailbox_id=mailbox.pk,
        subject=mailbox.address_text,
    )
