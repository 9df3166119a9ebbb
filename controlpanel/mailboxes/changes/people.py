"""Who signs in: operators, administrators, passwords, invitations, second factors, preferences."""

from typing import TypedDict, Unpack

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Domain


class Preferences(TypedDict, total=False):
    """What a User sets for themselves."""

    name: str
    language: str
    theme: str
    time_zone: str


def create_operator(address: str, *, actor: Actor, password: str | None = None, name: str = "") -> User:
    """Make an operator. Refused: address (somebody signs in with it already), password."""
    raise NotImplementedError


def appoint_administrator(
    domain: Domain, address: str, *, actor: Actor, name: str = "", password: str | None = None
) -> User:
    """Let who signs in as `address` run the domain; who is unknown becomes a User, without a password if none is given.

    `name` and `password` are for a new User only. Refused: address, password.
    """
    raise NotImplementedError


def dismiss_administrator(domain: Domain, user: User, *, actor: Actor) -> None:
    """End it; the User stays."""
    raise NotImplementedError


def set_password(user: User, password: str, *, actor: Actor, keep_session: str | None = None) -> User:
    """Set a password, one's own or of a User whom the actor rules, and end that User's other sessions in the panel.

    `keep_session` is the session key that goes on, for who changes their own. Refused: password.
    """
    raise NotImplementedError


def invite(user: User, *, actor: Actor) -> str:
    """Return the token of a link that sets this User's password, once, within seven days."""
    raise NotImplementedError


def reset_second_factor(user: User, *, actor: Actor) -> bool:
    """Take away every second factor of `user` and end their sessions; return whether there was one."""
    raise NotImplementedError


def change_preferences(user: User, *, actor: Actor, **preferences: Unpack[Preferences]) -> User:
    """Set what is named, for oneself. Refused: the preference's own name."""
    raise NotImplementedError
