"""Access: a further mailbox that somebody opens beside their own."""

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.models import Access, Mailbox


def grant_access(mailbox: Mailbox, address: str, *, actor: Actor) -> Access:
    """Let who signs in as `address` open the mailbox. Nobody grants it to themselves. Refused: address."""
    raise NotImplementedError


def revoke_access(access: Access, *, actor: Actor) -> None:
    """Take it away again, with the device passwords that who had it made."""
    raise NotImplementedError
