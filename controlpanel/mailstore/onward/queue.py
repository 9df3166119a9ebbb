"""The queue of mail that leaves: rows that any number of job processes claim, each for minutes at a time.

A claim that is not renewed runs out, and another process sends again: at least once, as SMTP has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from controlpanel import database
from controlpanel.database import fitting
from controlpanel.mailstore.beside import Fate

CLAIM_SECONDS = 600  # longer than the relay may take for a reply
FORGET_DAYS = 30
ROWS_A_STEP = 500
# Minutes from one try to the next; the last holds until the days are over.
PAUSES = (1, 5, 15, 30, 60, 120, 240)
GIVE_UP_DAYS = 5  # RFC 5321 section 4.5.4.1


@dataclass(frozen=True, slots=True)
class Outward:
    """A message for one recipient elsewhere, as its row will be. `mailbox_id`: whose own mail it is, if one's.

    `kept`: the body is that of a message in a mailbox here, which outlives this row.
    """

    errand: str
    mailbox_id: int | None
    forwarder: str
    sender: str
    recipient: str
    body: int
    octets: int
    head: int
    kept: bool
    message_id: str = ""
    from_header: str = ""
    subject: str = ""
    date_header: str = ""


QUEUE = """
INSERT INTO mailstore_outgoing (errand, mailbox_id, forwarder, domain, sender, recipient, envelope, body,
                                octets, head, kept, message_id, from_header, subject, date_header,
                                since, due)
SELECT errand, mailbox_id, forwarder, split_part(forwarder, '@', 2), sender, recipient, '', body, octets, head, kept,
       message_id, from_header, subject, date_header, now(), now()
FROM unnest(%(errand)s::text[], %(mailbox_id)s::bigint[], %(forwarder)s::text[], %(sender)s::text[],
            %(recipient)s::text[], %(body)s::bigint[], %(octets)s::bigint[], %(head)s::integer[], %(kept)s::boolean[],
            %(message_id)s::text[], %(from_header)s::text[], %(subject)s::text[], %(date_header)s::text[])
    AS outward (errand, mailbox_id, forwarder, sender, recipient, body, octets, head, kept,
                message_id, from_header, subject, date_header)
"""


def enqueue(outward: Sequence[Outward]) -> None:
    """Queue messages in the caller's transaction, which wrote their bodies."""
    if outward:
        database.run(QUEUE, **database.columns(outward))


@dataclass(frozen=True, slots=True)
class Claimed(Outward):
    """A row that this process sends now. `tries`: this one too. `age`: seconds since it was queued."""

    id: int = 0
    tries: int = 1
    age: float = 0.0


CLAIM = """
UPDATE mailstore_outgoing SET claimed_until = now() + make_interval(secs => %(seconds)s), tries = tries + 1
WHERE id = (
    SELECT id FROM mailstore_outgoing
    WHERE ended IS NULL AND due <= now() AND (claimed_until IS NULL OR claimed_until < now())
    ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING errand, mailbox_id, forwarder, sender, recipient, body, octets, head, kept,
          message_id, from_header, subject, date_header, id, tries, extract(epoch FROM now() - since)::float8
"""


def claim() -> Claimed | None:
    """Take the message that has been due longest, none where nothing is due."""
    found = database.rows(CLAIM, seconds=float(CLAIM_SECONDS))
    return Claimed(*found[0]) if found else None


RENEW = """
UPDATE mailstore_outgoing SET claimed_until = now() + make_interval(secs => %(seconds)s) WHERE id = %(id)s::bigint
"""

CHUNK = """
SELECT octets FROM mailstore_messagechunk WHERE body = %(body)s::bigint AND sequence = %(sequence)s::integer
"""


def read_chunk(claimed: Claimed, sequence: int) -> bytes | None:
    """Return a chunk of the body, None past its end; the claim is good for ten minutes from here on."""
    database.run(RENEW, id=claimed.id, seconds=float(CLAIM_SECONDS))
    found = database.rows(CHUNK, body=claimed.body, sequence=sequence)
    return bytes(found[0][0]) if found else None


def read_chunks(claimed: Claimed, octets: int) -> bytes:
    """Return at least the first `octets` of the body, or all of it."""
    found, sequence = b"", 0
    while len(found) < octets and (chunk := read_chunk(claimed, sequence)) is not None:
        found += chunk
        sequence += 1
    return found


PUT_OFF = """
UPDATE mailstore_outgoing
SET claimed_until = NULL, due = now() + make_interval(mins => %(minutes)s), reply = %(reply)s::text
WHERE id = %(id)s::bigint AND ended IS NULL
"""


def put_off(claimed: Claimed, reply: str) -> bool:
    """Try again after a pause that grows. False: it has been tried for five days, and is not put off any more."""
    if claimed.age > GIVE_UP_DAYS * 86_400:
        return False
    minutes = PAUSES[min(claimed.tries, len(PAUSES)) - 1]
    database.run(PUT_OFF, id=claimed.id, minutes=minutes, reply=fitting(reply, 400))
    return True


HOLD = "SELECT id FROM mailstore_outgoing WHERE body = %(body)s::bigint ORDER BY id FOR NO KEY UPDATE"

END = """
UPDATE mailstore_outgoing
SET ended = now(), claimed_until = NULL, body = NULL, fate = %(fate)s::text, reply = %(reply)s::text,
    envelope = %(envelope)s::text
WHERE id = %(id)s::bigint AND ended IS NULL
RETURNING kept
"""

DROP_BODY = """
DELETE FROM mailstore_messagechunk WHERE body = %(body)s::bigint
    AND NOT EXISTS (SELECT FROM mailstore_outgoing WHERE body = %(body)s::bigint)
"""


def end(claimed: Claimed, fate: Fate, reply: str, envelope: str = "") -> bool:
    """End a message, and drop its body unless that is a message's own. False: another process has ended it.

    The rows that share a body are held first, so that of two that end together the second drops it.
    """
    with transaction.atomic():
        hold(claimed.body)
        values = {"fate": fate.value, "reply": fitting(reply, 400), "envelope": fitting(envelope.lower(), 320)}
        ended = database.rows(END, id=claimed.id, **values)
        if ended == [(False,)]:
            database.run(DROP_BODY, body=claimed.body)
    return bool(ended)


def hold(body: int) -> None:
    """Lock the rows that name a body until the transaction ends."""
    database.rows(HOLD, body=body)


ALONE = """
SELECT NOT kept FROM mailstore_outgoing WHERE id = %(id)s::bigint AND ended IS NULL
"""


def still_alone(claimed: Claimed) -> bool:
    """Tell, under `hold`, whether this message is not ended yet and no mailbox has its body."""
    return database.rows(ALONE, id=claimed.id) == [(True,)]


FORGET = """
DELETE FROM mailstore_outgoing WHERE id IN (
    SELECT id FROM mailstore_outgoing WHERE ended < now() - make_interval(days => %(days)s)
    ORDER BY ended LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
)
"""


def forget() -> bool:
    """Forget what ended 30 days ago."""
    return database.run(FORGET, days=FORGET_DAYS, rows=ROWS_A_STEP) > 0
