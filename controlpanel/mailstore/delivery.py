"""Accept messages: chunks first, then one short transaction that counts and adds, committed before it returns.

A message whose octets are at hand goes to `deliver` with its chunks. A large one is staged while it arrives:
`new_bodies`, `stage_chunks` as often as needed, `copy_chunks` for further recipients, then `deliver`, or
`discard_bodies`. Each recipient has a body of its own. The functions are in staging.py.
"""

import base64
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from controlpanel import database
from controlpanel.database import fitting
from controlpanel.journal import record
from controlpanel.mailboxes.recipients import Closed, OverQuota
from controlpanel.mailstore import ascii_headers, held, onward
from controlpanel.mailstore.held import Aside
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.onward import Passed, Passing
from controlpanel.mailstore.room import Room, note_full, read_rooms
from controlpanel.mailstore.staging import (
    Chunk,
    copy_chunks,
    discard_bodies,
    in_chunks,
    lock_staged,
    name_staged,
    new_bodies,
    stage_chunks,
)

__all__ = [
    "AlreadyThere",
    "Aside",
    "Chunk",
    "Closed",
    "Delivered",
    "Delivery",
    "OverQuota",
    "Passed",
    "copy_chunks",
    "deliver",
    "discard_bodies",
    "in_chunks",
    "new_bodies",
    "stage_chunks",
]

ELSEWHERE = -1  # and below
CLOSED_REPLY = "550 5.2.1"
OVER_QUOTA_REPLY = {"defer": "452 4.2.2", "refuse": "552 5.2.2"}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for a mailbox, its body either `chunks` at hand or the number of a staged `body`.

    `octets`: its length, CRLF line ends, before dot-stuffing. `recipient`: the address that brought it here.
    `uidl`, `received`: for imports; else they are made here.
    `force`: may exceed the quota, and goes into a closed mailbox. `passing`: what came by LMTP may be handed on; then a
    `mailbox_id` of ELSEWHERE is none, for an alias whose addresses are all elsewhere. `spam`: it is marked so.
    `raw_header`: the header, where it goes beyond ASCII.
    """

    mailbox_id: int
    octets: int
    chunks: Sequence[bytes] = ()
    body: int | None = None
    sender: str = ""
    recipient: str = ""
    message_id: str = ""
    from_header: str = ""
    subject: str = ""
    date_header: str = ""
    uidl: str | None = None
    received: datetime | None = None
    force: bool = False
    passing: Passing | None = None
    raw_header: bytes = b""
    spam: bool = False

    def said(self) -> dict[str, str]:
        """Return what its envelope and header say, as rows keep it: by column, no longer than that takes."""
        return {
            "sender": fitting(self.sender, 320),
            "recipient": fitting(self.recipient, 320),
            "message_id": fitting(self.message_id, 320),
            "from_header": fitting(self.from_header, 400),
            "subject": fitting(self.subject, 400),
            "date_header": fitting(self.date_header, 100),
        }


@dataclass(frozen=True, slots=True)
class Delivered:
    """On disk. `message_id`: the Message row."""

    message_id: int


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The mailbox has, or had, a message of this unique id: an import that runs again."""


