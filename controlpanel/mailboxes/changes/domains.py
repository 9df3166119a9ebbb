"""Domains: made, limited, given policies, suspended, closed, deleted."""

from typing import TypedDict, Unpack

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.models import Domain


class DomainSettings(TypedDict, total=False):
    """What may be set on a domain. The first three are limits: an operator's."""

    limit_mailboxes: int | None
    limit_octets: int | None
    largest_quota: int | None
    default_quota: int
    language: str
    time_zone: str
    restore_days: int
    over_quota: str
    exclusive_lock: bool
    login_delay: int
    expire_days: int | None
    expire_unfetched: bool
    pop3_enabled: bool
    device_passwords_only: bool


def create_domain(name: str, *, actor: Actor, **settings: Unpack[DomainSettings]) -> Domain:
    """Make a domain; `name` as people write it. Refused: name."""
    raise NotImplementedError


def change_domain(domain: Domain, *, actor: Actor, **settings: Unpack[DomainSettings]) -> Domain:
    """Change what is named in `settings` and nothing else. Refused: the setting's own name."""
    raise NotImplementedError


def suspend_domain(domain: Domain, *, actor: Actor, reason: str = "") -> Domain:
    """Nobody signs in to its mailboxes; mail still arrives."""
    raise NotImplementedError


def close_domain(domain: Domain, *, actor: Actor, reason: str = "") -> Domain:
    """Nobody signs in, and mail is refused."""
    raise NotImplementedError


def reopen_domain(domain: Domain, *, actor: Actor) -> Domain:
    """End a suspension or a closure."""
    raise NotImplementedError


def delete_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Mark the domain deleted; retention removes mail and mailboxes after the days of grace."""
    raise NotImplementedError


def undelete_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Take the mark away: the domain is as it was before it was deleted."""
    raise NotImplementedError
