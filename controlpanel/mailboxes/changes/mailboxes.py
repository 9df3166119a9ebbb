"""Mailboxes: made, changed, renamed, suspended, closed, deleted."""

from typing import TypedDict, Unpack

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.rooms import DEFAULT, Quota
from controlpanel.mailboxes.models import Domain, Mailbox


class MailboxSettings(TypedDict, total=False):
    """What may be set on a mailbox."""

    name: str
    quota: Quota
    removed_cap: int | None
    note: str
    pop3_enabled: bool


def create_mailbox(
    domain: Domain,
    local: str,
    *,
    actor: Actor,
    name: str = "",
    quota: Quota = DEFAULT,
    password: str | None = None,
    password_hash: str | None = None,
    note: str = "",
) -> Mailbox:
    """Make a mailbox, its User, its address and its usage row.

    With `password`, or with `password_hash` as another server wrote it; with neither, an invitation comes first.
    Refused: local, quota, password, password_hash, name, note, or "" (the domain is full, or not open).
    """
    raise NotImplementedError


def change_mailbox(mailbox: Mailbox, *, actor: Actor, **settings: Unpack[MailboxSettings]) -> Mailbox:
    """Change what is named in `settings` and nothing else. Refused: the setting's own name."""
    raise NotImplementedError


def suspend_mailbox(mailbox: Mailbox, *, actor: Actor, reason: str = "") -> Mailbox:
    """Its owner does not sign in (and reads the reason); mail still arrives."""
    raise NotImplementedError


def close_mailbox(mailbox: Mailbox, *, actor: Actor, reason: str = "") -> Mailbox:
    """Its owner does not sign in, and mail is refused."""
    raise NotImplementedError


def reopen_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """End a suspension or a closure."""
    raise NotImplementedError


def delete_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """Mark the mailbox deleted: no sign-in, no mail; its address stays taken until retention removes it all."""
    raise NotImplementedError


def undelete_mailbox(mailbox: Mailbox, *, actor: Actor) -> Mailbox:
    """Take the mark away: the mailbox is as it was before it was deleted. Refused: "" (no room any more)."""
    raise NotImplementedError


def rename_mailbox(mailbox: Mailbox, address: str, *, actor: Actor, keep_alias: bool = False) -> Mailbox:
    """Give the mailbox another address, here or in another domain of the actor's: mail and unique ids stay as they are.

    The old address becomes free, or an alias of the mailbox. Refused: address.
    """
    raise NotImplementedError
