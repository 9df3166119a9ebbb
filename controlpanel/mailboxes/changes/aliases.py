"""Aliases: an address that hands its mail on to mailboxes here and to addresses elsewhere. Which: alias_targets.py."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes.addresses import CATCH_ALL, new_alias_local
from controlpanel.mailboxes.changes.alias_targets import present, read_targets
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.rooms import lock_domain, must_have_addresses
from controlpanel.mailboxes.changes.taken import taken
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox
from controlpanel.mailboxes.rules import Act, require


def create_alias(domain: Domain, local: str, targets: Sequence[str], *, actor: Actor, send_as: bool = False) -> Address:
    """Make an alias; `*` is the domain's catch-all. Each target is an address. Refused: local, targets.

    `send_as`: whether each of its mailboxes may send with this address; one that has it alone always may.
    """
    require(actor, Act.CHANGE_ALIASES, domain)
    with said_of("local"):
        local = new_alias_local(local, domain.separator)
    with change(taken("local", domain, local)):
        domain = lock_domain(domain)
        must_have_addresses(domain)
        if local != CATCH_ALL and User.objects.filter(address=f"{local}@{domain.name}").exists():
            _refuse_sign_in(domain, local)
        found = read_targets(targets, domain, local, actor, {})
        address = Address.objects.create(domain=domain, local=local, send_as=send_as)
        Alias.objects.bulk_create(target.row(address) for target in found)
        details: dict[str, object] = {"targets": [target.text for target in found]}
        _tell(actor, "create_alias", address, details | ({"send_as": True} if send_as else {}))
    return address


def _refuse_sign_in(domain: Domain, local: str) -> None:
    """Say what has an address with which somebody signs in: most often their mailbox."""
    if Address.objects.filter(domain=domain, local=local).exists():
        field, sentence = taken("local", domain, local)["address_taken"]
        raise ChangeRefused(field, sentence() if callable(sentence) else sentence)
    raise ChangeRefused("local", _("Somebody signs in with this address already."))


def change_alias(address: Address, targets: Sequence[str], *, actor: Actor, send_as: bool | None = None) -> Address:
    """Put `targets` in the place of the alias's present ones, and `send_as` if it is given. Refused: targets."""
    require(actor, Act.CHANGE_ALIASES, address.domain)
    with change():
        domain = lock_domain(address.domain)
        address = _locked(address)
        kept = present(address)
        found = read_targets(targets, domain, address.local, actor, kept)
        details: dict[str, object] = {}
        after = [target.text for target in found]
        if sorted(after) != sorted(kept):
            address.aliases.all().delete()
            Alias.objects.bulk_create(target.row(address) for target in found)
            details["targets"] = [sorted(kept), after]
        if send_as not in (None, address.send_as):
            details["send_as"] = [address.send_as, send_as]
            Address.objects.filter(pk=address.pk).update(send_as=send_as)
        if details:
            _tell(actor, "change_alias", address, details)
    return address


def delete_alias(address: Address, *, actor: Actor) -> None:
    """Take the alias away; its address is free. Refused: "" (the catch-all leads to it)."""
    require(actor, Act.CHANGE_ALIASES, address.domain)
    with change():
        lock_domain(address.domain)
        address = _locked(address)
        if address.caught.exists():
            raise ChangeRefused(
                "", _("What has no address of its own goes to this alias. Choose another catch-all first.")
            )
        _tell(actor, "delete_alias", address, {"targets": sorted(present(address))})
        address.aliases.all().delete()
        address.delete()


def set_catch_all(domain: Domain, to: str, *, actor: Actor) -> None:
    """Let what has no address of its own in the domain go to the mailbox or alias `to`; empty: let it be refused.

    Refused: targets.
    """
    there = Address.objects.filter(domain=domain, local=CATCH_ALL).first()
    if not to.strip():
        require(actor, Act.CHANGE_ALIASES, domain)
        if there is not None:
            delete_alias(there, actor=actor)
    elif there is None:
        create_alias(domain, CATCH_ALL, [to], actor=actor)
    else:
        change_alias(there, [to], actor=actor)


def _locked(address: Address) -> Address:
    """Return the alias's address, locked. A mailbox's own address is no alias."""
    locked = Address.objects.select_related("domain").select_for_update(no_key=True, of=("self",)).get(pk=address.pk)
    if Mailbox.objects.filter(address=locked).exists():
        raise ChangeRefused("", _("This address is a mailbox, not an alias."))
    return locked


def _tell(actor: Actor, act: str, address: Address, details: dict[str, object]) -> None:
    record.activity(actor, act, domain_id=address.domain_id, subject=str(address), details=details)
