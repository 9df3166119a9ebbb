"""How a removed message goes: not counted any more and not restorable, its body left to the sweep."""

from collections.abc import Collection

from controlpanel import database

GO = """
WITH gone AS (
    UPDATE mailstore_message SET gone_at = now()
    WHERE id = ANY(%(ids)s::bigint[]) AND mailbox_id = ANY(%(mailboxes)s::bigint[])
      AND removed IS NOT NULL AND gone_at IS NULL
    RETURNING mailbox_id, octets
), refunded AS (
    UPDATE mailboxes_usage AS usage
    SET removed_messages = usage.removed_messages - sums.messages, removed_octets = usage.removed_octets - sums.octets
    FROM (SELECT mailbox_id, count(*) AS messages, sum(octets) AS octets FROM gone GROUP BY mailbox_id) AS sums
    WHERE usage.mailbox_id = sums.mailbox_id
)
SELECT count(*) FROM gone
"""


def go(mailboxes: Collection[int], ids: Collection[int]) -> int:
    """Let those of `ids` go that these mailboxes hold as removed, under their Usage locks. Returns how many."""
    count: int = database.rows(GO, mailboxes=list(mailboxes), ids=list(ids))[0][0]
    return count