Result = Delivered | Passed | Aside | OverQuota | Closed | AlreadyThere


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that is let in, as its row will be."""

    mailbox_id: int
    body: int
    octets: int
    uidl: str
    added: int
    received: datetime | None
    sender: str
    recipient: str
    message_id: str
    from_header: str
    subject: str
    date_header: str


def deliver(deliveries: Sequence[Delivery]) -> list[Result]:
    """Add messages, one result each, in order; the same mailbox may stand among them many times.

    A staged body whose message is refused stays staged: discard it. Raises BodyGoneError where a staged body is not
    there, or not as long as `octets` says.
    """
    with transaction.atomic(durable=True):
        bodies = _write(deliveries)
        lock_usages({delivery.mailbox_id for delivery in deliveries})
        rooms = read_rooms(
            {it.mailbox_id for it in deliveries}, [(it.mailbox_id, it.uidl) for it in deliveries if it.uidl]
        )
        admitted = [_admit(delivery, body, rooms) for delivery, body in zip(deliveries, bodies, strict=True)]
        note_full(rooms.values())
        added = add([it for it in admitted if isinstance(it, Arrival)])
        ascii_headers.keep(
            [
                (it.mailbox_id, added[arrival.body], it.raw_header)
                for it, arrival in zip(deliveries, admitted, strict=True)
                if it.raw_header and isinstance(arrival, Arrival)
            ]
        )
        outward = onward.outward(zip(deliveries, bodies, admitted, strict=True), added, rooms)
        onward.enqueue(outward)
        aside = held.hold([it for it in admitted if isinstance(it, Aside)])
        _finish(deliveries, bodies, admitted, added.keys() | aside | {each.body for each in outward})
    return [Delivered(added[it.body]) if isinstance(it, Arrival) else it for it in admitted]


# The body of a chunk is here the place of its message among these.
WRITE = """
WITH numbered AS MATERIALIZED (
    SELECT array_agg(nextval('mailstore_body')) AS bodies FROM generate_series(1, %(messages)s::bigint)
), written AS (
    INSERT INTO mailstore_messagechunk (body, sequence, octets)
    SELECT bodies[place], sequence, octets
    FROM numbered, unnest(%(body)s::integer[], %(sequence)s::integer[], %(octets)b::bytea[])
        AS chunk (place, sequence, octets)
)
SELECT unnest(bodies) FROM numbered
"""


def _write(deliveries: Sequence[Delivery]) -> list[int]:
    """Write the chunks that are at hand, hold the staged bodies, and return the body of each delivery."""
    lock_staged([(it.body, it.octets) for it in deliveries if it.body is not None])
    at_hand = [it for it in deliveries if it.body is None]
    if any(sum(map(len, it.chunks)) != it.octets for it in at_hand):
        raise ValueError("a message is not as long as its delivery says")
    chunks = [Chunk(place, *each) for place, it in enumerate(at_hand, 1) for each in enumerate(it.chunks)]
    values = database.columns(chunks, *Chunk.__slots__)
    numbers = iter(database.rows(WRITE, messages=len(at_hand), **values) if at_hand else ())
    return [next(numbers)[0] if it.body is None else it.body for it in deliveries]


Admitted = Arrival | Passed | Aside | OverQuota | Closed | AlreadyThere


def _admit(delivery: Delivery, body: int, rooms: Mapping[int, Room]) -> Admitted:
    if delivery.mailbox_id <= ELSEWHERE:
        return Passed()
    room = rooms.get(delivery.mailbox_id)
    if room is None or (room.closed and not delivery.force):
        return Closed((delivery.mailbox_id,))
    if delivery.uidl in room.uidls:
        return AlreadyThere()
    if delivery.spam and room.hold_spam:
        return held.aside(delivery, body)
    if not room.forward_keep and onward.own(delivery, room):
        return Passed()
    if not delivery.force and (refusal := room.over_quota(delivery.octets)):
        return refusal
    uidl = delivery.uidl or new_uidl()
    room.uidls.add(uidl)
    return Arrival(
        mailbox_id=delivery.mailbox_id,
        body=body,
        octets=delivery.octets,
        uidl=uidl,
        added=room.take(delivery.octets, forced=delivery.force),
        received=delivery.received,
        **delivery.said(),
    )


def new_uidl() -> str:
    """Return a unique id: 80 random bits in 16 letters and digits that no client can take for one another by case.

    Random, so that it tells nothing and is never used twice, not even after its row is forgotten.
    """
    return base64.b32encode(secrets.token_bytes(10)).decode().lower()


ADD = """
WITH arrived AS (
    SELECT * FROM unnest(%(mailbox_id)s::bigint[], %(body)s::bigint[], %(octets)s::bigint[], %(uidl)s::text[],
                         %(added)s::bigint[], %(received)s::timestamptz[], %(sender)s::text[], %(recipient)s::text[],
                         %(message_id)s::text[], %(from_header)s::text[], %(subject)s::text[], %(date_header)s::text[])
        AS arrived (mailbox_id, body, octets, uidl, added, received, sender, recipient, message_id,
                    from_header, subject, date_header)
), counted AS (
    UPDATE mailboxes_usage AS usage
    SET messages = usage.messages + sums.messages, octets = usage.octets + sums.octets, change = sums.change
    FROM (SELECT mailbox_id, count(*) AS messages, sum(octets) AS octets, max(added) AS change
          FROM arrived GROUP BY mailbox_id) AS sums
    WHERE usage.mailbox_id = sums.mailbox_id
)
INSERT INTO mailstore_message (mailbox_id, body, octets, uidl, added, received, sender, recipient, message_id,
                               from_header, subject, date_header, removed_how, removed_device)
SELECT mailbox_id, body, octets, uidl, added, COALESCE(received, now()), sender, recipient, message_id,
       from_header, subject, date_header, '', ''
FROM arrived
RETURNING body, id
"""


def add(arrivals: Sequence[Arrival]) -> dict[int, int]:
    """Add the messages and count them, under their Usage locks. Returns the Message row of each body."""
    return dict(database.rows(ADD, **database.columns(arrivals))) if arrivals else {}


DROP_CHUNKS = "DELETE FROM mailstore_messagechunk WHERE body = ANY(%(bodies)s::bigint[])"


def _finish(
    deliveries: Sequence[Delivery], bodies: Sequence[int], admitted: Sequence[Admitted], wanted: Collection[int]
) -> None:
    """Take staged bodies that are `wanted` out of the sweep's reach, drop others' chunks, and tell the owners."""
    name_staged(body for it, body in zip(deliveries, bodies, strict=True) if it.body and body in wanted)
    at_hand = [body for it, body in zip(deliveries, bodies, strict=True) if it.body is None]
    if unwanted := [body for body in at_hand if body not in wanted]:
        database.run(DROP_CHUNKS, bodies=unwanted)
    results = zip(deliveries, admitted, strict=True)
    record.refusals([_refusal(it, result) for it, result in results if isinstance(result, OverQuota | Closed)])


def _refusal(delivery: Delivery, result: OverQuota | Closed) -> record.Refusal:
    reply = OVER_QUOTA_REPLY[result.policy] if isinstance(result, OverQuota) else CLOSED_REPLY
    return record.Refusal(
        delivery.mailbox_id, reply, delivery.sender, delivery.message_id, delivery.octets, delivery.recipient
    )
