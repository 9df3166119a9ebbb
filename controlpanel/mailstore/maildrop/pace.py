"""LOGIN-DELAY (RFC 2449 section 6.5): how soon a maildrop may be opened again, over all processes and hosts.

The clock is the database's. The table is unlogged: after a crash of PostgreSQL everybody may come at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controlpanel import database


@dataclass(frozen=True, slots=True)
class Turn:
    """A login that was let in, and the seconds that its mailbox must leave between two."""

    mailbox_id: int
    delay: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The turn is this login's, from a moment on that tells it from every other."""

    mailbox_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TooSoon:
    """`seconds`: until the next turn."""

    seconds: float


TAKE = """
INSERT INTO mailstore_lastlogin AS last (mailbox_id, at, delay)
SELECT mailbox_id, clock_timestamp(), delay
FROM unnest(%(mailboxes)s::bigint[], %(delays)s::integer[]) AS turn (mailbox_id, delay)
ORDER BY mailbox_id
ON CONFLICT (mailbox_id) DO UPDATE SET at = excluded.at, delay = excluded.delay
WHERE last.at + make_interval(secs => excluded.delay) <= excluded.at
RETURNING mailbox_id, at
"""

WAITS = """
SELECT turn.mailbox_id,
       extract(epoch FROM last.at + make_interval(secs => turn.delay) - clock_timestamp())::double precision
FROM unnest(%(mailboxes)s::bigint[], %(delays)s::integer[]) AS turn (mailbox_id, delay)
JOIN mailstore_lastlogin AS last USING (mailbox_id)
"""

# The turn before it was so long ago that it holds nobody back: else this one had not been taken.
GIVE_BACK = """
DELETE FROM mailstore_lastlogin AS last
USING unnest(%(mailbox_id)s::bigint[], %(at)s::timestamptz[]) AS turn (mailbox_id, at)
WHERE last.mailbox_id = turn.mailbox_id AND last.at = turn.at
"""

FORGET = "DELETE FROM mailstore_lastlogin WHERE at + make_interval(secs => delay) < clock_timestamp()"


def take_turns(turns: Sequence[Turn]) -> list[Taken | TooSoon]:
    """Return for each login, in order, whether it is its mailbox's turn; that it is, is written down.

    Of two for one mailbox the first in order is taken.
    """
    first = {turn.mailbox_id: turn for turn in reversed(turns)}
    values = {"mailboxes": list(first), "delays": [turn.delay for turn in first.values()]}
    taken = {mailbox: Taken(mailbox, at) for mailbox, at in database.rows(TAKE, **values)}
    waits: dict[int, float] = dict(database.rows(WAITS, **values)) if len(taken) < len(turns) else {}
    return [
        taken[turn.mailbox_id] if first[turn.mailbox_id] is turn and turn.mailbox_id in taken else _wait(turn, waits)
        for turn in turns
    ]


def _wait(turn: Turn, waits: dict[int, float]) -> TooSoon:
    return TooSoon(max(0.001, waits.get(turn.mailbox_id, turn.delay)))


def give_back_turns(turns: Sequence[Taken]) -> None:
    """Undo turns of logins that were refused after all: whoever waits for a maildrop in use has not been here."""
    database.run(GIVE_BACK, **database.columns(turns))


def forget_turns() -> None:
    """Forget the logins that hold nobody back any more."""
    database.run(FORGET)
