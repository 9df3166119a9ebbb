"""What comes back: bounces to senders that we rewrote, and mail of our own that the relay will not take."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from controlpanel import database
from controlpanel.database import fitting
from controlpanel.mailstore.beside import Errand, Fate
from controlpanel.mailstore.delivery import Arrival, add, new_uidl
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.onward import queue, reports, senders
from controlpanel.mailstore.onward.queue import Claimed, Outward
from controlpanel.mailstore.room import note_full, read_rooms
from controlpanel.mailstore.staging import in_chunks


@dataclass(frozen=True, slots=True)
class Bounce:
    """Mail without a sender for a rewritten address. `octets`: its first 256 KiB; `whole`: there is no more of it."""

    address: str
    octets: bytes
    whole: bool


# Of what left under that sender: it takes one bounce for each.
SENT = """
SELECT id, recipient FROM mailstore_outgoing
WHERE envelope = %(envelope)s::text AND fate = 'sent' ORDER BY ended DESC LIMIT 100 FOR NO KEY UPDATE
"""

RETURN = "UPDATE mailstore_outgoing SET fate = 'returned', reply = %(reply)s::text WHERE id = %(id)s::bigint"


def take(bounce: Bounce) -> bool:
    """Record that forwarded mail came back, and tell the first sender by the bounce itself. False: nobody waits for it.

    Each message that we sent on is answered for once, so whoever learns a rewritten address can send nothing by it.
    """
    report = reports.read(bounce.octets)
    first = senders.first_sender(bounce.address, timezone.now())
    if not report.failed or first is None:
        return False
    with transaction.atomic(durable=True):
        sent = database.rows(SENT, envelope=bounce.address.lower())
        named = [number for number, recipient in sent if recipient.lower() in report.recipients]
        if not sent or (report.recipients and not named):
            return False
        database.run(RETURN, id=(named or [sent[0][0]])[0], reply=fitting(report.reply, 400))
        if bounce.whole:
            tell(bounce.address, first, bounce.octets)
    return True


WRITE = """
WITH numbered AS MATERIALIZED (SELECT nextval('mailstore_body') AS body)
INSERT INTO mailstore_messagechunk (body, sequence, octets)
SELECT body, place - 1, octets
FROM numbered, unnest(%(octets)b::bytea[]) WITH ORDINALITY AS chunk (octets, place)
RETURNING body
"""


def tell(forwarder: str, recipient: str, octets: bytes) -> None:
    """Queue a message without a sender, which nobody answers, in the caller's transaction."""
    [(body,), *_] = database.rows(WRITE, octets=in_chunks(octets))
    told = Outward(
        errand=Errand.NOTICE.value,
        mailbox_id=None,
        forwarder=fitting(forwarder, 320),
        sender="",
        recipient=fitting(recipient, 320),
        body=body,
        octets=len(octets),
        head=0,
        kept=False,
    )
    queue.enqueue([told])


KEEP = "UPDATE mailstore_outgoing SET kept = true WHERE body = %(body)s::bigint"


def put_back(claimed: Claimed, fate: Fate, reply: str) -> bool:
    """End a message that did not get away, and leave it in the mailbox whose it is. False: that is not there any more.

    Nothing is asked of its quota: the mail was taken long ago.
    """
    assert claimed.mailbox_id is not None, "an alias has no mailbox"
    with transaction.atomic():
        lock_usages([claimed.mailbox_id])
        queue.hold(claimed.body)
        rooms = read_rooms([claimed.mailbox_id], [])
        if claimed.mailbox_id not in rooms:
            return False
        if queue.still_alone(claimed):
            add([_arrival(claimed, rooms[claimed.mailbox_id].take(claimed.octets, forced=True))])
            note_full(rooms.values())
            database.run(KEEP, body=claimed.body)
        queue.end(claimed, fate, reply)
    return True


def _arrival(claimed: Claimed, added: int) -> Arrival:
    return Arrival(
        mailbox_id=claimed.mailbox_id or 0,
        body=claimed.body,
        octets=claimed.octets,
        uidl=new_uidl(),
        added=added,
        received=None,
        sender=claimed.sender,
        recipient=claimed.forwarder,
        message_id=claimed.message_id,
        from_header=claimed.from_header,
        subject=claimed.subject,
        date_header=claimed.date_header,
    )
