"""What time, and the owner of a mailbox, do to mail that is there.

A message goes in steps: present -> removed (`expire`, a client, `remove_messages`) -> gone, no longer counted nor
restorable (`let_go`, `delete_for_good`) -> its body swept once no live session sees it (`sweep_bodies`) -> its row
forgotten (`forget`). What time does is bounded: each call is one short transaction, and says whether there may be more.
"""

from controlpanel.mailstore.retention.by_owner import Restored, delete_for_good, remove_messages, restore
from controlpanel.mailstore.retention.by_time import expire, forget, let_go, sweep_bodies
from controlpanel.mailstore.retention.leftovers import emptied_mailboxes, erase_deleted, sweep_staged

__all__ = [
    "Restored",
    "delete_for_good",
    "emptied_mailboxes",
    "erase_deleted",
    "expire",
    "forget",
    "let_go",
    "remove_messages",
    "restore",
    "sweep_bodies",
    "sweep_staged",
]
