"""What time does to mail, in bounded steps: expire, let go, sweep, forget."""

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.locks import lock_usages
from controlpanel.mailstore.models import Removal
from controlpanel.mailstore.removal import Asked, remove
from controlpanel.mailstore.retention.going import go

MAILBOXES_A_STEP = 20
MESSAGES_A_STEP = 250  # of one mailbox, or of all where a step has no mailboxes
OCTETS_A_STEP = 64 * 2**20
FORGET_DAYS = 90  # after a message is gone

EXPIRING = """
SELECT mailbox.id
FROM mailboxes_mailbox AS mailbox JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE domain.expire_days IS NOT NULL AND mailbox.id > %(after)s::bigint
ORDER BY mailbox.id LIMIT %(mailboxes)s::bigint
"""

# A message is never fetched before it is received, so an arrival within the days needs no look at who fetched it. One
# that was restored counts from then: its owner, who undid its end, shall not find it gone again in ten minutes.
EXPIRED = """
SELECT expired.id, mailbox.id
FROM mailboxes_mailbox AS mailbox
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
CROSS JOIN LATERAL (
    SELECT message.id FROM mailstore_message AS message
    WHERE message.mailbox_id = mailbox.id AND message.removed IS NULL
      AND message.received < now() - make_interval(days => domain.expire_days)
      AND COALESCE((SELECT min(at) FROM mailstore_fetched WHERE message_id = message.id),
                   CASE WHEN domain.expire_unfetched THEN GREATEST(message.received, (
                       SELECT max(before.gone_at) FROM mailstore_message AS before
                       WHERE message.first_added IS NOT NULL AND before.mailbox_id = message.mailbox_id
                         AND before.restored_as = message.id)) END)
          < now() - make_interval(days => domain.expire_days)
    ORDER BY message.added LIMIT %(messages)s::bigint
) AS expired
WHERE mailbox.id = ANY(%(mailboxes)s::bigint[]) AND domain.expire_days IS NOT NULL
"""


def expire(after: int = 0) -> int | None:
    """Remove what is past its domain's days, counted from the first fetch, in the mailboxes next after number `after`.

    Where the domain says so, mail that nobody fetched expires too, counted from its arrival or its restoration. Returns
    the number to go on after, None at the end.
    """
    with transaction.atomic():
        mailboxes = [mailbox for (mailbox,) in database.rows(EXPIRING, after=after, mailboxes=MAILBOXES_A_STEP)]
        if not mailboxes:
            return None
        expired = [Asked(*row) for row in database.rows(EXPIRED, mailboxes=mailboxes, messages=MESSAGES_A_STEP)]
        lock_usages({asked.mailbox_id for asked in expired})
        remove(expired, Removal.EXPIRED)
    return after if len(expired) >= MESSAGES_A_STEP else mailboxes[-1]


# Of each mailbox the oldest removal tells: it is past the domain's days, or all that is removed exceeds its cap.
OVERDUE = """
SELECT usage.mailbox_id
FROM mailboxes_usage AS usage
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = usage.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
CROSS JOIN LATERAL (
    SELECT removed_at FROM mailstore_message
    WHERE mailbox_id = usage.mailbox_id AND removed IS NOT NULL AND body IS NOT NULL AND gone_at IS NULL
    ORDER BY removed LIMIT 1
) AS oldest
WHERE usage.removed_messages > 0
  AND (oldest.removed_at < now() - make_interval(days => domain.restore_days)
       OR usage.removed_octets > COALESCE(mailbox.removed_cap, mailbox.quota))
LIMIT %(mailboxes)s::bigint
"""

