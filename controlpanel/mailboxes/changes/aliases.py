"""Aliases: an address that hands its mail on to mailboxes here and to addresses elsewhere."""

from collections.abc import Sequence

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.models import Address, Domain


def create_alias(domain: Domain, local: str, targets: Sequence[str], *, actor: Actor) -> Address:
    """Make an alias; `*` is the domain's catch-all. Each target is an address. Refused: local, targets."""
    raise NotImplementedError


def change_alias(address: Address, targets: Sequence[str], *, actor: Actor) -> Address:
    """Put `targets` in the place of the alias's present ones. Refused: targets."""
    raise NotImplementedError


def delete_alias(address: Address, *, actor: Actor) -> None:
    """Take the alias away; its address is free."""
    raise NotImplementedError
