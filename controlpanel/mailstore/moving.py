"""What waits in a mailbox that was handed over goes to the one that took over: rows anew, bodies as they are."""

from django.db import transaction

from controlpanel import database
from controlpanel.mailboxes.models import HandOver
from controlpanel.mailstore.delivery import new_uidl
from controlpanel.mailstore.locks import lock_usages

MESSAGES_A_STEP = 500

# The new row takes the body over; the old one keeps naming it, for a session that still lists the old one.
MOVE = """
WITH old AS (
    SELECT message.*, row_number() OVER (ORDER BY message.added) AS place
    FROM (SELECT * FROM mailstore_message WHERE mailbox_id = %(source)s::bigint AND removed IS NULL
          ORDER BY added LIMIT %(messages)s::bigint) AS message
), new AS (
    INSERT INTO mailstore_message (mailbox_id, body, octets, uidl, added, received, sender, message_id,
                                   from_header, subject, date_header, removed_how, removed_device)
    SELECT usage.mailbox_id, old.body, old.octets, (%(uidls)s::text[])[old.place], usage.change + old.place,
           old.received, old.sender, old.message_id, old.from_header, old.subject, old.date_header, '', ''
    FROM old JOIN mailboxes_usage AS usage ON usage.mailbox_id = %(target)s::bigint
    RETURNING id, body, octets
), parted AS (
    UPDATE mailstore_message AS message
    SET removed = usage.change + 1, removed_at = now(), removed_how = 'moved', gone_at = now(), restored_as = new.id
    FROM old JOIN new ON new.body = old.body
    JOIN mailboxes_usage AS usage ON usage.mailbox_id = %(source)s::bigint
    WHERE message.id = old.id
), sums AS (
    SELECT count(*) AS messages, COALESCE(sum(octets), 0)::bigint AS octets FROM new
), counted AS (
    UPDATE mailboxes_usage AS usage
    SET change = usage.change + CASE WHEN mailbox_id = %(target)s::bigint THEN sums.messages ELSE 1 END,
        messages = usage.messages + CASE WHEN mailbox_id = %(target)s::bigint THEN 1 ELSE -1 END * sums.messages,
        octets = usage.octets + CASE WHEN mailbox_id = %(target)s::bigint THEN 1 ELSE -1 END * sums.octets
    FROM sums WHERE usage.mailbox_id IN (%(source)s::bigint, %(target)s::bigint) AND sums.messages > 0
)
SELECT messages FROM sums
"""


def move_waiting() -> bool:
    """Move some messages of one mailbox that was handed over, oldest first, to the end of the other.

    Each gets a new unique id there. Its room was asked when it was handed over, so the quota is not asked again.
    Returns whether there may be more.
    """
    handed = HandOver.objects.filter(moving=True).order_by("pk").first()
    if handed is None:
        return False
    with transaction.atomic():
        lock_usages([handed.mailbox_id, handed.target_id])
        _move(handed.pk)
    return True


def _move(number: int) -> None:
    """Unless it was undone a moment ago: then there is nothing to move."""
    handed = HandOver.objects.select_for_update(no_key=True).filter(pk=number, moving=True).first()
    if handed is None:
        return
    uidls = [new_uidl() for _ in range(MESSAGES_A_STEP)]
    [(count,)] = database.rows(
        MOVE, source=handed.mailbox_id, target=handed.target_id, messages=MESSAGES_A_STEP, uidls=uidls
    )
    handed.moved += count
    handed.moving = count == MESSAGES_A_STEP
    handed.save(update_fields=["moved", "moving"])
