"""Bring the mail of another server in, unique ids included, so that no client downloads anything again.

A message is told by its unique id: what is there, or was, is not brought a second time, so that a run that broke off is
simply begun again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from controlpanel import database
from controlpanel.mailstore import headers
from controlpanel.mailstore.delivery import (
    AlreadyThere,
    Delivered,
    Delivery,
    Result,
    deliver,
    discard_bodies,
    in_chunks,
    new_bodies,
    stage_chunks,
)
from controlpanel.mailstore.downgrading import raw_header
from controlpanel.mailstore.maildir import Kept
from controlpanel.mailstore.staging import Chunk

MESSAGES_A_STEP = 64
OCTETS_A_STEP = 8 * 2**20
STAGED_FROM = OCTETS_A_STEP
CHUNKS_A_STEP = 16


@dataclass(slots=True)
class Brought:
    """So far. `unreadable`: files that could not be read."""

    messages: int = 0
    octets: int = 0
    there: int = 0
    unreadable: tuple[str, ...] = ()


def bring(mailbox: int, kept: Iterable[Kept]) -> Iterator[Brought]:
    """Bring messages into a mailbox, in their order, beyond its quota if need be. Yields how far it is."""
    so_far = Brought()
    for batch in _batches(mailbox, kept, so_far):
        _count(so_far, batch, deliver(batch))
        yield so_far
    yield so_far


def _batches(mailbox: int, kept: Iterable[Kept], so_far: Brought) -> Iterator[list[Delivery]]:
    """Yield messages that are not there yet, few enough to be held at once."""
    batch: list[Delivery] = []
    for each in _missing(mailbox, kept, so_far):
        try:
            octets = each.octets()
        except (OSError, EOFError) as error:
            so_far.unreadable += (f"{each.file.name}: {error}",)
            continue
        if batch and sum(it.octets for it in batch) + len(octets) > OCTETS_A_STEP:
            yield batch
            batch = []
        batch.append(_delivery(mailbox, each, octets))
        if len(batch) >= MESSAGES_A_STEP:
            yield batch
            batch = []
    if batch:
        yield batch


KNOWN = "SELECT uidl FROM mailstore_message WHERE mailbox_id = %(mailbox)s::bigint"


def _missing(mailbox: int, kept: Iterable[Kept], so_far: Brought) -> Iterator[Kept]:
    known = {uidl for (uidl,) in database.rows(KNOWN, mailbox=mailbox)}
    for each in kept:
        if each.uidl in known:
            so_far.there += 1
        else:
            yield each


def _delivery(mailbox: int, kept: Kept, octets: bytes) -> Delivery:
    made = Delivery(
        mailbox_id=mailbox,
        octets=len(octets),
        chunks=in_chunks(octets),
        uidl=kept.uidl,
        received=kept.received,
        force=True,
        raw_header=raw_header(b"", octets),
        **headers.scan(octets)._asdict(),
    )
    return made if len(octets) < STAGED_FROM else replace(made, chunks=(), body=_staged(made.chunks))


def _staged(chunks: Iterable[bytes]) -> int:
    """Write a large message in pieces, ahead of its delivery."""
    [body] = new_bodies(1)
    numbered = [Chunk(body, sequence, octets) for sequence, octets in enumerate(chunks)]
    for first in range(0, len(numbered), CHUNKS_A_STEP):
        stage_chunks(numbered[first : first + CHUNKS_A_STEP])
    return body


def _count(so_far: Brought, batch: list[Delivery], results: list[Result]) -> None:
    for delivery, result in zip(batch, results, strict=True):
        if isinstance(result, Delivered):
            so_far.messages += 1
            so_far.octets += delivery.octets
            continue
        if delivery.body is not None:
            discard_bodies([delivery.body])
        so_far.there += isinstance(result, AlreadyThere)
