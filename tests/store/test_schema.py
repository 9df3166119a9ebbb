"""What Django's models cannot say about the tables, read back from the catalogue."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from controlpanel.mailstore.models import Message, MessageChunk
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db


def ask(question: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchall()


def test_bodies_are_stored_as_they_are() -> None:
    [(storage,)] = ask(
        "SELECT attstorage FROM pg_attribute WHERE attrelid = 'mailstore_messagechunk'::regclass AND attname = 'octets'"
    )
    assert storage == "e"


def test_who_is_connected_is_not_logged() -> None:
    unlogged = {name for (name,) in ask("SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'")}
    assert unlogged == {"mailstore_session", "mailstore_process", "mailstore_sincecrash", "mailstore_lastlogin"}


@pytest.mark.parametrize("octets", [b"", b"x" * (256 * 1024 + 1)])
def test_a_chunk_is_neither_empty_nor_larger_than_256_kib(octets: bytes) -> None:
    with pytest.raises(IntegrityError, match="message_chunk_octets"), transaction.atomic():
        MessageChunk.objects.create(body=1, sequence=0, octets=octets)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("message_octets_positive", {"octets": 0}),
        ("message_uidl_shape", {"uidl": ""}),
        ("message_uidl_shape", {"uidl": "a b"}),
        ("message_uidl_shape", {"uidl": "\u00e9"}),
        ("message_uidl_unique", {"uidl": "first"}),
        ("message_present", {"added": 1}),
        ("message_gone_was_removed", {"body": None}),
        ("message_gone_was_removed", {"gone_at": timezone.now()}),
        ("message_gone_was_removed", {"restored_as": 1}),
        ("message_removed_when", {"removed": 3}),
        ("message_removed_when", {"removed_at": timezone.now()}),
        ("message_removed_after_added", {"removed": 2, "removed_at": timezone.now()}),
        ("message_first_added_before", {"first_added": 2}),
    ],
)
def test_a_message_that_cannot_be(constraint: str, fields: dict[str, object]) -> None:
    box = make_mailbox()
    row = {"mailbox": box, "body": 1, "octets": 1, "uidl": "x", "added": 2, "received": timezone.now()}
    Message.objects.create(**{**row, "uidl": "first", "added": 1})
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Message.objects.create(**{**row, **fields})
