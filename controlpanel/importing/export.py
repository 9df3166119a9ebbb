"""Mailboxes as a table that import reads back and no spreadsheet computes: without secrets, streamed."""

import csv
from collections.abc import Iterable, Iterator

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Concat
from django.http import StreamingHttpResponse
from django.utils.translation import get_language

from controlpanel.importing.reading import begins_formula
from controlpanel.mailboxes import octets
from controlpanel.mailboxes.models import Alias, Label, Mailbox
from controlpanel.mailboxes.rules import Person, owned_beyond

COLUMNS = ("address", "name", "quota", "language", "aliases", "forward", "label", "note", "state", "used", "created")
FIELDS = (
    *("address_text", "name", "quota", "user__language", "also", "onward", "labelled", "note", "state"),
    *("usage__octets", "created"),
)
BOM = "\ufeff"  # without it Excel reads UTF-8 as something else
AT_ONCE = 2000


def exported(mailboxes: QuerySet[Mailbox], reader: Person) -> Iterator[str]:
    """Yield the lines of a CSV file, headings first: with semicolons where Excel expects them, in Spanish.

    Where mail goes on to is told of those alone whose forwarding `reader` may change.
    """
    aliases = Alias.objects.filter(mailbox=OuterRef("pk")).exclude(address__local="").order_by("address__local")
    labels = Label.objects.filter(mailboxes=OuterRef("pk")).order_by("name")
    rows = (
        mailboxes.annotate(
            onward=Case(When(owned_beyond(reader), then=Value([])), default=F("forward_to")),
            labelled=ArraySubquery(labels.values_list("name")),
            also=ArraySubquery(aliases.values_list(Concat("address__local", Value("@"), "address__domain__name"))),
        )
        .order_by("address_text")
        .values_list(*FIELDS)
    )
    yield BOM
    yield from lines([COLUMNS])
    yield from lines(_cells(*row) for row in rows.iterator(chunk_size=AT_ONCE))


def as_file(content: Iterator[str], name: str) -> StreamingHttpResponse:
    """Answer with a CSV file that is saved as `name`.csv."""
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def lines(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield rows as lines of CSV (RFC 4180), many at once."""
    writer = csv.writer(_Echo(), delimiter=";" if get_language() == "es" else ",")
    held: list[str] = []
    for row in rows:
        held.append(writer.writerow([safe(cell) for cell in row]))
        if len(held) >= AT_ONCE:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one."""
    return f"'{cell}" if begins_formula(cell) else cell


class _Echo:
    """A file that gives back what is written: csv.writer returns it."""

    def write(self, text: str) -> str:
        return text


def _cells(*row: object) -> list[str]:
    address, name, quota, language, aliases, forward, labels, note, state, used, created = row
    assert isinstance(aliases, list)
    assert isinstance(forward, list)
    assert isinstance(labels, list)
    return [
        str(address),
        str(name),
        octets.written(quota) if isinstance(quota, int) else "none",
        str(language),
        " ".join(aliases),
        " ".join(forward),
        ", ".join(labels),
        str(note),
        str(state),
        str(used),
        f"{created:%Y-%m-%d}",
    ]
