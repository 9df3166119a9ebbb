"""Where an alias may hand mail on: read from what was typed, for who typed it.

A target in a domain that the actor runs is a mailbox, never another alias: so no chain of ours can close into a loop.
An address in a domain that they do not run is elsewhere to them, whether it is here or not: nothing tells which. The
catch-all of a domain may lead to one of its aliases, behind which no further alias stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from controlpanel import relay
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical_or_none, elsewhere, shown
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.addresses import CATCH_ALL
from controlpanel.mailboxes.changes.forwarding import refuse_circle
from controlpanel.mailboxes.changes.refused import ChangeRefused, said_of
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act

MOST_TARGETS = 100


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alias hands mail on: a mailbox here, an alias of the same domain, or an address elsewhere."""

    text: str
    mailbox: Mailbox | None = None
    via: Address | None = None

    def row(self, address: Address) -> Alias:
        inside = self.mailbox or self.via
        return Alias(address=address, mailbox=self.mailbox, via=self.via, outside="" if inside else self.text)


def present(address: Address) -> dict[str, Target]:
    """Return the targets that an alias has: who changes it leaves or drops them, whoever runs their domains."""
    rows = address.aliases.select_related("mailbox", "via__domain")
    return {row.target: Target(row.target, row.mailbox, row.via) for row in rows}


def read_targets(
    texts: Iterable[str], domain: Domain, local: str, actor: Actor, kept: Mapping[str, Target]
) -> list[Target]:
    """Return the targets of the alias `local` in the locked `domain`. Refused: targets."""
    with said_of("targets"):
        spelled = dict.fromkeys(elsewhere(text) for text in texts if text.strip())
    own = f"{local}@{domain.name}"
    several = {it.text: it for it in (kept.get(text) or _target(text, domain, local, actor) for text in spelled)}
    found = list(several.values())
    if not found:
        raise ChangeRefused("targets", _("Name at least one address that mail goes to."))
    if len(found) > MOST_TARGETS:
        raise ChangeRefused("targets", _("An alias has at most 100 targets."))
    if own in several:
        raise ChangeRefused("targets", _("An alias does not hand mail to itself."))
    if len(found) > 1 and any(it.via for it in found):
        raise ChangeRefused("targets", _("A catch-all leads to one alias alone, or to mailboxes."))
    for target in found:
        refuse_circle(target.text, own)
    return found


def _target(address: str, domain: Domain, local: str, actor: Actor) -> Target:
    named = Domain.objects.filter(name=address.rpartition("@")[2]).exclude(state=State.DELETED).first()
    if named is None or not rules.allows(actor, Act.CHANGE_ALIASES, named):
        return _outside(address)
    here = _here(address, named)
    mailbox = Mailbox.objects.filter(address_text=here).exclude(state=State.DELETED).first()
    if mailbox is not None:
        return Target(here, mailbox)
    return _via(here or address, domain, local)


def _here(address: str, named: Domain) -> str:
    """Return the address that a target stands for: in an alias domain the one of the same name there."""
    canonical = canonical_or_none(address) or ""
    home = named.alias_of
    return f"{canonical.rpartition('@')[0]}@{home.name}" if home and canonical else canonical


def _via(here: str, domain: Domain, local: str) -> Target:
    name, _at, home = here.rpartition("@")
    alias = Address.objects.select_related("domain").filter(domain__name=home, local=name, mailbox=None).first()
    if alias is None or not name:
        raise ChangeRefused("targets", _("There is no mailbox %(address)s.") % {"address": shown(here)})
    if local != CATCH_ALL or alias.domain_id != domain.pk:
        raise ChangeRefused(
            "targets",
            _("%(address)s is an alias itself. Name the mailboxes behind it.") % {"address": shown(here)},
        )
    return Target(here, via=alias)


def _outside(address: str) -> Target:
    if not relay.is_set_up():
        raise ChangeRefused(
            "targets",
            _("%(address)s is elsewhere, and this service sends no mail out: RELAY_URL is not set.")
            % {"address": shown(address)},
        )
    return Target(address)
