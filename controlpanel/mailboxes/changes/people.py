"""Who runs the service and its domains, and what everybody sets for themselves."""

from collections.abc import Callable
from typing import Any, TypedDict, Unpack
from zoneinfo import available_timezones

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes.changes.mailboxes import NAME_LENGTH
from controlpanel.mailboxes.changes.passwords_set import hash_of_new
from controlpanel.mailboxes.changes.refused import ChangeRefused, Sentence, change, said_of, text
from controlpanel.mailboxes.changes.voiding import void_sign_in
from controlpanel.mailboxes.models import Address, Domain, Mailbox
from controlpanel.mailboxes.rules import Act, require

SIGNS_IN: tuple[str, Sentence] = ("address", gettext_lazy("Somebody signs in with this address already."))


class Preferences(TypedDict, total=False):
    """What a User sets for themselves."""

    name: str
    language: str
    theme: str
    time_zone: str


def create_operator(address: str, *, actor: Actor, password: str | None = None, name: str = "") -> User:
    """Make an operator. Refused: address (somebody signs in with it already), password."""
    require(actor, Act.RUN_SERVICE)
    with said_of("address"):
        address = canonical(address)
    user = _unsaved(address, password, name)
    user.is_operator = True
    with change({"user_address_taken": SIGNS_IN}):
        _lock_domains(address)
        _save_new(user)
        record.activity(actor, "create_operator", subject=address)
    return user


def appoint_operator(user: User, *, actor: Actor) -> User:
    """Make an operator of somebody who signs in already, with nothing of what they signed in with until now."""
    require(actor, Act.RUN_SERVICE)
    with change():
        user = lock_user(user)
        if not user.is_operator:
            void_sign_in(user)
            user.is_operator = True
            user.save(update_fields=["is_operator"])
            record.activity(actor, "appoint_operator", subject=user.address)
    return user


def dismiss_operator(user: User, *, actor: Actor) -> User:
    """End it; the User stays. Refused: "" (the last operator stays)."""
    require(actor, Act.RUN_SERVICE)
    with change():
        operators = User.objects.filter(is_operator=True, is_active=True).order_by("pk").select_for_update(no_key=True)
        if not [other for other in operators if other.pk != user.pk]:
            raise ChangeRefused("", _("This is the last operator. Appoint another one first."))
        user = lock_user(user)
        if user.is_operator:
            user.is_operator = False
            user.save(update_fields=["is_operator"])
            record.activity(actor, "dismiss_operator", subject=user.address)
    return user


def appoint_administrator(
    domain: Domain, address: str, *, actor: Actor, name: str = "", password: str | None = None
) -> User:
    """Let who signs in as `address` run the domain; who is unknown becomes a User, without a password if none is given.

    `name` and `password` are for a new User only. Who is known, and no operator, loses what they signed in with: an
    invitation lets them choose a password for their wider rights. Refused: address, password.
    """
    require(actor, Act.LIMIT_DOMAIN, domain)
    with said_of("address"):
        address = canonical(address)
    known = User.objects.filter(address=address).exists()
    new = None if known else _unsaved(address, password, name)
    with change({"user_address_taken": SIGNS_IN}):
        _lock_domains(address, domain.pk)
        user = _save_new(new) if new else User.objects.select_for_update(no_key=True).get(address=address)
        if not domain.administrators.filter(pk=user.pk).exists():
            if not new and not user.is_operator:
                void_sign_in(user)
            domain.administrators.add(user)
            record.activity(actor, "appoint_administrator", domain_id=domain.pk, subject=address)
    return user


def dismiss_administrator(domain: Domain, user: User, *, actor: Actor) -> None:
    """End it; the User stays."""
    require(actor, Act.LIMIT_DOMAIN, domain)
    with change():
        if domain.administrators.filter(pk=user.pk).exists():
            domain.administrators.remove(user)
            record.activity(actor, "dismiss_administrator", domain_id=domain.pk, subject=user.address)


def change_preferences(user: User, *, actor: Actor, **preferences: Unpack[Preferences]) -> User:
    """Set what is named, for oneself. Refused: the preference's own name."""
    require(actor, Act.CHANGE_OWN, user)
    wanted: dict[str, Any] = {**preferences}
    if "name" in preferences:
        wanted["name"] = text("name", preferences["name"], NAME_LENGTH)
    for name, value in wanted.items():
        if name in _CHOICES and not _CHOICES[name](value):
            raise ChangeRefused(name, _("This value cannot be chosen."))
    with change():
        user = lock_user(user)
        differing = {name: value for name, value in wanted.items() if value != getattr(user, name)}
        for name, value in differing.items():
            setattr(user, name, value)
        if differing:
            user.save(update_fields=list(differing))
            record.activity(actor, "change_preferences", subject=user.address, details=differing)
        if "name" in differing:
            Mailbox.objects.filter(user=user).update(name=user.name)
    return user


_CHOICES: dict[str, Callable[[str], bool]] = {
    "language": lambda value: value == "" or value in dict(settings.LANGUAGES),
    "theme": lambda value: value in User.Theme.values,
    "time_zone": lambda value: value == "" or value in available_timezones(),
}


def lock_user(user: User) -> User:
    """Return the User's row as it is now, locked."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _unsaved(address: str, password: str | None, name: str) -> User:
    stored = hash_of_new(password, address, name)
    name = text("name", name, NAME_LENGTH)
    return User(address=address, name=name, password=stored, password_changed=timezone.now())


def _save_new(user: User) -> User:
    """Save a User who has no mailbox. An alias at their address would let others read what is sent to them."""
    local, _at, domain = user.address.rpartition("@")
    if Address.objects.filter(domain__name=domain, local=local).exists():
        raise ChangeRefused("address", _("This address is taken."))
    if Domain.objects.filter(name=domain, alias_of__isnull=False).exists():
        raise ChangeRefused("address", _("This domain is an alias of another: nobody signs in with its addresses."))
    user.save()
    return user


def _lock_domains(address: str, *numbers: int) -> None:
    """Lock these domains and the one of the address, if it is ours: no alias is made at the address meanwhile."""
    name = address.rpartition("@")[2]
    domains = Domain.objects.filter(pk__in=numbers) | Domain.objects.filter(name=name)
    list(domains.order_by("pk").select_for_update(no_key=True))
