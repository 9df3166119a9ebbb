"""Aliases: an address that hands its mail on to mailboxes here and to addresses elsewhere.

A target in one of our domains is a mailbox, never another alias: so no chain of ours can close into a loop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from controlpanel import relay
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical_or_none, elsewhere, shown
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes.addresses import CATCH_ALL, new_alias_local
from controlpanel.mailboxes.changes.forwarding import refuse_circle
from controlpanel.mailboxes.changes.mailboxes import taken
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.rooms import lock_domain
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act, require

MOST_TARGETS = 100


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alias hands mail on: a mailbox here, or an address elsewhere."""

    text: str
    mailbox: Mailbox | None = None

    def row(self, address: Address) -> Alias:
        return Alias(address=address, mailbox=self.mailbox, outside="" if self.mailbox else self.text)


def create_alias(domain: Domain, local: str, targets: Sequence[str], *, actor: Actor) -> Address:
    """Make an alias; `*` is the domain's catch-all. Each target is an address. Refused: local, targets."""
    require(actor, Act.CHANGE_ALIASES, domain)
    with said_of("local"):
        local = new_alias_local(local)
    with change(taken("local")):
        domain = lock_domain(domain)
        if domain.state == State.DELETED:
            raise ChangeRefused("", _("This domain is deleted. Undo that first."))
        own = f"{local}@{domain.name}"
        if local != CATCH_ALL and User.objects.filter(address=own).exists():
            raise ChangeRefused("local", _("Somebody signs in with this address already."))
        found = _targets(targets, own)
        _refuse_circles(found, own)
        address = Address.objects.create(domain=domain, local=local)
        Alias.objects.bulk_create(target.row(address) for target in found)
        _tell(actor, "create_alias", address, {"targets": [target.text for target in found]})
    return address


def change_alias(address: Address, targets: Sequence[str], *, actor: Actor) -> Address:
    """Put `targets` in the place of the alias's present ones. Refused: targets."""
    require(actor, Act.CHANGE_ALIASES, address.domain)
    with change():
        lock_domain(address.domain)
        address = _locked(address)
        before = sorted(_written(alias) for alias in address.aliases.select_related("mailbox"))
        found = _targets(targets, str(address))
        _refuse_circles(found, str(address))
        after = [target.text for target in found]
        if sorted(after) != before:
            address.aliases.all().delete()
            Alias.objects.bulk_create(target.row(address) for target in found)
            _tell(actor, "change_alias", address, {"targets": [before, after]})
    return address


def delete_alias(address: Address, *, actor: Actor) -> None:
    """Take the alias away; its address is free."""
    require(actor, Act.CHANGE_ALIASES, address.domain)
    with change():
        lock_domain(address.domain)
        address = _locked(address)
        targets = [_written(alias) for alias in address.aliases.select_related("mailbox")]
        _tell(actor, "delete_alias", address, {"targets": targets})
        address.aliases.all().delete()
        address.delete()


def _locked(address: Address) -> Address:
    """Return the alias's address, locked. A mailbox's own address is no alias."""
    locked = Address.objects.select_related("domain").select_for_update(no_key=True, of=("self",)).get(pk=address.pk)
    if Mailbox.objects.filter(address=locked).exists():
        raise ChangeRefused("", _("This address is a mailbox, not an alias."))
    return locked


def _written(alias: Alias) -> str:
    return alias.mailbox.address_text if alias.mailbox else alias.outside


def _targets(texts: Iterable[str], own: str) -> list[Target]:
    with said_of("targets"):
        spelled = dict.fromkeys(elsewhere(text) for text in texts if text.strip())
    found = list({target.text: target for target in map(_target, spelled)}.values())
    if not found:
        raise ChangeRefused("targets", _("Name at least one address that mail goes to."))
    if len(found) > MOST_TARGETS:
        raise ChangeRefused("targets", _("An alias has at most 100 targets."))
    if own in {target.text for target in found}:
        raise ChangeRefused("targets", _("An alias does not hand mail to itself."))
    return found


def _refuse_circles(found: Iterable[Target], own: str) -> None:
    """A mailbox may forward its mail: to this alias it shall not come back."""
    for target in found:
        refuse_circle(target.text, own)


def _target(address: str) -> Target:
    domain = Domain.objects.filter(name=address.rpartition("@")[2]).exclude(state=State.DELETED).first()
    if domain is None:
        return _outside(address)
    here = canonical_or_none(address) or ""
    mailbox = Mailbox.objects.filter(address_text=here).exclude(state=State.DELETED).first()
    if mailbox is not None:
        return Target(here, mailbox)
    if Address.objects.filter(domain=domain, local=here.rpartition("@")[0]).exists():
        sentence = _("%(address)s is an alias itself. Name the mailboxes behind it.")
    else:
        sentence = _("There is no mailbox %(address)s.")
    raise ChangeRefused("targets", sentence % {"address": shown(here or address)})


def _outside(address: str) -> Target:
    if not relay.is_set_up():
        raise ChangeRefused(
            "targets",
            _("%(address)s is elsewhere, and this service sends no mail out: RELAY_URL is not set.")
            % {"address": shown(address)},
        )
    return Target(address)


def _tell(actor: Actor, act: str, address: Address, details: dict[str, object]) -> None:
    record.activity(actor, act, domain_id=address.domain_id, subject=str(address), details=details)
