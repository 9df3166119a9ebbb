"""What nobody wants any more: the mail of deleted mailboxes, and bodies whose delivery never ended."""

from django.db import transaction

from controlpanel import database
from controlpanel.mailboxes.models import GRACE_DAYS
from controlpanel.mailstore.locks import lock_usages

DELETED_DAYS = GRACE_DAYS  # between a mailbox's or domain's deletion and the end of its mail
STAGED_HOURS = 24
MESSAGES_A_STEP = 100
BODIES_A_STEP = 20

DELETED = """
SELECT mailbox.id
FROM mailboxes_mailbox AS mailbox JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE ((mailbox.state = 'deleted' AND mailbox.state_since < now() - make_interval(days => %(days)s))
       OR (domain.state = 'deleted' AND domain.state_since < now() - make_interval(days => %(days)s)))
  AND (EXISTS (SELECT FROM mailstore_message WHERE mailbox_id = mailbox.id)
       OR EXISTS (SELECT FROM mailstore_held WHERE mailbox_id = mailbox.id)) = %(with_mail)s
ORDER BY mailbox.id LIMIT %(mailboxes)s::bigint
"""

# Whoever undoes the deletion holds one of these rows meanwhile, and then there is nothing to erase.
HOLD_DELETED = """
SELECT mailbox.id
FROM mailboxes_mailbox AS mailbox JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE mailbox.id = %(mailbox)s::bigint AND 'deleted' IN (mailbox.state, domain.state)
FOR SHARE OF mailbox, domain SKIP LOCKED
"""

# A body that another message took over, here or in another mailbox, is that message's to take along.
ERASE = """
WITH erased AS (
    DELETE FROM mailstore_message
    WHERE id IN (SELECT id FROM mailstore_message WHERE mailbox_id = %(mailbox)s::bigint LIMIT %(messages)s::bigint)
    RETURNING id, body, octets, restored_as, removed IS NULL AS present, gone_at IS NULL AS counted
), chunks AS (
    DELETE FROM mailstore_messagechunk AS chunk USING erased
    WHERE chunk.body = erased.body AND erased.restored_as IS NULL
), fetched AS (
    DELETE FROM mailstore_fetched AS fetched USING erased WHERE fetched.message_id = erased.id
), outgoing AS (
    DELETE FROM mailstore_outgoing AS outgoing USING erased
    WHERE outgoing.body = erased.body AND erased.restored_as IS NULL
)
UPDATE mailboxes_usage AS usage
SET messages = usage.messages - sums.messages, octets = usage.octets - sums.octets,
    removed_messages = usage.removed_messages - sums.removed_messages,
    removed_octets = usage.removed_octets - sums.removed_octets
FROM (
    SELECT count(*) FILTER (WHERE present) AS messages,
           COALESCE(sum(octets) FILTER (WHERE present), 0) AS octets,
           count(*) FILTER (WHERE counted AND NOT present) AS removed_messages,
           COALESCE(sum(octets) FILTER (WHERE counted AND NOT present), 0) AS removed_octets
    FROM erased
) AS sums
WHERE usage.mailbox_id = %(mailbox)s::bigint
"""


ERASE_HELD = """
WITH erased AS (
    DELETE FROM mailstore_held
    WHERE id IN (SELECT id FROM mailstore_held WHERE mailbox_id = %(mailbox)s::bigint LIMIT %(messages)s::bigint)
    RETURNING body
)
DELETE FROM mailstore_messagechunk AS chunk USING erased WHERE chunk.body = erased.body
"""


def erase_deleted() -> bool:
    """Erase some of the mail of a mailbox that was deleted, or whose domain was, more than 30 days ago."""
    with transaction.atomic():
        for (mailbox,) in database.rows(DELETED, days=DELETED_DAYS, with_mail=True, mailboxes=1):
            lock_usages([mailbox])
            if database.rows(HOLD_DELETED, mailbox=mailbox):
                database.run(ERASE, mailbox=mailbox, messages=MESSAGES_A_STEP)
                database.run(ERASE_HELD, mailbox=mailbox, messages=MESSAGES_A_STEP)
                return True
    return False


def emptied_mailboxes() -> list[int]:
    """Return some mailboxes that were deleted more than 30 days ago and hold no mail: their rows may be dropped."""
    found = database.rows(DELETED, days=DELETED_DAYS, with_mail=False, mailboxes=100)
    return [mailbox for (mailbox,) in found]


SWEEP_STAGED = """
WITH stale AS (
    DELETE FROM mailstore_stagedbody
    WHERE body IN (
        SELECT body FROM mailstore_stagedbody WHERE since < now() - make_interval(hours => %(hours)s)
        ORDER BY since LIMIT %(bodies)s::bigint
        FOR UPDATE SKIP LOCKED
    )
    RETURNING body
), chunks AS (
    DELETE FROM mailstore_messagechunk AS chunk USING stale WHERE chunk.body = stale.body
)
SELECT count(*) FROM stale
"""


def sweep_staged() -> bool:
    """Drop bodies that were staged a day ago and that no message has named since."""
    return bool(database.rows(SWEEP_STAGED, hours=STAGED_HOURS, bodies=BODIES_A_STEP)[0][0])
