"""Open, list, read and close maildrops: each function serves many sessions with one statement or one transaction.

A session is the maildrop at one change number. It sees what has added <= change < removed, and all of it stays readable
until the session's row is gone, whatever other sessions, the owner and retention do meanwhile.
"""

from controlpanel.mailstore.maildrop.ascii_reading import list_in_ascii, read_bodies_in_ascii, read_chunks_in_ascii
from controlpanel.mailstore.maildrop.closing import Closed, Closing, LeaseLost, close_maildrops
from controlpanel.mailstore.maildrop.heartbeat import (
    Held,
    MailProcess,
    Renewed,
    drop_process,
    re_take,
    renew,
    sweep_dead,
)
from controlpanel.mailstore.maildrop.opening import SESSION_SECONDS, Crowded, InUse, Opened, Opening, open_maildrops
from controlpanel.mailstore.maildrop.pace import Taken, TooSoon, Turn, give_back_turns, take_turns
from controlpanel.mailstore.maildrop.reading import (
    Listing,
    Page,
    UniqueIds,
    Wanted,
    list_maildrops,
    read_bodies,
    read_chunks,
    unique_id_pages,
    unique_ids,
)
from controlpanel.mailstore.maildrop.taking_over import ask_to_give_way

__all__ = [
    "SESSION_SECONDS",
    "Closed",
    "Closing",
    "Crowded",
    "Held",
    "InUse",
    "LeaseLost",
    "Listing",
    "MailProcess",
    "Opened",
    "Opening",
    "Page",
    "Renewed",
    "Taken",
    "TooSoon",
    "Turn",
    "UniqueIds",
    "Wanted",
    "ask_to_give_way",
    "close_maildrops",
    "drop_process",
    "give_back_turns",
    "list_in_ascii",
    "list_maildrops",
    "open_maildrops",
    "re_take",
    "read_bodies",
    "read_bodies_in_ascii",
    "read_chunks",
    "read_chunks_in_ascii",
    "renew",
    "sweep_dead",
    "take_turns",
    "unique_id_pages",
    "unique_ids",
]