DUE = """
SELECT oldest.id
FROM mailboxes_usage AS usage
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = usage.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
CROSS JOIN LATERAL (
    SELECT id, removed_at, sum(octets) OVER (ORDER BY removed, id) - octets AS older
    FROM (
        SELECT id, removed, removed_at, octets FROM mailstore_message
        WHERE mailbox_id = usage.mailbox_id AND removed IS NOT NULL AND body IS NOT NULL AND gone_at IS NULL
        ORDER BY removed, id LIMIT %(messages)s::bigint
    ) AS next
) AS oldest
WHERE usage.mailbox_id = ANY(%(mailboxes)s::bigint[])
  AND (oldest.removed_at < now() - make_interval(days => domain.restore_days)
       OR usage.removed_octets - oldest.older > COALESCE(mailbox.removed_cap, mailbox.quota))
"""


def let_go() -> bool:
    """Let go what was removed more than the domain's days ago, and oldest first what exceeds the mailbox's cap."""
    with transaction.atomic():
        mailboxes = [mailbox for (mailbox,) in database.rows(OVERDUE, mailboxes=MAILBOXES_A_STEP)]
        if not mailboxes:
            return False
        lock_usages(mailboxes)
        due = [number for (number,) in database.rows(DUE, mailboxes=mailboxes, messages=MESSAGES_A_STEP)]
        return go(mailboxes, due) > 0


SINCE_CRASH = "INSERT INTO mailstore_sincecrash (one, since) VALUES (true, now()) ON CONFLICT (one) DO NOTHING"

# A session that reads its change number now may have begun its statement a moment ago: hence the 60 seconds after a
# removal. After a crash of PostgreSQL the live sessions are known again once their processes have re-taken them: hence
# the 60 seconds after it. A body that a restored message took over is that message's to sweep.
SWEEP = """
WITH unseen AS (
    SELECT id, body, octets, restored_as, gone_at
    FROM mailstore_message AS message
    WHERE gone_at IS NOT NULL AND body IS NOT NULL AND removed_at < now() - interval '60 seconds'
      AND EXISTS (SELECT FROM mailstore_sincecrash WHERE since < now() - interval '60 seconds')
      AND NOT EXISTS (
          SELECT FROM mailstore_session AS session
          WHERE session.mailbox_id = message.mailbox_id
            AND session.change >= COALESCE(message.first_added, message.added) AND session.change < message.removed
      )
      AND NOT EXISTS (SELECT FROM mailstore_outgoing AS outgoing WHERE outgoing.body = message.body)
    ORDER BY gone_at LIMIT %(messages)s::bigint
    FOR NO KEY UPDATE SKIP LOCKED
), bounded AS (
    SELECT * FROM (
        SELECT id, body, restored_as, sum(octets) OVER (ORDER BY gone_at, id) - octets AS before FROM unseen
    ) AS ordered
    WHERE before < %(octets)s::bigint
), swept AS (
    UPDATE mailstore_message AS message SET body = NULL FROM bounded WHERE message.id = bounded.id
), dropped AS (
    DELETE FROM mailstore_messagechunk AS chunk USING bounded
    WHERE chunk.body = bounded.body AND bounded.restored_as IS NULL
)
SELECT count(*) FROM bounded
"""


def sweep_bodies() -> bool:
    """Drop the bodies of messages that are gone, once no live session sees them and none of them is to leave any more.

    Works a minute after a crash again.
    """
    with transaction.atomic():
        database.run(SINCE_CRASH)
        return bool(database.rows(SWEEP, messages=MESSAGES_A_STEP, octets=OCTETS_A_STEP)[0][0])


FORGET = """
WITH old AS (
    SELECT id FROM mailstore_message
    WHERE body IS NULL AND gone_at < now() - make_interval(days => %(days)s)
    ORDER BY gone_at LIMIT %(messages)s::bigint
    FOR UPDATE SKIP LOCKED
), unfetched AS (
    DELETE FROM mailstore_fetched AS fetched USING old WHERE fetched.message_id = old.id
), forgotten AS (
    DELETE FROM mailstore_message AS message USING old WHERE message.id = old.id
)
SELECT count(*) FROM old
"""


def forget() -> bool:
    """Forget the rows of messages that have been gone for 90 days, and who fetched them."""
    return bool(database.rows(FORGET, days=FORGET_DAYS, messages=MESSAGES_A_STEP)[0][0])
