"""What is held as spam: apart from the maildrop, bounded, for 30 days, until its owner says what it is.

A mailbox holds 64 MiB at most, or a quarter of its quota, and 1,000 messages: the oldest go first, the newest always
stays. All of it but expiry happens under the mailbox's Usage lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.locks import lock_usages

if TYPE_CHECKING:
    from controlpanel.mailstore.delivery import Delivery

DAYS = 30
MOST_OCTETS = 64 * 2**20
MOST_MESSAGES = 1000
MESSAGES_A_STEP = 250


@dataclass(frozen=True, slots=True)
class Aside:
    """The result of a delivery that is on disk, held as spam; and its row."""

    mailbox_id: int
    body: int
    octets: int
    sender: str
    recipient: str
    message_id: str
    from_header: str
    subject: str
    date_header: str


def aside(delivery: "Delivery", body: int) -> Aside:
    return Aside(
        mailbox_id=delivery.mailbox_id,
        body=body,
        octets=delivery.octets,
        **delivery.said(),
    )


HOLD = """
INSERT INTO mailstore_held (mailbox_id, body, octets, received, told, sender, recipient, message_id, from_header,
                            subject, date_header)
SELECT mailbox_id, body, octets, now(), false, sender, recipient, message_id, from_header, subject, date_header
FROM unnest(%(mailbox_id)s::bigint[], %(body)s::bigint[], %(octets)s::bigint[], %(sender)s::text[],
            %(recipient)s::text[], %(message_id)s::text[], %(from_header)s::text[], %(subject)s::text[],
            %(date_header)s::text[])
    AS aside (mailbox_id, body, octets, sender, recipient, message_id, from_header, subject, date_header)
"""

# What is newer than a message fills the room already: then it goes.
MAKE_ROOM = """
WITH ordered AS (
    SELECT held.id, sum(held.octets) OVER newer - held.octets AS before, count(*) OVER newer AS place,
           LEAST(COALESCE(mailbox.quota / 4, %(octets)s::bigint), %(octets)s::bigint) AS most
    FROM mailstore_held AS held JOIN mailboxes_mailbox AS mailbox ON mailbox.id = held.mailbox_id
    WHERE held.mailbox_id = ANY(%(mailboxes)s::bigint[])
    WINDOW newer AS (PARTITION BY held.mailbox_id ORDER BY held.id DESC)
), gone AS (
    DELETE FROM mailstore_held
    WHERE id IN (SELECT id FROM ordered WHERE place > 1 AND (before >= most OR place > %(messages)s::bigint))
    RETURNING body
)
DELETE FROM mailstore_messagechunk AS chunk USING gone WHERE chunk.body = gone.body
"""


def hold(asides: Sequence[Aside]) -> set[int]:
    """Hold messages in the caller's transaction, which holds the Usage locks. Returns their bodies."""
    if asides:
        mailboxes = list({it.mailbox_id for it in asides})
        database.run(HOLD, **database.columns(asides))
        database.run(MAKE_ROOM, mailboxes=mailboxes, octets=MOST_OCTETS, messages=MOST_MESSAGES)
    return {it.body for it in asides}


DROP = """
WITH gone AS (
    DELETE FROM mailstore_held WHERE mailbox_id = %(mailbox)s::bigint AND id = ANY(%(ids)s::bigint[]) RETURNING body
), chunks AS (
    DELETE FROM mailstore_messagechunk AS chunk USING gone WHERE chunk.body = gone.body
)
SELECT count(*) FROM gone
"""


def drop(mailbox_id: int, ids: Sequence[int]) -> int:
    """Delete held messages for good. Returns how many were still there."""
    with transaction.atomic():
        lock_usages([mailbox_id])
        count: int = database.rows(DROP, mailbox=mailbox_id, ids=list(ids))[0][0]
    return count


EXPIRE = """
WITH old AS (
    SELECT id, body FROM mailstore_held WHERE received < now() - make_interval(days => %(days)s)
    ORDER BY received LIMIT %(messages)s::bigint FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM mailstore_held AS held USING old WHERE held.id = old.id
), chunks AS (
    DELETE FROM mailstore_messagechunk AS chunk USING old WHERE chunk.body = old.body
)
SELECT count(*) FROM old
"""


def expire() -> bool:
    """Drop what has been held for 30 days: a bounded step, that says whether there may be more."""
    with transaction.atomic():
        return bool(database.rows(EXPIRE, days=DAYS, messages=MESSAGES_A_STEP)[0][0])


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A held message as its owner sees it. Header fields come raw, see headers.py."""

    id: int
    octets: int
    received: datetime
    sender: str
    recipient: str
    message_id: str
    from_header: str
    subject: str
    date_header: str
    kept_until: datetime


LISTED = """
SELECT id, octets, received, sender, recipient, message_id, from_header, subject, date_header,
       received + make_interval(days => %(days)s)
FROM mailstore_held WHERE mailbox_id = %(mailbox)s::bigint
ORDER BY id DESC LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
"""


def listed(mailbox_id: int, *, limit: int = 50, offset: int = 0) -> list[HeldMessage]:
    """Return a page of what a mailbox holds, the last first."""
    found = database.rows(LISTED, mailbox=mailbox_id, days=DAYS, limit=limit, offset=offset)
    return [HeldMessage(*row) for row in found]


COUNT = "SELECT count(*) FROM mailstore_held WHERE mailbox_id = %(mailbox)s::bigint"


def count(mailbox_id: int) -> int:
    found: int = database.rows(COUNT, mailbox=mailbox_id)[0][0]
    return found
