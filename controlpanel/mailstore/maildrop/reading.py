"""Read maildrops: the listing of a session, unique ids, bodies; each for many sessions with one statement."""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from controlpanel import database


@dataclass(frozen=True, slots=True)
class Wanted:
    """A maildrop at a change number."""

    mailbox_id: int
    change: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The messages of a maildrop in order of their numbers: ids of Message rows, and octets; 64-bit integers."""

    ids: "array[int]"
    octets: "array[int]"


# Both arms are sorted, so that PostgreSQL merges two index scans instead of sorting a hundred thousand rows; the first
# is read from the index message_present alone, where `octets` is what the table has. `{octets}`: a message's length.
LIST_OF: LiteralString = """
SELECT listing.pairs
FROM unnest(%(mailbox_id)s::bigint[], %(change)s::bigint[]) WITH ORDINALITY AS wanted (mailbox_id, change, place)
CROSS JOIN LATERAL (
    SELECT string_agg(int8send(id) || int8send(octets), '') AS pairs
    FROM (
        (SELECT added, id, {octets} AS octets FROM mailstore_message
         WHERE mailbox_id = wanted.mailbox_id AND added <= wanted.change AND removed IS NULL
         ORDER BY added)
        UNION ALL
        (SELECT added, id, {octets} AS octets FROM mailstore_message
         WHERE mailbox_id = wanted.mailbox_id AND added <= wanted.change
           AND removed > wanted.change AND body IS NOT NULL
         ORDER BY added)
        ORDER BY added
    ) AS seen
) AS listing
ORDER BY wanted.place
"""

LIST = LIST_OF.replace("{octets}", "octets")


def list_maildrops(wanted: Sequence[Wanted]) -> list[Listing]:
    """Return what was present at each change number, in order of arrival, restored messages last."""
    return [listing(pairs or b"") for (pairs,) in database.rows(LIST, **database.columns(wanted, *Wanted.__slots__))]


def listing(pairs: bytes) -> Listing:
    """Two numbers a message, in network order: 1.6 MB for 100,000 messages, where tuples would take 23 MB."""
    numbers = array("q", pairs)
    if sys.byteorder == "little":
        numbers.byteswap()
    return Listing(numbers[::2], numbers[1::2])


UNIQUE_IDS = """
SELECT COALESCE(message.uidl, '')
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
LEFT JOIN mailstore_message AS message ON message.id = wanted.id
ORDER BY wanted.place
"""


def unique_ids(pages: Sequence[Sequence[int]]) -> list[list[str]]:
    """Return the unique ids of the messages of each page, in order; "" for one that does not exist."""
    found = iter(database.rows(UNIQUE_IDS, ids=array("q", [number for page in pages for number in page])))
    return [[next(found)[0] for _ in page] for page in pages]


@dataclass(frozen=True, slots=True)
class Page:
    """So many messages of a maildrop at a change number, from the first that arrived after change `after` on."""

    mailbox_id: int
    change: int
    after: int
    count: int


@dataclass(frozen=True, slots=True)
class UniqueIds:
    """A page's unique ids in order, the change number of its last message, and the sum of its Message ids."""

    uidls: Sequence[str]
    added: int
    ids: int


PAGES = """
SELECT page.uidls, page.added, page.ids
FROM unnest(%(mailbox_id)s::bigint[], %(change)s::bigint[], %(after)s::bigint[], %(count)s::bigint[])
    WITH ORDINALITY AS wanted (mailbox_id, change, after, count, place)
CROSS JOIN LATERAL (
    SELECT string_agg(uidl, ' ') AS uidls, max(added) AS added, sum(id)::bigint AS ids
    FROM (
        (SELECT added, id, uidl FROM mailstore_message
         WHERE mailbox_id = wanted.mailbox_id AND added > wanted.after AND added <= wanted.change AND removed IS NULL
         ORDER BY added)
        UNION ALL
        (SELECT added, id, uidl FROM mailstore_message
         WHERE mailbox_id = wanted.mailbox_id AND added > wanted.after AND added <= wanted.change
           AND removed > wanted.change AND body IS NOT NULL
         ORDER BY added)
        ORDER BY added LIMIT wanted.count
    ) AS seen
) AS page
ORDER BY wanted.place
"""


def unique_id_pages(pages: Sequence[Page]) -> list[UniqueIds]:
    """Return page by page what `unique_ids` gives, in a sixth of the time: a walk along the maildrop, no look-ups.

    A page holds what is there now: compare `ids` with those of the listing.
    """
    found = database.rows(PAGES, **database.columns(pages, *Page.__slots__))
    return [UniqueIds(uidls.split(" ") if uidls else (), added or 0, ids or 0) for uidls, added, ids in found]


READ_BODIES = """
SELECT message.id, chunk.octets
FROM mailstore_message AS message JOIN mailstore_messagechunk AS chunk ON chunk.body = message.body
WHERE message.id = ANY(%(ids)s::bigint[])
ORDER BY message.id, chunk.sequence
"""


def read_bodies(ids: Sequence[int]) -> dict[int, bytes]:
    """Return whole bodies by message id, for small messages of any sessions; without those whose body is gone."""
    bodies: dict[int, bytes] = {}
    for number, octets in database.rows(READ_BODIES, ids=array("q", ids)):
        bodies[number] = bodies[number] + octets if number in bodies else octets
    return bodies


READ_CHUNKS = """
SELECT COALESCE(chunk.octets, '')
FROM unnest(%(ids)s::bigint[], %(sequences)s::integer[]) WITH ORDINALITY AS wanted (id, sequence, place)
LEFT JOIN mailstore_message AS message ON message.id = wanted.id
LEFT JOIN mailstore_messagechunk AS chunk ON chunk.body = message.body AND chunk.sequence = wanted.sequence
ORDER BY wanted.place
"""


def read_chunks(wanted: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the chunk, up to 256 KiB, of each (message id, sequence from 0); b"" past the end, or if that is gone."""
    ids, sequences = [number for number, _ in wanted], [sequence for _, sequence in wanted]
    return [octets for (octets,) in database.rows(READ_CHUNKS, ids=ids, sequences=sequences)]
