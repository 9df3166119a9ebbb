"""psycopg's own cursor on Django's connection: parameters bound by the server, results in binary.

Django's cursor writes parameters into the statement and sends bytea as text, at half the speed.
"""

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg import adapters, pq
from psycopg.adapt import Dumper

Row = tuple[Any, ...]


class BigintsDumper(Dumper):
    """Writes array("q") as bigint[]: one call for all, where psycopg's way with lists is one call an item."""

    oid = adapters.types["int8"].array_oid

    def dump(self, numbers: "array[int]") -> bytes:
        return b"{" + str(numbers.tolist())[1:-1].encode("ascii") + b"}"


adapters.register_dumper(array, BigintsDumper)


@contextmanager
def binary_cursor() -> Iterator[psycopg.Cursor[Row]]:
    """A cursor of this thread's connection. Faults come out as django.db's."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.format = pq.Format.BINARY
        yield cursor


def rows(statement: LiteralString, **values: Any) -> list[Row]:
    """Run one statement with `%(name)s` parameters, and return its rows."""
    with binary_cursor() as cursor:
        return cursor.execute(statement, values).fetchall()


def run(statement: LiteralString, **values: Any) -> int:
    """Run one statement with `%(name)s` parameters, and return how many rows it touched."""
    with binary_cursor() as cursor:
        return cursor.execute(statement, values).rowcount


def columns(items: Iterable[Any], *names: str) -> dict[str, list[Any]]:
    """Turn dataclass instances into a list of values a field, as `unnest(%(name)s::type[], …)` takes them."""
    held = list(items)
    names = names or (tuple(field.name for field in fields(held[0])) if held else ())
    return {name: [getattr(item, name) for item in held] for name in names}


def fitting(text: str, characters: int) -> str:
    """Return what PostgreSQL takes of a text from outside: no NUL, no lone surrogate, cut to the column's length."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:characters]
