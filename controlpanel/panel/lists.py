"""One page of a long list: rows from an index, the count beside them, and addresses for what can be pressed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Count, F, Model, QuerySet, Window
from django.http import QueryDict

ROWS = 50
SEARCHED = 320  # characters
MOST = 10**9

Row = TypeVar("Row")
Kept = TypeVar("Kept", bound=Model)
Keys = QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A page of a list whose length is known: its number, how many pages there are, and of how many rows."""

    number: int
    pages: int
    count: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * ROWS

    def showing(self, rows: Sequence[Row]) -> "Page[Row]":
        return Page(rows, self.number, self.pages, self.count)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`rows` are those numbered `first` to `last` of `count`, counted from 1."""

    rows: Sequence[Row]
    number: int
    pages: int
    count: int

    @property
    def first(self) -> int:
        return (self.number - 1) * ROWS + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    def around(self) -> Iterator[int | None]:
        """Yield the page numbers to offer: the ends, this one and its neighbours; None for a gap."""
        wanted = sorted({1, self.pages, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1)})
        before = 0
        for number in wanted:
            if number - before == 2:
                yield before + 1
            elif number - before > 2:
                yield None
            yield number
            before = number


def numbered(count: int, asked: str | None) -> Numbered:
    """Return the page that `asked` names of a list of `count` rows; a wrong number gives the nearest."""
    pages = max(1, -(-count // ROWS))
    number = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    return Numbered(min(max(1, number), pages), pages, count)


def page(rows: QuerySet[Kept], asked: str | None, *, searched: bool = False, keys: Keys | None = None) -> Page[Kept]:
    """Return the page of `rows` that `asked` names: their number, their keys, then the page's own rows read whole.

    Sorting and skipping read keys alone, from an index where there is one. What was searched for is met in no index, so
    there one reading of the table gives both the number and the keys. `keys`: those of the same rows in their order,
    where another table gives them sooner.
    """
    around, shown = _counted_once(rows, asked) if searched else _counted(rows, asked, keys)
    found = {row.pk: row for row in rows.order_by().filter(pk__in=shown)}
    return around.showing([found[key] for key in shown if key in found])


def _counted(rows: QuerySet[Kept], asked: str | None, keys: Keys | None = None) -> tuple[Numbered, list[Any]]:
    around = numbered(rows.count(), asked)
    keys = rows.values_list("pk", flat=True) if keys is None else keys
    return around, list(keys[around.offset : around.offset + ROWS])


def _counted_once(rows: QuerySet[Kept], asked: str | None) -> tuple[Numbered, list[Any]]:
    wanted = numbered(MOST, asked)
    found = rows.annotate(in_all=Window(Count("*"))).values_list("pk", "in_all")
    keys = list(found[wanted.offset : wanted.offset + ROWS])
    if not keys and wanted.number > 1:
        return _counted(rows, asked)
    return numbered(keys[0][1] if keys else 0, asked), [key for key, _count in keys]


@dataclass(frozen=True, slots=True)
class Sort:
    """A column's name in the address bar, the field it sorts by (then `tie`), and whether the largest comes first.

    Of a field that may be null, the rows without it are the smallest.
    """

    name: str
    field: str
    tie: str = "pk"
    falling: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Sorted:
    """The order that was asked for: `key` is a Sort's name, `falling` whether the largest comes first."""

    key: str
    falling: bool
    by: tuple[Any, ...]


def sorted_by(asked: str | None, sorts: Sequence[Sort]) -> Sorted:
    """Read `name` or `-name`; what is not known gives the first of `sorts`."""
    asked = asked or ""
    sort = {sort.name: sort for sort in sorts}.get(asked.removeprefix("-"))
    if sort is None:
        sort = sorts[0]
        falling = sort.falling
    else:
        falling = asked.startswith("-")
    return Sorted(sort.name, falling, (_ordering(sort, falling), f"-{sort.tie}" if falling else sort.tie))


def _ordering(sort: Sort, falling: bool) -> Any:
    if sort.nullable:
        return F(sort.field).desc(nulls_last=True) if falling else F(sort.field).asc(nulls_first=True)
    return f"-{sort.field}" if falling else sort.field


def asked_for(query: QueryDict) -> str:
    """Return what is searched for: one line without the NUL that PostgreSQL takes in no text."""
    return query.get("q", "").replace("\0", "").strip()[:SEARCHED]


def address(query: QueryDict | Mapping[str, Any], **changes: Any) -> str:
    """Return the query string `query` with `changes`; an empty value leaves its name out."""
    kept = {name: value for name, value in dict(query.items()).items() if name not in changes}
    fresh = QueryDict(mutable=True)
    fresh.update({name: str(value) for name, value in {**kept, **changes}.items() if value not in ("", None)})
    return "?" + fresh.urlencode() if fresh else "?"
