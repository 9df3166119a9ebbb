"""Compare the store with itself: counters with a recount, messages with their bodies, bodies with who names them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.locks import lock_usages

MAILBOXES_A_STEP = 100


class Kind(StrEnum):
    """What does not fit. Repaired: counters are set, octets are set, a message without its body goes, chunks go,
    what is held without its body goes, mail that cannot leave is given up."""

    COUNTERS = "counters"  # Usage differs from a recount of its messages
    CHANGE = "change"  # Usage.change is lower than a message's number
    OCTETS = "octets"  # a message is not as long as its body
    BODY = "body"  # a message that is counted has no body, or one with holes
    CHUNKS = "chunks"  # a body that no message names, that nobody stages and that is not to leave
    HELD = "held"  # a message that is held as spam has no body, or one with holes
    OUTGOING = "outgoing"  # mail that is to leave has no body, or one with holes


@dataclass(frozen=True, slots=True)
class Fault:
    """`number`: the mailbox for counters, else the message, the row of the queue, or the body for chunks."""

    kind: Kind
    number: int
    found: int
    expected: int


MAILBOXES = """
SELECT mailbox_id FROM mailboxes_usage WHERE mailbox_id > %(after)s::bigint
ORDER BY mailbox_id LIMIT %(mailboxes)s::bigint
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step found. `last`: the mailbox to go on after; `mailboxes`: how many it looked at."""

    faults: Sequence[Fault]
    last: int
    mailboxes: int


def check(*, repair: bool = False) -> Iterator[Fault]:
    """Yield every fault; with `repair` each is mended before it is yielded, a hundred mailboxes a transaction."""
    after = 0
    while step := check_some(after, repair=repair):
        yield from step.faults
        after = step.last
    yield from _held(repair)
    yield from _outgoing(repair)
    yield from _chunks(repair)


def check_some(after: int, *, repair: bool = False) -> Step | None:
    """Check the hundred mailboxes next after number `after`, in one transaction; None at the end."""
    mailboxes = [each for (each,) in database.rows(MAILBOXES, after=after, mailboxes=MAILBOXES_A_STEP)]
    if not mailboxes:
        return None
    with transaction.atomic():
        if repair:
            lock_usages(mailboxes)
        faults = [*_counters(mailboxes), *_bodies(mailboxes, repair)]
        if repair and faults:
            _set_counters(mailboxes)
    return Step(faults, mailboxes[-1], len(mailboxes))


# What is present or can be restored has its body, in chunks from 0 without a hole.
BODIES = """
SELECT message.id, message.octets, body.octets, body.chunks > 0 AND body.chunks = body.last + 1
FROM mailstore_message AS message
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(octet_length(octets)), 0)::bigint AS octets, count(*) AS chunks, max(sequence) AS last
    FROM mailstore_messagechunk WHERE body = message.body
) AS body
WHERE message.mailbox_id = ANY(%(mailboxes)s::bigint[]) AND message.gone_at IS NULL
  AND (body.octets <> message.octets OR body.chunks = 0 OR body.chunks <> body.last + 1)
ORDER BY message.id
"""

SET_OCTETS = """
UPDATE mailstore_message AS message SET octets = fault.octets
FROM unnest(%(ids)s::bigint[], %(octets)s::bigint[]) AS fault (id, octets) WHERE message.id = fault.id
"""

LOSE = """
UPDATE mailstore_message AS message
SET removed = COALESCE(removed, greatest(usage.change, added) + 1), removed_at = COALESCE(removed_at, now()),
    gone_at = now()
FROM mailboxes_usage AS usage
WHERE message.id = ANY(%(ids)s::bigint[]) AND usage.mailbox_id = message.mailbox_id
"""


def _bodies(mailboxes: Sequence[int], repair: bool) -> list[Fault]:
    found = database.rows(BODIES, mailboxes=mailboxes)
    whole = [Fault(Kind.OCTETS, number, octets, real) for number, octets, real, is_whole in found if is_whole]
    lost = [Fault(Kind.BODY, number, real, octets) for number, octets, real, is_whole in found if not is_whole]
    if repair and whole:
        database.run(SET_OCTETS, ids=[it.number for it in whole], octets=[it.expected for it in whole])
    if repair and lost:
        database.run(LOSE, ids=[it.number for it in lost])
    return whole + lost


COUNTERS = """
SELECT usage.mailbox_id,
       usage.messages, usage.octets, usage.removed_messages, usage.removed_octets, usage.change,
       counted.messages, counted.octets, counted.removed_messages, counted.removed_octets, counted.change
