"""Whether a session still has what it was given: its row, or a maildrop that no exclusive session took meanwhile."""

from collections.abc import Iterable

from controlpanel import database

LOST = """
SELECT closing.session
FROM unnest(%(sessions)s::bigint[], %(mailboxes)s::bigint[]) AS closing (session, mailbox_id)
WHERE NOT EXISTS (SELECT FROM mailstore_session WHERE id = closing.session)
  AND EXISTS (SELECT FROM mailstore_session AS other WHERE other.mailbox_id = closing.mailbox_id AND other.exclusive)
"""


def lost_leases(sessions: Iterable[tuple[int, int]]) -> set[int]:
    """Return which of these (session, mailbox) lost their lease. To be asked under the Usage locks of the mailboxes."""
    held = list(sessions)
    numbers, mailboxes = [number for number, _ in held], [mailbox for _, mailbox in held]
    return {number for (number,) in database.rows(LOST, sessions=numbers, mailboxes=mailboxes)}
