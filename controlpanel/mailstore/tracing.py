"""Find out what became of a message: it arrived, who fetched it, who removed it, when it went; or it was refused.

Message and Fetched rows outlive the content by 90 days (retention.forget), rows of refused mail stay as long; so what
is looked for here is what is known, and nothing is written down for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from controlpanel import database
from controlpanel.mailstore.overview import FetchedBy, fetched_by

LOOKED_THROUGH = 20_000  # messages of one search, the newest of its days


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look for. `text`: a part of sender, recipient or Message-ID, "" for any; `since` <= moment < `until`.

    `message_id` instead: that Message-ID alone, whole, with or without its angle brackets.
    """

    mailbox_id: int
    since: datetime
    until: datetime
    text: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came in. `gone_at`: purged then, or with `restored` put back, which is a row of its own."""

    id: int
    octets: int
    received: datetime
    sender: str
    recipient: str
    message_id: str
    from_header: str
    subject: str
    removed_at: datetime | None
    how: str
    device: str
    address: str | None
    gone_at: datetime | None
    restored: bool
    fetched: Sequence[FetchedBy] = ()

    @property
    def at(self) -> datetime:
        return self.received


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that was refused, with the reply to the server that brought it. `octets` 0: it did not say."""

    at: datetime
    sender: str
    recipient: str
    message_id: str
    octets: int
    reply: str


@dataclass(frozen=True, slots=True)
class Found:
    """The newest first. `all_seen`: the search looked through everything of its days."""

    rows: Sequence[Arrived | Refused]
    all_seen: bool


# What fits is chosen from few columns of a bounded number of rows, which an index gives in order of arrival.
ARRIVED = """
WITH walked AS MATERIALIZED (
    SELECT id, received,
           (%(text)s::text = '' OR position(%(text)s::text in lower(sender)) > 0
            OR position(%(text)s::text in lower(recipient)) > 0 OR position(%(text)s::text in lower(from_header)) > 0
            OR position(%(text)s::text in lower(message_id)) > 0)
           AND (%(whole)s::text = '' OR btrim(message_id, '<> ') = %(whole)s::text) AS fits
    FROM mailstore_message
    WHERE mailbox_id = %(mailbox)s::bigint
      AND received >= %(since)s::timestamptz AND received < %(until)s::timestamptz
    ORDER BY received DESC LIMIT %(walk)s::bigint
), page AS (
    SELECT id FROM walked WHERE fits ORDER BY received DESC, id DESC LIMIT %(limit)s::bigint
)
SELECT (SELECT count(*) FROM walked), message.id, octets, received, sender, recipient, message_id, from_header, subject,
       removed_at, removed_how, removed_device, host(removed_address), gone_at, restored_as IS NOT NULL
FROM (SELECT) AS one LEFT JOIN (page JOIN mailstore_message AS message USING (id)) ON true
ORDER BY received DESC, message.id DESC
"""

REFUSED = """
SELECT at, sender, recipient, message_id, octets, reply
FROM journal_refusedmessage
WHERE mailbox_id = %(mailbox)s::bigint AND at >= %(since)s::timestamptz AND at < %(until)s::timestamptz
  AND (%(text)s::text = '' OR position(%(text)s::text in lower(sender)) > 0
       OR position(%(text)s::text in lower(recipient)) > 0 OR position(%(text)s::text in lower(message_id)) > 0)
  AND (%(whole)s::text = '' OR btrim(message_id, '<> ') = %(whole)s::text)
ORDER BY at DESC, id DESC LIMIT %(limit)s::bigint
"""


def find(asked: Asked, *, limit: int = 50, offset: int = 0) -> Found:
    """Return what arrived and what was refused, from `offset` on, at most `limit`; three statements."""
    most = offset + limit
    arrived, all_seen = _arrived(asked, most)
    rows: list[Arrived | Refused] = [*arrived, *_refused(asked, most)]
    rows.sort(key=lambda row: row.at, reverse=True)
    return Found(_with_fetched(rows[offset:most]), all_seen)


def _values(asked: Asked) -> dict[str, object]:
    return {
        "mailbox": asked.mailbox_id,
        "since": asked.since,
        "until": asked.until,
        "text": asked.text.lower(),
        "whole": asked.message_id.strip("<> "),
    }


def _arrived(asked: Asked, most: int) -> tuple[list[Arrived], bool]:
    """Without anything to compare, no more is walked through than is shown."""
    walk = LOOKED_THROUGH if asked.text or asked.message_id else most
    found = database.rows(ARRIVED, walk=walk, limit=most, **_values(asked))
    rows = [Arrived(*row) for _walked, *row in found if row[0] is not None]
    return rows, walk == most or found[0][0] < walk


def _refused(asked: Asked, most: int) -> list[Refused]:
    return [Refused(*row) for row in database.rows(REFUSED, limit=most, **_values(asked))]


def _with_fetched(rows: Sequence[Arrived | Refused]) -> list[Arrived | Refused]:
    fetched = fetched_by([row.id for row in rows if isinstance(row, Arrived)])
    return [replace(row, fetched=fetched.get(row.id, ())) if isinstance(row, Arrived) else row for row in rows]
