"""The labels that a list shows and offers."""

from collections.abc import Sequence

from django.db.models import QuerySet

from controlpanel.mailboxes import rules
from controlpanel.mailboxes.models import Domain, Label, Mailbox
from controlpanel.mailboxes.rules import Person

OFFERED = 40


def of_mailboxes(mailboxes: Sequence[Mailbox]) -> dict[int, list[str]]:
    """Return the names of the labels of each mailbox, by its number."""
    found: dict[int, list[str]] = {mailbox.pk: [] for mailbox in mailboxes}
    pairs = Label.objects.filter(mailboxes__in=list(found)).order_by("name").values_list("mailboxes", "name")
    for number, name in pairs:
        found[number].append(name)
    return found


def offered(person: Person, domain: Domain | None, chosen: str) -> list[str]:
    """Return the labels by which a list of this domain, or of all that the person runs, can be narrowed."""
    labels = Label.objects.filter(domain=domain) if domain else _of_all(person)
    names = list(labels.order_by("name").values_list("name", flat=True).distinct()[:OFFERED])
    return names if not chosen or chosen in names else [chosen, *names]


def _of_all(person: Person) -> QuerySet[Label]:
    return Label.objects.filter(domain__in=rules.visible_domains(person))
