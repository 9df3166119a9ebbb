"""LOGIN-DELAY (RFC 2449 section 6.5): how soon a maildrop may be opened again, over all processes and hosts.

The clock is the database's. The table is unlogged: after a crash of PostgreSQL everybody may come at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from controlpanel import database


@dataclass(frozen=True, slots=True)
class Turn:
    """A login that was let in, and the seconds that its mailbox must leave between two."""

    mailbox_id: int
    delay: int


TAKE = """
INSERT INTO mailstore_lastlogin AS last (mailbox_id, at, delay)
SELECT mailbox_id, clock_timestamp(), delay
FROM unnest(%(mailboxes)s::bigint[], %(delays)s::integer[]) AS turn (mailbox_id, delay)
ORDER BY mailbox_id
ON CONFLICT (mailbox_id) DO UPDATE SET at = excluded.at, delay = excluded.delay
WHERE last.at + make_interval(secs => excluded.delay) <= excluded.at
RETURNING mailbox_id
"""

WAITS = """
SELECT turn.mailbox_id,
       extract(epoch FROM last.at + make_interval(secs => turn.delay) - clock_timestamp())::double precision
FROM unnest(%(mailboxes)s::bigint[], %(delays)s::integer[]) AS turn (mailbox_id, delay)
JOIN mailstore_lastlogin AS last USING (mailbox_id)
"""

FORGET = "DELETE FROM mailstore_lastlogin WHERE at + make_interval(secs => delay) < clock_timestamp()"


def take_turns(turns: Sequence[Turn]) -> list[float]:
    """Return for each login, in order, the seconds that it must still wait; at 0.0 it is its mailbox's last login.

    Of two for one mailbox the first in order is taken.
    """
    first = {turn.mailbox_id: turn for turn in reversed(turns)}
    values = {"mailboxes": list(first), "delays": [turn.delay for turn in first.values()]}
    taken = {mailbox for (mailbox,) in database.rows(TAKE, **values)}
    waits: dict[int, float] = dict(database.rows(WAITS, **values)) if len(taken) < len(turns) else {}
    return [_wait(turn, first[turn.mailbox_id] is turn and turn.mailbox_id in taken, waits) for turn in turns]


def _wait(turn: Turn, taken: bool, waits: dict[int, float]) -> float:
    return 0.0 if taken else max(0.001, waits.get(turn.mailbox_id, turn.delay))


def forget_turns() -> None:
    """Forget the logins that hold nobody back any more."""
    database.run(FORGET)
