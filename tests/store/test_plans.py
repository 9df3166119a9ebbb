"""No statement of a hot path walks a table that grows: each is explained on a store of some thousands of rows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.db import connection

from controlpanel import database
from controlpanel.journal import forgetting, record
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.recipients import Recipient, find_recipients
from controlpanel.mailstore import overview, retention
from controlpanel.mailstore.delivery import Chunk, deliver, discard_bodies, new_bodies, stage_chunks
from controlpanel.mailstore.maildrop import (
    Held,
    Opened,
    Wanted,
    close_maildrops,
    list_maildrops,
    open_maildrops,
    re_take,
    read_bodies,
    read_chunks,
    renew,
    unique_ids,
)
from tests.store.factories import PROCESS, make_closing, make_delivery, make_domain, make_mailbox, make_opening

# Of these there are a handful at most.
SMALL = {"mailstore_process", "mailstore_sincecrash"}

FILL = """
INSERT INTO mailboxes_domain SELECT (d).* FROM (
    SELECT jsonb_populate_record(domain, jsonb_build_object('id', 100000 + n, 'name', 'd' || n || '.example')) AS d
    FROM mailboxes_domain AS domain, generate_series(1, 5000) AS n WHERE domain.name = 'model.example') AS made;
INSERT INTO accounts_user SELECT (u).* FROM (
    SELECT jsonb_populate_record(model, jsonb_build_object('id', 100000 + n, 'address', 'u' || n || '@d.example')) AS u
    FROM accounts_user AS model, generate_series(1, 6000) AS n WHERE model.address = 'ana@model.example') AS made;
INSERT INTO mailboxes_address (id, domain_id, local)
    SELECT 100000 + n, 100000 + 1 + n % 5000, 'u' || n FROM generate_series(1, 6000) AS n;
INSERT INTO mailboxes_alias (address_id, outside)
    SELECT 100000 + n, 'u' || n || '@outside.example' FROM generate_series(1, 6000) AS n;
INSERT INTO mailboxes_mailbox SELECT (m).* FROM (
    SELECT jsonb_populate_record(model, jsonb_build_object(
        'id', 100000 + n, 'user_id', 100000 + n, 'address_id', 100000 + n, 'domain_id', 100000 + 1 + n % 5000,
        'address_text', 'u' || n || '@d.example')) AS m
    FROM mailboxes_mailbox AS model, generate_series(1, 6000) AS n
    WHERE model.address_text = 'ana@model.example') AS made;
INSERT INTO mailboxes_usage (mailbox_id, messages, octets, removed_messages, removed_octets, change)
    SELECT 100000 + n, 5, 5, 5, 5, 5 FROM generate_series(1, 6000) AS n;
INSERT INTO mailstore_message (mailbox_id, body, octets, uidl, added, received, removed, removed_at, gone_at,
                               removed_how, removed_device, sender, message_id, from_header, subject, date_header)
    SELECT 100000 + 1 + n % 6000, 1000000 + n, 1, 'u' || n, 1 + n / 6000, now(),
           CASE WHEN n < 6000 THEN 100 + n END, CASE WHEN n < 6000 THEN now() END,
           CASE WHEN n < 6000 AND n % 3 = 0 THEN now() END,
           '', '', '', '', '', repeat('subject ', 20), ''
    FROM generate_series(0, 29999) AS n;
INSERT INTO mailstore_messagechunk
    SELECT 1000000 + n, 0, convert_to(repeat('x', 500), 'UTF8') FROM generate_series(0, 29999) AS n;
INSERT INTO mailstore_stagedbody SELECT 2000000 + n, now() FROM generate_series(1, 6000) AS n;
INSERT INTO mailstore_fetched SELECT id, 0, mailbox_id, '', now() FROM mailstore_message;
INSERT INTO mailstore_session (id, process, mailbox_id, device, tls, mechanism, started, change, exclusive, end_asked)
    SELECT n, gen_random_uuid(), 100000 + n, '', '', '', now(), 1, false, false FROM generate_series(1, 6000) AS n;
