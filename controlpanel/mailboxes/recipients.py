"""Who receives: from the address of an LMTP recipient to the mailboxes that take the message."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from controlpanel import database
from controlpanel.mailboxes.addresses import AddressError, domain_name, local_part
from controlpanel.mailboxes.models import OverQuota as Answer
from controlpanel.mailboxes.models import State

Policy = Literal["defer", "refuse"]

REFUSING = (State.CLOSED.value, State.DELETED.value)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address as RCPT gave it, the local part unquoted, and the octets that MAIL declared (0: none)."""

    address: str
    octets: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """`mailboxes` take the message; `outside` are addresses elsewhere that an alias names.

    `closed` and `full`: mailboxes behind the alias that do not take it.
    """

    mailboxes: tuple[int, ...]
    outside: tuple[str, ...] = ()
    closed: tuple[int, ...] = ()
    full: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such address here: 550 5.1.1."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The mailbox or its domain is closed or deleted: 550 5.2.1. `mailboxes`: whose owners may want to know."""

    mailboxes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OverQuota:
    """No room. `defer`: 452 4.2.2; `refuse`: 552 5.2.2."""

    policy: Policy
    mailboxes: tuple[int, ...] = ()


Target = Accepted | Unknown | Closed | OverQuota


def when_full(answer: str, full_for_a_day: bool, octets: int, quota: int) -> Policy:
    """Return the domain's answer to a message of `octets` that has no room; one that never has any is refused."""
    if octets > quota or answer == Answer.REFUSE:
        return "refuse"
    return "refuse" if answer == Answer.DEFER_A_DAY and full_for_a_day else "defer"


# The longest address that a recipient may stand for, and behind it a mailbox, or the targets of an alias.
FIND = """
WITH found AS (
    SELECT DISTINCT ON (wanted.place) wanted.place, address.id AS address_id,
           named.state = ANY(%(refusing)s::text[])
           OR COALESCE(home.state = ANY(%(refusing)s::text[]), false) AS refusing
    FROM unnest(%(place)s::bigint[], %(local)s::text[], %(domain)s::text[]) AS wanted (place, local, domain)
    JOIN mailboxes_domain AS named ON named.name = wanted.domain
    LEFT JOIN mailboxes_domain AS home ON home.id = named.alias_of_id
    JOIN mailboxes_address AS address ON address.domain_id = COALESCE(home.id, named.id)
        AND address.local = ANY(address_candidates(wanted.local, COALESCE(home.separator, named.separator)))
    ORDER BY wanted.place, length(address.local) DESC
)
SELECT found.place, target.mailbox_id, target.outside,
       found.refusing OR COALESCE(mailbox.state = ANY(%(refusing)s::text[]), false)
                      OR COALESCE(home.state = ANY(%(refusing)s::text[]), false),
       mailbox.quota, usage.octets, home.over_quota,
       COALESCE(mailbox.full_since < now() - interval '1 day', false)
FROM found
CROSS JOIN LATERAL (
    SELECT id AS mailbox_id, '' AS outside FROM mailboxes_mailbox WHERE address_id = found.address_id
    UNION ALL
    SELECT COALESCE(behind.mailbox_id, alias.mailbox_id), COALESCE(behind.outside, alias.outside)
    FROM mailboxes_alias AS alias LEFT JOIN mailboxes_alias AS behind ON behind.address_id = alias.via_id
    WHERE alias.address_id = found.address_id AND (alias.via_id IS NULL OR behind.id IS NOT NULL)
) AS target
LEFT JOIN mailboxes_mailbox AS mailbox ON mailbox.id = target.mailbox_id
LEFT JOIN mailboxes_domain AS home ON home.id = mailbox.domain_id
LEFT JOIN mailboxes_usage AS usage ON usage.mailbox_id = mailbox.id
ORDER BY found.place, target.mailbox_id, target.outside
"""


def find_recipients(recipients: Sequence[Recipient]) -> list[Target]:
    """Return who takes a message for each address, in order: what the view postfix_recipients answers too.

    An address of an alias domain stands for the one there. `name+tag` is `name` unless it is an address itself; an
    address that is not there falls to the domain's catch-all.
    A mailbox that has no room is marked as full since now, unless it was full before.
    """
    read = [(place, *parts) for place, it in enumerate(recipients) if (parts := _parts(it.address))]
    place, local, domain = map(list, zip(*read, strict=True)) if read else ([], [], [])
    found = database.rows(FIND, place=place, local=local, domain=domain, refusing=list(REFUSING))
    targets: list[Target] = [Unknown() for _ in recipients]
    for number, rows in groupby(found, key=itemgetter(0)):
        targets[number] = _target(rows, max(1, recipients[number].octets))
    _mark_full(
        [(box, max(1, it.octets)) for it, target in zip(recipients, targets, strict=True) for box in _full(target)]
    )
    return targets


def _full(target: Target) -> tuple[int, ...]:
    if isinstance(target, OverQuota):
        return target.mailboxes
    return target.full if isinstance(target, Accepted) else ()


def _parts(address: str) -> tuple[str, str] | None:
    """Return local part and domain as they are stored; None for what is no address.

    A local part that nobody can have here may still be a sub-address, or fall to the catch-all.
    """
    local, _, domain = address.rpartition("@")
    try:
        domain = domain_name(domain)
    except AddressError:
        return None
    try:
        return local_part(local), domain
    except AddressError:
        kept = unicodedata.normalize("NFC", database.fitting(local, len(local)).lower())
        return (kept, domain) if kept else None


def _target(rows: Iterable[tuple[Any, ...]], octets: int) -> Target:
    """Weigh the mailboxes and outside addresses of one recipient: one that takes the message is enough."""
    takes: list[int] = []
    outside: list[str] = []
    closed: list[int] = []
    full: dict[int, Policy] = {}
    for _, mailbox, elsewhere, refusing, quota, used, answer, full_for_a_day in rows:
        if refusing:
            closed += [mailbox] if mailbox else []
        elif mailbox is None:
            outside.append(elsewhere)
        elif quota is not None and used + octets > quota:
            full[mailbox] = when_full(answer, full_for_a_day, octets, quota)
        else:
            takes.append(mailbox)
    if takes or outside:
        return Accepted(tuple(takes), tuple(outside), tuple(closed), tuple(full))
    if full:
        return OverQuota("defer" if "defer" in full.values() else "refuse", tuple(full))
    return Closed(tuple(closed))


# One that a form holds is noted the next time. What is larger than the whole quota says nothing about the mailbox.
MARK_FULL = """
WITH full_now AS (
    SELECT mailbox.id
    FROM unnest(%(mailboxes)s::bigint[], %(octets)s::bigint[]) AS refused (mailbox_id, octets)
    JOIN mailboxes_mailbox AS mailbox ON mailbox.id = refused.mailbox_id
    WHERE mailbox.full_since IS NULL AND refused.octets <= mailbox.quota
    FOR NO KEY UPDATE OF mailbox SKIP LOCKED
)
UPDATE mailboxes_mailbox AS mailbox SET full_since = now() FROM full_now WHERE mailbox.id = full_now.id
"""


def _mark_full(refused: Sequence[tuple[int, int]]) -> None:
    """Note which (mailbox, octets) were refused for want of room."""
    if refused:
        database.run(MARK_FULL, mailboxes=[box for box, _ in refused], octets=[octets for _, octets in refused])
