"""What the owner of a mailbox does in the panel: remove, restore, delete for good."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.delivery import new_uidl
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.models import Removal
from controlpanel.mailstore.removal import Asked, remove
from controlpanel.mailstore.retention.going import go


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `over_quota`: the mailbox now holds more than its quota, so new mail waits or is refused."""

    messages: int
    octets: int
    over_quota: bool


def remove_messages(mailbox_id: int, ids: Sequence[int]) -> int:
    """Remove messages as a client's QUIT does. Returns how many were still there."""
    with transaction.atomic():
        lock_usages([mailbox_id])
        return sum(remove([Asked(number, mailbox_id) for number in ids], Removal.OWNER).values())


def delete_for_good(mailbox_id: int, ids: Sequence[int]) -> int:
    """Let removed messages go at once. Returns how many. A live session that sees one can still read it to its end."""
    with transaction.atomic():
        lock_usages([mailbox_id])
        return go([mailbox_id], ids)


# The new row takes the body over; the old one keeps naming it, for the sessions that list the old one.
RESTORE = """
WITH old AS (
    SELECT message.*, row_number() OVER (ORDER BY message.added) AS place
    FROM mailstore_message AS message
    WHERE id = ANY(%(ids)s::bigint[]) AND mailbox_id = %(mailbox)s::bigint
      AND removed IS NOT NULL AND gone_at IS NULL
), new AS (
    INSERT INTO mailstore_message (mailbox_id, body, octets, uidl, added, first_added, received, sender, recipient,
                                   message_id, from_header, subject, date_header, ascii_header, header_octets,
                                   removed_how, removed_device)
    SELECT old.mailbox_id, old.body, old.octets, (%(uidls)s::text[])[old.place], usage.change + old.place,
           COALESCE(old.first_added, old.added), old.received, old.sender, old.recipient,
           old.message_id, old.from_header, old.subject, old.date_header, old.ascii_header, old.header_octets, '', ''
    FROM old JOIN mailboxes_usage AS usage USING (mailbox_id)
    RETURNING id, body, octets
), moved AS (
    UPDATE mailstore_message AS message SET gone_at = now(), restored_as = new.id
    FROM old JOIN new ON new.body = old.body
    WHERE message.id = old.id
)
UPDATE mailboxes_usage AS usage
SET change = usage.change + sums.messages,
    messages = usage.messages + sums.messages, octets = usage.octets + sums.octets,
    removed_messages = usage.removed_messages - sums.messages, removed_octets = usage.removed_octets - sums.octets
FROM (SELECT count(*) AS messages, COALESCE(sum(octets), 0) AS octets FROM new) AS sums
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = %(mailbox)s::bigint
WHERE usage.mailbox_id = %(mailbox)s::bigint
RETURNING sums.messages, sums.octets::bigint, COALESCE(usage.octets > mailbox.quota, false)
"""


def restore(mailbox_id: int, ids: Sequence[int]) -> Restored:
    """Add removed messages anew at the end of the maildrop, in their old order, each under a new unique id.

    So every device fetches them again. Those that are not removed, or gone, are left out. A restore may exceed the
    quota: who undoes a loss shall not first have to delete, and the cap of what is removed bounds by how much.
    """
    with transaction.atomic():
        lock_usages([mailbox_id])
        found = database.rows(RESTORE, mailbox=mailbox_id, ids=list(ids), uidls=[new_uidl() for _ in ids])
    return Restored(*found[0]) if found else Restored(0, 0, False)
