"""Remove messages: hidden from later sessions, counted apart, restorable."""

from collections.abc import Sequence
from dataclasses import dataclass

from controlpanel import database
from controlpanel.mailstore.models import Removal


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that shall go, and who asked: a session and its device, or nobody that has one."""

    id: int
    mailbox_id: int
    session: int | None = None
    device: str = ""
    address: str | None = None


# Every removal of a mailbox happens under its Usage lock, so what is present now stays so until this statement ends.
# A message that two sessions of a batch remove goes to the first. What a session removed before counts as its own
# again: a QUIT is asked a second time where the answer to the first was lost with the connection.
REMOVE = """
WITH asked AS (
    SELECT DISTINCT ON (id) id, mailbox_id, session, device, address
    FROM unnest(%(id)s::bigint[], %(mailbox_id)s::bigint[], %(session)s::bigint[], %(device)s::text[],
                %(address)s::inet[])
        WITH ORDINALITY AS asked (id, mailbox_id, session, device, address, place)
    ORDER BY id, place
), removed AS (
    UPDATE mailstore_message AS message
    SET removed = usage.change + 1, removed_at = now(), removed_how = %(how)s::text,
        removed_by = asked.session, removed_device = asked.device, removed_address = asked.address
    FROM asked JOIN mailboxes_usage AS usage ON usage.mailbox_id = asked.mailbox_id
    WHERE message.id = asked.id AND message.mailbox_id = asked.mailbox_id AND message.removed IS NULL
    RETURNING message.mailbox_id, message.octets, asked.session
), refunded AS (
    UPDATE mailboxes_usage AS usage
    SET change = usage.change + 1,
        messages = usage.messages - sums.messages, octets = usage.octets - sums.octets,
        removed_messages = usage.removed_messages + sums.messages, removed_octets = usage.removed_octets + sums.octets
    FROM (SELECT mailbox_id, count(*) AS messages, sum(octets) AS octets FROM removed GROUP BY mailbox_id) AS sums
    WHERE usage.mailbox_id = sums.mailbox_id
)
SELECT session, count(*)
FROM (
    SELECT session FROM removed
    UNION ALL
    SELECT asked.session FROM asked JOIN mailstore_message USING (id) WHERE removed_by = asked.session
) AS by_session
GROUP BY session
"""


# One that a form holds is noted by the next message that finds room.
ROOM_AGAIN = """
WITH roomy AS (
    SELECT mailbox.id FROM mailboxes_mailbox AS mailbox JOIN mailboxes_usage AS usage ON usage.mailbox_id = mailbox.id
    WHERE mailbox.id = ANY(%(mailbox_id)s::bigint[]) AND full_since IS NOT NULL
      AND (quota IS NULL OR usage.octets < quota)
    FOR NO KEY UPDATE OF mailbox SKIP LOCKED
)
UPDATE mailboxes_mailbox AS mailbox SET full_since = NULL FROM roomy WHERE mailbox.id = roomy.id
"""


def remove(asked: Sequence[Asked], how: Removal) -> dict[int | None, int]:
    """Remove what is still present, under the Usage locks of their mailboxes. Returns how many each session removed."""
    if not asked:
        return {}
    removed: dict[int | None, int] = dict(database.rows(REMOVE, how=how.value, **database.columns(asked)))
    if removed:
        database.run(ROOM_AGAIN, mailbox_id=list({each.mailbox_id for each in asked}))
    return removed