FROM mailboxes_usage AS usage
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE removed IS NULL) AS messages,
           COALESCE(sum(octets) FILTER (WHERE removed IS NULL), 0)::bigint AS octets,
           count(*) FILTER (WHERE removed IS NOT NULL AND gone_at IS NULL) AS removed_messages,
           COALESCE(sum(octets) FILTER (WHERE removed IS NOT NULL AND gone_at IS NULL), 0)::bigint AS removed_octets,
           COALESCE(greatest(max(added), max(removed)), 0) AS change
    FROM mailstore_message WHERE mailbox_id = usage.mailbox_id
) AS counted
WHERE usage.mailbox_id = ANY(%(mailboxes)s::bigint[])
  AND ((usage.messages, usage.octets, usage.removed_messages, usage.removed_octets)
       <> (counted.messages, counted.octets, counted.removed_messages, counted.removed_octets)
       OR usage.change < counted.change)
ORDER BY usage.mailbox_id
"""

SET_COUNTERS = """
UPDATE mailboxes_usage
SET messages = %(messages)s, octets = %(octets)s, removed_messages = %(removed_messages)s,
    removed_octets = %(removed_octets)s, change = greatest(change, %(change)s::bigint)
WHERE mailbox_id = %(mailbox)s
"""


def _counters(mailboxes: Sequence[int]) -> Iterator[Fault]:
    for mailbox, *numbers in database.rows(COUNTERS, mailboxes=mailboxes):
        *found, change = numbers[:5]
        *expected, highest = numbers[5:]
        for is_, should in zip(found, expected, strict=True):
            if is_ != should:
                yield Fault(Kind.COUNTERS, mailbox, is_, should)
        if change < highest:
            yield Fault(Kind.CHANGE, mailbox, change, highest)


def _set_counters(mailboxes: Sequence[int]) -> None:
    """Set what a recount says now: the messages themselves may just have been mended."""
    names = ("messages", "octets", "removed_messages", "removed_octets", "change")
    for mailbox, *numbers in database.rows(COUNTERS, mailboxes=mailboxes):
        database.run(SET_COUNTERS, mailbox=mailbox, **dict(zip(names, numbers[5:], strict=True)))


HELD = """
SELECT held.id, held.octets, body.octets
FROM mailstore_held AS held
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(octet_length(octets)), 0)::bigint AS octets, count(*) AS chunks, max(sequence) AS last
    FROM mailstore_messagechunk WHERE body = held.body
) AS body
WHERE body.octets <> held.octets OR body.chunks = 0 OR body.chunks <> body.last + 1
ORDER BY held.id
"""

DROP_HELD = "DELETE FROM mailstore_held WHERE id = ANY(%(ids)s::bigint[])"


def _held(repair: bool) -> list[Fault]:
    found = database.rows(HELD)
    if repair and found:
        database.run(DROP_HELD, ids=[number for number, *_ in found])
    return [Fault(Kind.HELD, number, real, octets) for number, octets, real in found]


OUTGOING = """
SELECT outgoing.id, outgoing.octets, body.octets
FROM mailstore_outgoing AS outgoing
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(octet_length(octets)), 0)::bigint AS octets, count(*) AS chunks, max(sequence) AS last
    FROM mailstore_messagechunk WHERE body = outgoing.body
) AS body
WHERE outgoing.body IS NOT NULL
  AND (body.octets <> outgoing.octets OR body.chunks = 0 OR body.chunks <> body.last + 1)
ORDER BY outgoing.id
"""

GIVE_UP = """
UPDATE mailstore_outgoing SET ended = now(), body = NULL, fate = 'refused', reply = 'The body is not there any more.'
WHERE id = ANY(%(ids)s::bigint[]) AND ended IS NULL
"""


def _outgoing(repair: bool) -> list[Fault]:
    found = database.rows(OUTGOING)
    if repair and found:
        database.run(GIVE_UP, ids=[number for number, *_ in found])
    return [Fault(Kind.OUTGOING, number, real, octets) for number, octets, real in found]


# A number is never used twice, so a body that nobody names now is never named later.
ORPHANS = """
SELECT body, count(*) FROM mailstore_messagechunk AS chunk
WHERE NOT EXISTS (SELECT FROM mailstore_message WHERE body = chunk.body)
  AND NOT EXISTS (SELECT FROM mailstore_stagedbody WHERE body = chunk.body)
  AND NOT EXISTS (SELECT FROM mailstore_outgoing WHERE body = chunk.body)
  AND NOT EXISTS (SELECT FROM mailstore_held WHERE body = chunk.body)
GROUP BY body ORDER BY body
"""

DROP_ORPHANS = "DELETE FROM mailstore_messagechunk WHERE body = ANY(%(bodies)s::bigint[])"


def _chunks(repair: bool) -> list[Fault]:
    found = database.rows(ORPHANS)
    if repair and found:
        database.run(DROP_ORPHANS, bodies=[body for body, _ in found])
    return [Fault(Kind.CHUNKS, body, chunks, 0) for body, chunks in found]
