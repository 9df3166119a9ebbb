"""What domains hold together, and whose mailboxes hold most: for lists and meters, whatever the number of domains.

Mailboxes and what they are allotted are read from an index at once. What they use is added up, of a large domain once
a minute: adding up 88,000 takes as long as a page may.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from controlpanel.mailboxes.models import Domain, Mailbox, State, Usage

SUMMED = 5_000  # mailboxes whose octets are added up for every page
KEPT = 60  # seconds

USED = {name: Sum(f"usage__{name}", default=0) for name in ("messages", "octets", "removed_octets")}


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a domain's mailboxes that are not deleted; octets and messages are those present, not the removed ones."""

    mailboxes: int = 0
    allotted: int = 0
    unlimited: int = 0  # mailboxes without a quota, in no sum
    messages: int = 0
    octets: int = 0
    removed_octets: int = 0


def totals(domains: Iterable[Domain]) -> dict[int, Totals]:
    """Return the totals by the domain's number; every domain that was asked for has one."""
    found = {domain.pk: Totals() for domain in domains}
    rows = _present(found).annotate(
        mailboxes=Count("pk"), allotted=Sum("quota", default=0), unlimited=Count("pk", filter=Q(quota__isnull=True))
    )
    found |= {row[0]: Totals(*map(int, row[1:])) for row in rows}
    small = [number for number, each in found.items() if 0 < each.mailboxes <= SUMMED]
    used = {row[0]: row[1:] for row in _present(small).annotate(**USED)} if small else {}
    large = {number: _used_of_late(number) for number, each in found.items() if each.mailboxes > SUMMED}
    for number, sums in (used | large).items():
        found[number] = replace(found[number], **dict(zip(USED, map(int, sums), strict=True)))
    return found


def _present(domains: Iterable[int]) -> QuerySet[Mailbox, tuple[Any, ...]]:
    return Mailbox.objects.filter(domain__in=list(domains)).exclude(state=State.DELETED).values_list("domain_id")


def _used_of_late(domain: int) -> tuple[int, ...]:
    sums: tuple[int, ...] | None = cache.get(f"used:{domain}")
    if sums is None:
        sums = tuple(int(each) for row in _present([domain]).annotate(**USED) for each in row[1:]) or (0, 0, 0)
        cache.set(f"used:{domain}", sums, KEPT)
    return sums


def by_space(mailboxes: QuerySet[Mailbox], *, falling: bool) -> QuerySet[Usage, int]:
    """Return the numbers of those of `mailboxes` that are not deleted, sorted by what they hold.

    Of all mailboxes there are, the few deleted ones are left out: joining the others to what they hold takes longer.
    """
    if mailboxes.query.has_filters():
        usages = Usage.objects.filter(mailbox__in=mailboxes.exclude(state=State.DELETED).values("pk"))
    else:
        usages = Usage.objects.filter(~Exists(Mailbox.objects.filter(pk=OuterRef("pk"), state=State.DELETED)))
    sign = "-" if falling else ""
    return usages.order_by(f"{sign}octets", f"{sign}pk").values_list("pk", flat=True)
