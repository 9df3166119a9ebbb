"""How a login that finds the maildrop excluded asks for it: who holds it is told, and gives way if it is idle.

The clock of idleness is with the session's own process, which sees each octet; the store is not told of those.
"""

from collections.abc import Sequence

from controlpanel import database

# Rows that somebody else has locked are on their way out, or asked for just now.
ASK = """
UPDATE mailstore_session SET wanted = clock_timestamp() WHERE id IN (
    SELECT id FROM mailstore_session
    WHERE mailbox_id = ANY(%(mailboxes)s::bigint[])
      AND (wanted IS NULL OR wanted < clock_timestamp() - interval '1 second')
    FOR NO KEY UPDATE SKIP LOCKED
)
"""


def ask_to_give_way(mailboxes: Sequence[int]) -> None:
    """Let the sessions of these mailboxes know, at the next beat of their processes, that others wait for them.

    To be asked again each second while somebody waits.
    """
    database.run(ASK, mailboxes=list(mailboxes))
