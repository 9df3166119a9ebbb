"""Dialogues that somebody wants to read: written when their session has ended, and counted off what was asked for.

Who signs in is counted; a refused sign-in, which anybody can make, is kept as well but uses up nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from controlpanel import database

MOST = 50  # of one mailbox


@dataclass(frozen=True, slots=True)
class Spoken:
    """A session's dialogue. `entries`: milliseconds since `started`, who spoke (C, S or ""), and what."""

    mailbox_id: int
    signed_in: bool
    started: datetime
    device: str
    address: str | None
    tls: str
    mechanism: str
    ended_by: str
    entries: Sequence[tuple[int, str, str]]


KEEP = """
INSERT INTO journal_dialogue (mailbox_id, signed_in, started, ended, device, address, tls, mechanism, ended_by, entries)
SELECT mailbox_id, signed_in, started, now(), device, address, tls, mechanism, ended_by, entries::jsonb
FROM unnest(%(mailbox_id)s::bigint[], %(signed_in)s::boolean[], %(started)s::timestamptz[], %(device)s::text[],
            %(address)s::inet[], %(tls)s::text[], %(mechanism)s::text[], %(ended_by)s::text[], %(entries)s::text[])
    AS spoken (mailbox_id, signed_in, started, device, address, tls, mechanism, ended_by, entries)
WHERE (SELECT count(*) FROM journal_dialogue AS kept WHERE kept.mailbox_id = spoken.mailbox_id) < %(most)s::bigint
"""

COUNT_OFF = """
WITH spoken AS (
    SELECT mailbox_id, count(*) AS sessions FROM unnest(%(mailboxes)s::bigint[]) AS spoken (mailbox_id)
    GROUP BY mailbox_id
), held AS (
    SELECT id FROM mailboxes_mailbox WHERE id IN (SELECT mailbox_id FROM spoken) ORDER BY id FOR NO KEY UPDATE
)
UPDATE mailboxes_mailbox AS mailbox SET record_sessions = greatest(0, mailbox.record_sessions - spoken.sessions)
FROM spoken JOIN held ON held.id = spoken.mailbox_id WHERE mailbox.id = spoken.mailbox_id
"""


def keep(dialogues: Sequence[Spoken]) -> None:
    """Write dialogues down, about 50 of a mailbox, and count off those of sessions that signed in."""
    values = database.columns(dialogues) | {"entries": [json.dumps(each.entries) for each in dialogues]}
    with transaction.atomic():
        database.run(KEEP, most=MOST, **values)
        database.run(COUNT_OFF, mailboxes=[each.mailbox_id for each in dialogues if each.signed_in])
