"""The lock that every change of a mailbox's mail takes first.

One order everywhere, so that nobody waits crosswise: Usage rows by mailbox, then Mailbox, Message, Session.
"""

from collections.abc import Collection

from controlpanel import database

LOCK_USAGES = """
SELECT mailbox_id FROM mailboxes_usage WHERE mailbox_id = ANY(%(mailboxes)s::bigint[])
ORDER BY mailbox_id FOR NO KEY UPDATE
"""


def lock_usages(mailboxes: Collection[int]) -> None:
    """Lock the Usage rows of these mailboxes until the transaction ends.

    What depends on them is read by a later statement: the snapshot of this one is older than its locks.
    """
    if mailboxes:
        database.rows(LOCK_USAGES, mailboxes=list(mailboxes))
