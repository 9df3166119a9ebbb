"""No statement of a hot path walks a table that grows: each is explained on a store of some thousands of rows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from controlpanel import database
from controlpanel.journal import forgetting
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import retention
from tests.store.hot_paths import mail_comes, mail_goes, mail_goes_out, pages_and_owners, people_sign_in
from tests.store.many_rows import fill

# Of these there are a handful at most.
SMALL = {"mailstore_process", "mailstore_sincecrash"}

Statement = tuple[str, dict[str, Any]]


@pytest.fixture
def boxes() -> list[Mailbox]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1")  # as for any disk without arms
    return fill(mailboxes=6000, domains=5000, with_mail=6000, messages=5)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[Statement]:
    """What the store says to the database from now on."""
    said: list[Statement] = []

    class Recording(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> "Recording":
            said.append((query, params))
            return super().execute(query, params, **options)

    @contextmanager
    def recording_cursor() -> Iterator[psycopg.Cursor[Any]]:
        connection.ensure_connection()
        with connection.wrap_database_errors, Recording(connection.connection) as cursor:
            cursor.format = psycopg.pq.Format.BINARY
            yield cursor

    monkeypatch.setattr(database, "binary_cursor", recording_cursor)
    return said


def plan(statement: Statement) -> dict[str, Any]:
    query, values = statement
    with connection.cursor() as cursor, psycopg.ClientCursor(connection.connection) as client:
        cursor.execute("SAVEPOINT explained")
        [(explained,)] = client.execute("EXPLAIN (FORMAT JSON) " + query, values).fetchall()
        cursor.execute("ROLLBACK TO explained")
    tree: dict[str, Any] = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    return tree


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree.get("Plans", []):
        yield from nodes(child)


def walked(statement: Statement) -> set[str]:
    """The growing tables that a statement reads from end to end."""
    if not statement[0].lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
        return set()
    return {node["Relation Name"] for node in nodes(plan(statement)) if node["Node Type"] == "Seq Scan"} - SMALL


@pytest.mark.django_db
def test_no_statement_of_a_hot_path_walks_a_growing_table(boxes: list[Mailbox], statements: list[Statement]) -> None:
    assert walked(("SELECT count(*) FROM mailstore_message WHERE octets > %(o)s", {"o": 0})) == {"mailstore_message"}
    people_sign_in(boxes)
    mail_comes(boxes)
    mail_goes_out(boxes)
    mail_goes(boxes)
    pages_and_owners(boxes[0])
    for step in (retention.sweep_bodies, retention.forget, retention.sweep_staged, forgetting.forget):
        step()
    walks = {statement[0]: tables for statement in statements if (tables := walked(statement))}
    assert not walks
    assert len({query for query, _ in statements}) > 40
