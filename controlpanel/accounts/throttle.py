"""Slow those who guess passwords, never the owner: one table that the panel and every mail process share.

The rules are in throttle_rules.py. Every function takes many tries at once; times are by the database's clock, and the
rows of a batch are locked in the order of their keys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from controlpanel import database
from controlpanel.accounts.throttle_rules import (
    FORGOTTEN_AFTER,
    NETWORK,
    NOTHING,
    PEOPLE_COUNTED,
    SLOPES,
    Attempt,
    Count,
    Slope,
    Success,
    attempt,
    counted,
    network_of,
    network_slope,
    taken_back,
    wait_of,
)

__all__ = [
    "Attempt",
    "Looked",
    "Slowed",
    "Success",
    "attempt",
    "clear",
    "forget",
    "look",
    "network_of",
    "record_failures",
    "record_successes",
    "slowed",
    "waits",
]

KNOWN_DAYS = 30
RENEWED_AFTER_HOURS = 6  # how old a known network gets before a right sign-in writes again

_WAITS = """
SELECT network.failures, extract(epoch FROM statement_timestamp() - network.last)::float8,
       mailbox.failures, extract(epoch FROM statement_timestamp() - mailbox.last)::float8,
       pair.failures, extract(epoch FROM statement_timestamp() - pair.last)::float8,
       EXISTS (SELECT FROM accounts_knownnetwork AS known JOIN accounts_user AS owner ON owner.id = known.user_id
               WHERE owner.address = tried.address AND known.network = tried.network
                 AND known.last > statement_timestamp() - make_interval(days => %(days)s::integer)),
       (SELECT count(*) FROM (SELECT FROM accounts_knownnetwork AS known WHERE known.network = tried.network
                              AND known.last > statement_timestamp() - interval '1 day' LIMIT %(most)s) AS person)
FROM unnest(%(networks)s::text[], %(addresses)s::text[], %(network_keys)s::text[], %(mailbox_keys)s::text[],
            %(pair_keys)s::text[]) WITH ORDINALITY
     AS tried (network, address, network_key, mailbox_key, pair_key, place)
LEFT JOIN accounts_throttle AS network ON network.key = tried.network_key
LEFT JOIN accounts_throttle AS mailbox ON mailbox.key = tried.mailbox_key
LEFT JOIN accounts_throttle AS pair ON pair.key = tried.pair_key
ORDER BY tried.place
"""


def waits(attempts: Sequence[Attempt]) -> list[float]:
    """Return for each attempt the seconds until it is looked at, 0 for now. Ask right before the secret is checked."""
    if not attempts:
        return []
    found = database.rows(
        _WAITS,
        days=KNOWN_DAYS,
        most=PEOPLE_COUNTED,
        networks=[each.network for each in attempts],
        addresses=[each.address for each in attempts],
        network_keys=[each.network_key for each in attempts],
        mailbox_keys=[each.mailbox_key for each in attempts],
        pair_keys=[each.pair_key for each in attempts],
    )
    return [
        wait_of(_count(row[0:2]), _count(row[2:4]), _count(row[4:6]), spared=row[6] or not each.guess, people=row[7])
        for each, row in zip(attempts, found, strict=True)
    ]


def _count(row: tuple[int | None, float | None]) -> Count:
    failures, age = row
    return Count(failures, max(0.0, age)) if failures is not None and age is not None else NOTHING


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a try: not looked at for `wait` seconds to come, or whether the secret was right."""

    wait: float = 0.0
    right: bool = False


def look(attempt: Attempt, is_right: Callable[[], bool]) -> Looked:
    """Look at one secret, and count it if it is wrong.

    Those of one network for one address are looked at one after the other, whichever thread or process has them: else
    as many as there are threads would pass before the first is counted.
    """
    with transaction.atomic():
        if attempt.turn_key:
            _take_turn(attempt.turn_key)
        [wait] = waits([attempt])
        if wait:
            return Looked(wait=wait)
        right = is_right()
        if not right:
            record_failures([attempt])
        return Looked(right=right)


def _take_turn(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def record_failures(attempts: Sequence[Attempt]) -> None:
    """Count wrong secrets, in order."""
    counting = [each for each in attempts if each.mark]
    keys = sorted({key for each in counting for key in each.keys})
    if not keys:
        return
    with transaction.atomic():
        _make_rows(keys)
        _write(counted(counting, _locked(keys)))


_MAKE_ROWS = """
INSERT INTO accounts_throttle (key, failures, last, recent)
SELECT key, 0, clock_timestamp(), '' FROM unnest(%s::text[]) AS key ON CONFLICT DO NOTHING
"""

_LOCKED = """
SELECT key, failures, extract(epoch FROM clock_timestamp() - last)::float8, recent
FROM accounts_throttle WHERE key = ANY(%s) ORDER BY key FOR NO KEY UPDATE
"""

_WRITE = """
UPDATE accounts_throttle AS throttle SET failures = new.failures, recent = new.recent,
       last = clock_timestamp() - make_interval(secs => new.age)
FROM unnest(%s::text[], %s::int[], %s::float8[], %s::bytea[]) AS new (key, failures, age, recent)
WHERE throttle.key = new.key
"""


def _make_rows(keys: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_ROWS, [keys])


def _locked(keys: list[str]) -> dict[str, Count]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCKED, [keys])
        return {row[0]: Count(row[1], max(0.0, row[2]), bytes(row[3])) for row in cursor.fetchall()}


