"""What each statement of a hot path reads, an item: bounded, whatever else the store holds.

Each is explained and measured on a store of 100,000 messages in 1,000 of 10,000 mailboxes, by the plan that PostgreSQL
keeps for a prepared statement, which knows nothing of the values. A page counts as often as it is asked for, be it
found in memory or not.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from controlpanel import database
from controlpanel.journal import record
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.recipients import Recipient, Unknown, find_recipients
from controlpanel.mailstore.delivery import deliver, new_bodies, stage_chunks
from controlpanel.mailstore.maildrop import (
    Page,
    Wanted,
    close_maildrops,
    list_maildrops,
    open_maildrops,
    read_bodies,
    read_chunks,
    renew,
    unique_id_pages,
    unique_ids,
)
from controlpanel.mailstore.staging import Chunk
from tests.store.factories import PROCESS, make_closing, make_delivery, make_opening
from tests.store.hot_paths import people_sign_in
from tests.store.many_rows import fill

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

BATCH = 20
MESSAGES = 100  # a mailbox
SMALL = {"mailstore_process"}

# Of all tables and indexes of the database, TOAST included; the transaction's own count.
PAGES = """
SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class
WHERE relkind IN ('r', 'i', 't') AND relnamespace IN ('public'::regnamespace, 'pg_toast'::regnamespace)
"""


class Measured(psycopg.Cursor[Any]):
    """A cursor that explains each statement before it runs. `seen`: statement, plan, pages it asked for."""

    seen: list[tuple[str, dict[str, Any], int]]

    def execute(self, query: Any, params: Any = None, **options: Any) -> "Measured":
        if query.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            with connection.connection.transaction(force_rollback=True):
                self.seen.append((query, *explained(query, params or {})))
        return super().execute(query, params, **options)


def explained(query: str, values: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Run a statement by its general plan; return the plan, and how many pages were asked for."""
    names: dict[str, int] = {}
    text = re.sub(r"%\((\w+)\)[sb]", lambda found: f"${names.setdefault(found[1], len(names) + 1)}", query)
    with psycopg.ClientCursor(connection.connection) as client:
        client.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        client.execute(b"PREPARE explained AS " + text.replace("%%", "%").encode())
        given = ", ".join(f"%({name})s" for name in names)
        call = f"EXECUTE explained({given})" if names else "EXECUTE explained"
        before = pages(client)
        client.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {call}".encode(), values)
        [(found,)] = client.fetchall()
        after = pages(client)
        client.execute("DEALLOCATE explained")
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan, after - before


def pages(client: psycopg.ClientCursor[Any]) -> int:
    [(number,)] = client.execute(PAGES).fetchall()
    return int(number)


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scanned(child)


Call = Callable[[], Any]
Bounded = Callable[[float, int, Call], Any]


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Bounded:
    """Make a call whose statements ask for so many pages an item at most, and walk no growing table."""
    seen: list[tuple[str, dict[str, Any], int]] = []

    @contextmanager
    def measuring_cursor() -> Iterator[psycopg.Cursor[Any]]:
        connection.ensure_connection()
        with connection.wrap_database_errors, Measured(connection.connection) as cursor:
            cursor.seen = seen
            cursor.format = psycopg.pq.Format.BINARY
            yield cursor

    def called(pages_an_item: float, items: int, call: Call) -> Any:
        seen.clear()
        with monkeypatch.context() as patched:
            patched.setattr(database, "binary_cursor", measuring_cursor)
            result = call()
        assert seen
        for query, plan, _ in seen:
            assert not set(scanned(plan)) - SMALL, (query, plan)
        asked = sum(number for _, _, number in seen) / items
        assert asked <= pages_an_item, seen
        return result

    return called


@pytest.fixture
def boxes() -> list[Mailbox]:
    made = fill(mailboxes=10_000, domains=2000, with_mail=1000, messages=MESSAGES)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SET random_page_cost = 1.1")  # as for any disk without arms
    return made


def test_what_a_message_out_reads(boxes: list[Mailbox], bounded: Bounded) -> None:
    renew(PROCESS)
    bounded(100, BATCH, lambda: people_sign_in(boxes))
    opened = bounded(20, BATCH, lambda: open_maildrops([make_opening(box) for box in boxes]))
    wanted = [Wanted(box.pk, each.change) for box, each in zip(boxes, opened, strict=True)]
    listings = bounded(0.3, BATCH * MESSAGES, lambda: list_maildrops(wanted))
    ids = [list(listing.ids) for listing in listings]
    every = [number for each in ids for number in each]
    assert len(every) > BATCH * (MESSAGES - 1)
    bounded(5, len(every), lambda: unique_ids(ids))
    pages = [Page(each.mailbox_id, each.change, 0, MESSAGES) for each in wanted]
    bounded(1.2, len(every), lambda: unique_id_pages(pages))
    bounded(6, len(every), lambda: read_bodies(every))
    bounded(10, len(every), lambda: read_chunks([(number, 0) for number in every]))
    idle = [make_closing(box, each) for box, each in zip(boxes[10:], opened[10:], strict=True)]
    bounded(60, len(idle), lambda: close_maildrops(idle))
    full = [make_closing(*each, page, page) for *each, page in zip(boxes[:10], opened[:10], ids[:10], strict=True)]
    bounded(45, len(every) // 2, lambda: close_maildrops(full))
    refused = [record.RefusedSignIn(box.pk, "pop3", None, "wrong") for box in boxes]
    bounded(25, BATCH, lambda: record.attempts(refused))
    bounded(20, 1, lambda: renew(PROCESS))


def test_what_a_message_in_reads(boxes: list[Mailbox], bounded: Bounded) -> None:
    recipients = [Recipient(f"u{n}@d{n % 2000 + 1}.example", 100) for n in range(1, BATCH + 1)]
    found = bounded(55, BATCH, lambda: find_recipients(recipients))
    assert [target for target in found if not isinstance(target, Unknown)] == found
    [body] = bounded(20, 1, lambda: new_bodies(1))
    bounded(12, 4, lambda: stage_chunks([Chunk(body, sequence, b"x" * 500) for sequence in range(4)]))
    bounded(45, BATCH, lambda: deliver([make_delivery(box) for box in boxes]))


def test_a_walk_is_noticed(boxes: list[Mailbox], bounded: Bounded) -> None:
    walk = "SELECT count(*) FROM mailstore_message WHERE octets > %(octets)s::bigint"
    with pytest.raises(AssertionError, match=r"not \({'mailstore_message'}"):
        bounded(10**6, 1, lambda: database.rows(walk, octets=0))
    with pytest.raises(AssertionError):
        bounded(0.1, 1, lambda: find_recipients([Recipient("u1@d2.example")]))
