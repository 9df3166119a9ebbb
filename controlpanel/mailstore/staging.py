"""Bodies as chunks: written before the message that names them, in transactions of their own.

Nothing here waits for the disk: the delivery's own commit, later in the same log, brings all of it there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from controlpanel import database
from controlpanel.mailstore.errors import BodyGoneError
from controlpanel.mailstore.models import CHUNK_OCTETS


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part `sequence` (from 0) of a body: 1 to 256 KiB."""

    body: int
    sequence: int
    octets: bytes


def in_chunks(body: bytes) -> list[bytes]:
    """Cut a body that is at hand."""
    return [body[start : start + CHUNK_OCTETS] for start in range(0, len(body), CHUNK_OCTETS)]


LAZILY = "SET LOCAL synchronous_commit = off"

NEW_BODIES = """
INSERT INTO mailstore_stagedbody (body, since)
SELECT nextval('mailstore_body'), now() FROM generate_series(1, %(number)s::integer)
RETURNING body
"""


def new_bodies(number: int) -> list[int]:
    """Return numbers for bodies to be staged. A body that no message names after a day is swept."""
    with transaction.atomic():
        database.run(LAZILY)
        return [body for (body,) in database.rows(NEW_BODIES, number=number)]


WRITE_CHUNKS = """
INSERT INTO mailstore_messagechunk (body, sequence, octets)
SELECT * FROM unnest(%(body)s::bigint[], %(sequence)s::integer[], %(octets)b::bytea[])
"""


def stage_chunks(chunks: Sequence[Chunk]) -> None:
    """Write chunks of staged bodies."""
    with transaction.atomic():
        database.run(LAZILY)
        database.run(WRITE_CHUNKS, **database.columns(chunks))


COPY_CHUNKS = """
INSERT INTO mailstore_messagechunk (body, sequence, octets)
SELECT %(target)s::bigint, sequence, octets FROM mailstore_messagechunk
WHERE body = %(source)s::bigint AND sequence >= %(first)s::integer
"""


def copy_chunks(source: int, target: int, first: int = 0) -> None:
    """Copy the chunks of one staged body to another, from sequence `first` on."""
    with transaction.atomic():
        database.run(LAZILY)
        database.run(COPY_CHUNKS, source=source, target=target, first=first)


DISCARD = """
WITH discarded AS (DELETE FROM mailstore_stagedbody WHERE body = ANY(%(bodies)s::bigint[]) RETURNING body)
DELETE FROM mailstore_messagechunk AS chunk USING discarded WHERE chunk.body = discarded.body
"""


def discard_bodies(bodies: Iterable[int]) -> None:
    """Remove staged bodies whose message was refused or never came to its end."""
    database.run(DISCARD, bodies=list(bodies))


LOCK_STAGED = """
SELECT body, (SELECT sum(octet_length(octets)) FROM mailstore_messagechunk AS chunk WHERE chunk.body = staged.body)
FROM mailstore_stagedbody AS staged WHERE body = ANY(%(bodies)s::bigint[])
ORDER BY body FOR UPDATE OF staged
"""


def lock_staged(wanted: Sequence[tuple[int, int]]) -> None:
    """Hold staged (body, octets) against the sweep.

    Raises BodyGoneError where a body is not there, is not of these octets, or stands in two deliveries.
    """
    if wanted and database.rows(LOCK_STAGED, bodies=[body for body, _ in wanted]) != sorted(wanted):
        raise BodyGoneError


NAME_STAGED = "DELETE FROM mailstore_stagedbody WHERE body = ANY(%(bodies)s::bigint[])"


def name_staged(bodies: Iterable[int]) -> None:
    """These staged bodies have their messages now, in the caller's transaction."""
    if named := list(bodies):
        database.run(NAME_STAGED, bodies=named)