def _write(counts: Mapping[str, Count]) -> None:
    values = list(counts.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [list(counts), [v.failures for v in values], [v.age for v in values], [v.marks for v in values]],
        )


_SUCCEEDED = """
WITH known AS (
    INSERT INTO accounts_knownnetwork (user_id, network, last)
    SELECT DISTINCT owner.id, seen.network, statement_timestamp()
    FROM unnest(%(users)s::bigint[], %(networks)s::text[]) AS seen (user_id, network)
    JOIN accounts_user AS owner ON owner.id = seen.user_id
    WHERE NOT EXISTS (SELECT FROM accounts_knownnetwork AS known
                      WHERE known.user_id = seen.user_id AND known.network = seen.network
                        AND known.last > statement_timestamp() - make_interval(hours => %(hours)s::integer))
    ORDER BY owner.id, seen.network
    ON CONFLICT (user_id, network) DO UPDATE SET last = excluded.last
)
SELECT key FROM accounts_throttle WHERE key = ANY(%(pairs)s::text[])
"""


def record_successes(successes: Sequence[Success]) -> None:
    """Remember the networks as known, and take back what each had failed at its own mailbox.

    Most sign-ins are polls from a known network without failures: one statement, which writes nothing.
    """
    told = [each for each in successes if each.network]
    if not told:
        return
    found = database.rows(
        _SUCCEEDED,
        users=[each.user for each in told],
        networks=[each.network for each in told],
        pairs=[each.pair_key for each in told],
        hours=RENEWED_AFTER_HOURS,
    )
    if failed := {key for (key,) in found}:
        _take_back([each for each in told if each.pair_key in failed])


def _take_back(successes: Sequence[Success]) -> None:
    keys = sorted({key for each in successes for key in Attempt(each.network, each.address).keys})
    with transaction.atomic():
        _write(taken_back(successes, _locked(keys)))
        with connection.cursor() as cursor:
            pairs = [each.pair_key for each in successes]
            cursor.execute("DELETE FROM accounts_throttle WHERE key = ANY(%s) AND failures = 0", [pairs])


@dataclass(frozen=True, slots=True)
class Slowed:
    """A network, mailbox or pair that is slowed now, for the operators' page."""

    key: str
    failures: int
    seconds: float  # until the next try is looked at


def slowed(most: int = 200) -> list[Slowed]:
    """Return what is slowed now, the longest wait first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, failures, extract(epoch FROM clock_timestamp() - last)::float8 FROM accounts_throttle"
            " WHERE failures > %s AND last > clock_timestamp() - make_interval(secs => %s) ORDER BY last DESC LIMIT %s",
            [min(slope.free for slope in SLOPES.values()), max(slope.cap for slope in SLOPES.values()), most],
        )
        rows = cursor.fetchall()
    people = _people_of([key.removeprefix("ip:") for key, *_count in rows if key.startswith("ip:")])
    found = [Slowed(key, failures, Count(failures, age).wait(_slope_of(key, people))) for key, failures, age in rows]
    return sorted((each for each in found if each.seconds > 0), key=lambda each: -each.seconds)


def _people_of(networks: Sequence[str]) -> dict[str, int]:
    """Return how many people signed in from each network today, of those where anybody did."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT network, count(*) FROM accounts_knownnetwork"
            " WHERE network = ANY(%s) AND last > statement_timestamp() - interval '1 day' GROUP BY network",
            [list(networks)],
        )
        return dict(cursor.fetchall())


def _slope_of(key: str, people: Mapping[str, int]) -> Slope:
    slope = SLOPES[key.partition(":")[0]]
    return network_slope(people.get(key.removeprefix("ip:"), 0)) if slope is NETWORK else slope


def clear(key: str) -> bool:
    """Forget the failures under a key; return whether there were any."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_throttle WHERE key = %s", [key])
        return bool(cursor.rowcount)


def forget() -> int:
    """Delete what no longer slows or spares anybody, and return how many rows: a job's work, once in a while."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM accounts_throttle WHERE last < clock_timestamp() - make_interval(secs => %s)",
            [FORGOTTEN_AFTER],
        )
        rows = int(cursor.rowcount)
        cursor.execute(
            "DELETE FROM accounts_knownnetwork WHERE last < clock_timestamp() - make_interval(days => %s)",
            [KNOWN_DAYS],
        )
        return rows + int(cursor.rowcount)
