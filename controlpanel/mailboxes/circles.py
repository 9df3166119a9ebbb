"""Where mail goes from address to address here, so that a form can refuse what would come back to its beginning."""

from collections.abc import Iterable, Iterator

from controlpanel import database
from controlpanel.accounts.addresses import canonical_or_none
from controlpanel.mailboxes.addresses import CATCH_ALL
from controlpanel.mailboxes.models import Alias, Mailbox, State

MOST_STEPS = 20
MOST_ADDRESSES = 500

# Which address takes the mail of each: itself, without its sub-address, in the domain that an alias domain stands for,
# or the catch-all. As recipients.py has it.
TAKERS = """
SELECT DISTINCT ON (wanted.place) address.id, address.local, COALESCE(home.name, named.name)
FROM unnest(%(place)s::bigint[], %(local)s::text[], %(domain)s::text[]) AS wanted (place, local, domain)
JOIN mailboxes_domain AS named ON named.name = wanted.domain
LEFT JOIN mailboxes_domain AS home ON home.id = named.alias_of_id
JOIN mailboxes_address AS address ON address.domain_id = COALESCE(home.id, named.id)
    AND address.local = ANY(address_candidates(wanted.local, COALESCE(home.separator, named.separator)))
ORDER BY wanted.place, length(address.local) DESC
"""


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
    return {canonical_or_none(address) or address for address in addresses}


def _next(addresses: set[str]) -> set[str]:
    """Return which addresses take the mail of these, and where those hand it on."""
    parts = [address.rpartition("@") for address in addresses]
    local, domain = [part[0] for part in parts], [part[2] for part in parts]
    taking = database.rows(TAKERS, place=list(range(len(parts))), local=local, domain=domain)
    taken = {f"{local}@{domain}" for _, local, domain in taking if local != CATCH_ALL}
    return taken | set(_onward([number for number, *_ in taking]))


def _onward(taking: list[int]) -> Iterator[str]:
    """Yield where these addresses' aliases point, and where their mailboxes forward."""
    for alias in Alias.objects.filter(address__in=taking).select_related("mailbox", "via__domain"):
        yield str(alias.via) if alias.via else alias.mailbox.address_text if alias.mailbox else alias.outside
    for mailbox in Mailbox.objects.filter(address__in=taking).exclude(state=State.DELETED):
        yield from mailbox.forward_to
