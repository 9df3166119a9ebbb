"""Where mail goes from address to address here, so that a form can refuse what would come back to its beginning."""

from collections.abc import Iterable

from controlpanel.accounts.addresses import canonical_or_none
from controlpanel.mailboxes.addresses import CATCH_ALL
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, State

MOST_STEPS = 20
MOST_ADDRESSES = 500


def leads_to(starts: Iterable[str], end: str) -> bool:
    """Tell whether mail for one of `starts` arrives at `end`, by aliases and by what mailboxes forward.

    Addresses elsewhere end the way. One that is longer than 20 steps counts as endless.
    """
    seen: set[str] = set()
    there = _canonical(starts)
    for _ in range(MOST_STEPS):
        if end in there:
            return True
        seen |= there
        there = _canonical(_next(there)) - seen
        if not there:
            return False
        if len(seen) > MOST_ADDRESSES:
            break
    return True


def _canonical(addresses: Iterable[str]) -> set[str]:
    """Return addresses as we keep them: without a sub-address, in the domain that an alias domain stands for."""
    found = {canonical_or_none(address) or address for address in addresses}
    names = {address.rpartition("@")[2] for address in found}
    homes = dict(Domain.objects.filter(name__in=names, alias_of__isnull=False).values_list("name", "alias_of__name"))
    return {_at_home(address, homes) for address in found}


def _at_home(address: str, homes: dict[str, str]) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{homes.get(domain, domain)}"


def _next(addresses: set[str]) -> set[str]:
    """Return which addresses take the mail of these, and where those hand it on."""
    taking = {taker for address in addresses if (taker := _taker(address))}
    pks = [address.pk for address in taking]
    aliases = Alias.objects.filter(address__in=pks).select_related("mailbox", "via__domain")
    forwards = Mailbox.objects.filter(address__in=pks).exclude(state=State.DELETED).values_list("forward_to", flat=True)
    onward = {alias.target for alias in aliases} | {each for some in forwards for each in some}
    return onward | {str(address) for address in taking if address.local != CATCH_ALL}


def _taker(address: str) -> Address | None:
    """Return the address that takes this mail: itself, without its sub-address, or the catch-all."""
    local, _, name = address.rpartition("@")
    domain = Domain.objects.filter(name=name).first()
    if domain is None:
        return None
    separated = [local[:place] for place in range(len(local) - 1, 0, -1) if local[place] == domain.separator]
    candidates = [local, *separated, CATCH_ALL]
    found = Address.objects.select_related("domain").filter(local__in=candidates, domain=domain)
    return min(found, key=lambda each: candidates.index(each.local), default=None)
