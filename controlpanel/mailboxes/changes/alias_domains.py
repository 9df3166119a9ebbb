"""Alias domains: each address of one stands for the one of the same local part in another domain.

A chain is refused from both sides, and so is a domain that has addresses of its own: nothing that is there goes blind.
"""

from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import domain_name, domain_shown
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.rooms import lock_domain
from controlpanel.mailboxes.models import Domain, State
from controlpanel.mailboxes.rules import Act, require


def make_alias_domain(domain: Domain, of: str, *, actor: Actor) -> Domain:
    """Let each address of the domain stand for the one of the domain `of`, which the actor runs too.

    Refused: alias_of.
    """
    require(actor, Act.CHANGE_ALIASES, domain)
    with said_of("alias_of"):
        name = domain_name(of)
    with change():
        domain, home = _locked(domain, name, actor)
        if domain.alias_of_id != home.pk:
            _check(domain, home)
            domain.alias_of = home
            domain.save(update_fields=["alias_of"])
            _tell(actor, "make_alias_domain", domain, home)
    return domain


def end_alias_domain(domain: Domain, *, actor: Actor) -> Domain:
    """Make it a domain of its own again, without an address yet."""
    require(actor, Act.CHANGE_ALIASES, domain)
    with change():
        domain = lock_domain(domain)
        if domain.alias_of is not None:
            _tell(actor, "end_alias_domain", domain, domain.alias_of)
            domain.alias_of = None
            domain.save(update_fields=["alias_of"])
    return domain


def _locked(domain: Domain, name: str, actor: Actor) -> tuple[Domain, Domain]:
    """Return both domains, locked in order; one that the actor does not run is as if it were not there."""
    home = Domain.objects.filter(name=name).exclude(state=State.DELETED).first()
    if home is None or not rules.allows(actor, Act.CHANGE_ALIASES, home):
        raise ChangeRefused("alias_of", _("You run no domain %(name)s.") % {"name": domain_shown(name)})
    locked = Domain.objects.filter(pk__in=[domain.pk, home.pk]).order_by("pk").select_for_update(no_key=True)
    by_number = {each.pk: each for each in locked}
    return by_number[domain.pk], by_number[home.pk]


def _check(domain: Domain, home: Domain) -> None:
    if domain.state == State.DELETED:
        raise ChangeRefused("", _("This is deleted. Undo that first."))
    if domain.pk == home.pk:
        raise ChangeRefused("alias_of", _("A domain is no alias of itself."))
    if home.alias_of is not None:
        sentence = _("%(name)s is an alias of %(other)s itself. Name that one.")
        names = {"name": domain_shown(home.name), "other": domain_shown(home.alias_of.name)}
        raise ChangeRefused("alias_of", sentence % names)
    if domain.alias_domains.exists():
        raise ChangeRefused("alias_of", _("Other domains are aliases of this one: end that first."))
    if domain.addresses.exists() or User.objects.filter(address__endswith=f"@{domain.name}").exists():
        raise ChangeRefused(
            "alias_of", _("This domain has addresses of its own, some perhaps deleted of late: an alias has none.")
        )


def _tell(actor: Actor, act: str, domain: Domain, home: Domain) -> None:
    record.activity(actor, act, domain_id=domain.pk, subject=domain.name, details={"alias_of": home.name})
