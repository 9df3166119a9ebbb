"""An operator looks as an owner looks: nothing changes, and yet it is written down."""

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act, require


def look_as_owner(mailbox: Mailbox, *, actor: Actor) -> None:
    """Record that the actor begins to look; the owner sees it on their page."""
    require(actor, Act.LOOK_AS_OWNER, mailbox)
    tell_of_mailbox(actor, "look_as_owner", mailbox)
