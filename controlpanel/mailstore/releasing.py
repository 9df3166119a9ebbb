"""Let held messages into the mailbox: each arrives at the end of the maildrop, under a new unique id."""

from collections.abc import Sequence

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.delivery import Arrival, add, new_uidl
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.room import Room, note_full, read_rooms

TAKE = """
WITH taken AS (
    DELETE FROM mailstore_held WHERE mailbox_id = %(mailbox)s::bigint AND id = ANY(%(ids)s::bigint[])
    RETURNING id, body, octets, sender, recipient, message_id, from_header, subject, date_header
)
SELECT body, octets, sender, recipient, message_id, from_header, subject, date_header FROM taken ORDER BY id
"""


def release(mailbox_id: int, ids: Sequence[int]) -> int:
    """Add held messages as if they came now. Returns how many were still there.

    It may exceed the quota: what was held was taken from its sender long ago.
    """
    with transaction.atomic():
        lock_usages([mailbox_id])
        rooms = read_rooms([mailbox_id], [])
        taken = database.rows(TAKE, mailbox=mailbox_id, ids=list(ids))
        add([_arrival(rooms[mailbox_id], *row) for row in taken])
        note_full(rooms.values())
    return len(taken)


def _arrival(room: Room, body: int, octets: int, *fields: str) -> Arrival:
    names = ("sender", "recipient", "message_id", "from_header", "subject", "date_header")
    return Arrival(
        mailbox_id=room.mailbox_id,
        body=body,
        octets=octets,
        uidl=new_uidl(),
        added=room.take(octets, forced=True),
        received=None,
        **dict(zip(names, fields, strict=True)),
    )