INSERT INTO journal_pastsession (mailbox_id, device, protocol, tls, mechanism, started, ended, fetched, removed, octets,
                                 ended_by, times, hour)
    SELECT 100000 + n, '', 'pop3', '', '', now(), now(), 0, 0, 0, 'quit', 1, date_trunc('hour', now(), 'UTC')
    FROM generate_series(1, 6000) AS n;
INSERT INTO journal_attempt (mailbox_id, protocol, outcome, mechanism, tls, hour, last, times)
    SELECT n, 'pop3', 'wrong', '', '', date_trunc('hour', now(), 'UTC'), now(), 1 FROM generate_series(1, 6000) AS n;
INSERT INTO journal_refusedmessage (mailbox_id, at, sender, message_id, octets, reply)
    SELECT n, now(), '', '', 1, '452' FROM generate_series(1, 6000) AS n;
ANALYZE;
"""

Statement = tuple[str, dict[str, Any]]


@pytest.fixture
def boxes() -> list[Mailbox]:
    make_domain("model.example")
    make_mailbox("ana@model.example", quota=10**9)
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute("SET LOCAL random_page_cost = 1.1")  # as for any disk without arms
    return list(Mailbox.objects.filter(id__gt=100_000)[:20])


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
    mail_comes(boxes)
    mail_goes(boxes)
    pages_and_owners(boxes[0])
    for step in (retention.sweep_bodies, retention.forget, retention.sweep_staged, forgetting.forget):
        step()
    walks = {statement[0]: tables for statement in statements if (tables := walked(statement))}
    assert not walks
    assert len({query for query, _ in statements}) > 40


def mail_comes(boxes: list[Mailbox]) -> None:
    find_recipients([Recipient(f"u{n}+x@d{n + 1}.example", 100) for n in range(10)])
    find_recipients([Recipient(f"none@d{n}.example") for n in range(10)])
    body, discarded = new_bodies(2)
    stage_chunks([Chunk(body, 0, b"x"), Chunk(discarded, 0, b"x")])
    discard_bodies([discarded])
    staged = replace(make_delivery(boxes[0], b"x"), chunks=(), body=body)
    deliver([staged, *[make_delivery(box) for box in boxes], *[make_delivery(box, uidl="old") for box in boxes]])
    Mailbox.objects.filter(id=boxes[0].pk).update(quota=1)
    deliver([make_delivery(boxes[0])])


def mail_goes(boxes: list[Mailbox]) -> None:
    renew(PROCESS)
    opened = open_maildrops([make_opening(box) for box in boxes])
    open_maildrops([make_opening(box, exclusive=True) for box in boxes])
    sessions = [each for each in opened if isinstance(each, Opened)]
    listings = list_maildrops([Wanted(box.pk, each.change) for box, each in zip(boxes, sessions, strict=True)])
    pages = [list(listing.ids) for listing in listings]
    unique_ids(pages)
    read_bodies([number for page in pages for number in page])
    read_chunks([(number, 0) for page in pages for number in page])
    re_take(
        [
            Held(each.session, each.change, boxes[0].created, make_opening(box))
            for box, each in zip(boxes, sessions, strict=True)
        ]
    )
    close_maildrops(
        [
            make_closing(box, each, page[:2], page)
            for box, each, page in zip(boxes[:15], sessions[:15], pages[:15], strict=True)
        ]
    )
    close_maildrops([make_closing(box, each) for box, each in zip(boxes[15:], sessions[15:], strict=True)])
    record.attempts([record.RefusedSignIn(box.pk, "pop3", None, "wrong") for box in boxes])
    record.refusals([record.Refusal(box.pk, "452") for box in boxes])


def pages_and_owners(box: Mailbox) -> None:
    for order in ("newest", "oldest", "largest"):
        shown = overview.waiting(box.pk, order=order)  # type: ignore[arg-type]
    gone = overview.removed_messages(box.pk)
    overview.message(box.pk, shown[0].id)
    overview.fetched_by([each.id for each in shown])
    overview.live_sessions(box.pk)
    overview.end_session(box.pk, 1)
    retention.remove_messages(box.pk, [each.id for each in shown])
    retention.restore(box.pk, [each.id for each in gone])
    retention.delete_for_good(box.pk, [each.id for each in shown])
