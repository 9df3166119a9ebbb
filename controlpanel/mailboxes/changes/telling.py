"""What the journal is told of a mailbox."""

from typing import Any

from controlpanel.accounts.actor import Actor
from controlpanel.journal import record
from controlpanel.mailboxes.models import Mailbox


def tell_of_mailbox(actor: Actor, act: str, mailbox: Mailbox, details: dict[str, Any] | None = None) -> None:
    """Leave a row of what the actor did to this mailbox, in the caller's transaction."""
    record.activity(
        actor,
        act,
        domain_id=mailbox.domain_id,
        mailbox_id=mailbox.pk,
        subject=mailbox.address_text,
        details=details,
    )
