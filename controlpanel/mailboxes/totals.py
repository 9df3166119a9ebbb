"""What domains hold together: for lists and meters, one statement however many domains."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from controlpanel.mailboxes.models import Domain, Mailbox, State


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
    asked = {domain.pk: Totals() for domain in domains}
    rows = (
        Mailbox.objects.filter(domain__in=asked)
        .exclude(state=State.DELETED)
        .values_list("domain_id")
        .annotate(
            mailboxes=Count("pk"),
            allotted=Sum("quota", default=0),
            unlimited=Count("pk", filter=Q(quota__isnull=True)),
            messages=Sum("usage__messages", default=0),
            octets=Sum("usage__octets", default=0),
            removed_octets=Sum("usage__removed_octets", default=0),
        )
    )
    return asked | {row[0]: Totals(*map(int, row[1:])) for row in rows}
