"""What leads where: the catch-all of a domain, and what would lead nowhere if a mailbox or a domain went."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from controlpanel.mailboxes import rules
from controlpanel.mailboxes.addresses import CATCH_ALL
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox
from controlpanel.mailboxes.rules import Person

NAMED = 10  # of which a page says the names; of the others, how many


@dataclass(frozen=True, slots=True)
class Led:
    """Aliases: the names of some that the person runs, and how many there are beside these."""

    named: list[str]
    more: int

    def __bool__(self) -> bool:
        return bool(self.named or self.more)

    @property
    def count(self) -> int:
        return len(self.named) + self.more


def catch_all(domain: Domain) -> list[str]:
    """Return where mail goes that has no address of its own in the domain; nothing: it is refused."""
    rows = Alias.objects.filter(address__domain=domain, address__local=CATCH_ALL)
    return sorted(row.target for row in rows.select_related("mailbox", "via__domain"))


def aliases_of(mailbox: Mailbox, person: Person) -> tuple[Led, Led]:
    """Return the aliases that lead to this mailbox alone, and those that lead to others too."""
    leading = Address.objects.filter(aliases__mailbox=mailbox)
    others = Exists(Alias.objects.filter(address=OuterRef("pk")).exclude(mailbox=mailbox))
    return _led(leading.exclude(others), person), _led(leading.filter(others), person)


def aliases_into(domain: Domain, person: Person) -> Led:
    """Return the aliases of other domains that lead to mailboxes of this one."""
    leading = Address.objects.filter(aliases__mailbox__domain=domain).exclude(domain=domain)
    return _led(leading.distinct(), person)


def _led(aliases: QuerySet[Address], person: Person) -> Led:
    seen = aliases.filter(domain__in=rules.visible_domains(person)).select_related("domain").order_by("domain", "local")
    named = [f"{each.local or '*'}@{each.domain.name}" for each in seen[:NAMED]]
    return Led(named, aliases.count() - len(named))
