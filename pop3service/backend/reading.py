"""What one session reads of its maildrop: the listing, unique ids, and bodies, the next ones ahead of time."""

import logging
from array import array
from collections.abc import Sequence
from typing import TypeVar

from controlpanel.mailstore.maildrop import Listing, Page, Wanted
from controlpanel.mailstore.models import CHUNK_OCTETS
from pop3service.backend.lanes import Gatherer
from pop3service.backend.steps import Early, Steps, ask
from pop3service.backend.store import UNAVAILABLE, Bodies, Reads, Store
from pop3service.requests import Unavailable

log = logging.getLogger("casilla.store")

FIRST_AHEAD_OCTETS = 64 * 1024
AHEAD_OCTETS = 256 * 1024
PATIENCE_SECONDS = 20  # how long a reply that has begun waits for the database
AGAIN_SECONDS = 0.5

Asked = TypeVar("Asked")
Found = TypeVar("Found")


class Reader:
    """Reads for one session. Bodies at hand count against the process's budget until they are taken."""

    __slots__ = (
        "_after",
        "_ahead",
        "_chunked",
        "_coming",
        "_ids",
        "_left",
        "_next",
        "_octets",
        "_reads",
        "_sequence",
        "_store",
        "_wanted",
        "_window",
    )

    def __init__(self, store: Store, reads: Reads, wanted: Wanted, listing: Listing) -> None:
        self._store = store
        self._reads = reads
        self._wanted = wanted
        self._after = {1: 0}  # by the number that a page of unique ids may begin with: the change number before it
        self._ids = listing.ids
        self._octets = listing.octets
        self._ahead: dict[int, bytes] = {}  # bodies by number, ascending
        self._next = 0  # the number that comes next where a client reads in order
        self._window = FIRST_AHEAD_OCTETS
        self._chunked = 0  # the id of the large message that is being read
        self._sequence = 0
        self._left = 0  # octets of it that have not been given
        self._coming: Early[bytes | Unavailable] | None = None  # its next chunk, while the client takes this one

    @property
    def octets(self) -> "array[int]":
        return self._octets

    def ids(self, numbers: Sequence[int]) -> list[int]:
        return [self._ids[number - 1] for number in numbers]

    def unique_ids(self, first: int, count: int) -> Steps[Sequence[str] | Unavailable]:
        """Return a page of unique ids. Behind the first page stands a reply that has begun."""
        ids = self._ids[first - 1 : first - 1 + count]
        after = self._after.get(first)
        if after is None:
            return (yield from self._asked(self._store.unique_ids, ids, patient=first > 1))
        asked = Page(self._wanted.mailbox_id, self._wanted.change, after, count)
        page = yield from self._asked(self._store.unique_id_pages, asked, patient=first > 1)
        if isinstance(page, Unavailable):
            return page
        if page.ids != sum(ids) or len(page.uidls) != count:  # an id on the wrong number would cost mail
            log.error("call=unique_id_pages first=%d fault=missing", first)
            return UNAVAILABLE
        self._after = {1: 0, first + count: page.added}
        return page.uidls

    def at_hand(self, number: int) -> bytes | None:
        """Return a message that was read ahead, None where it has to be asked for."""
        body = self._ahead.pop(number, None)
        if body is not None:
            self._next = number + 1
            self._window = AHEAD_OCTETS
            self._chunked = 0
            self._release(len(body))
        return body

    def message(self, number: int) -> Steps[bytes | Unavailable]:
        """Return a message whole, or the first chunk of a large one."""
        self.drop()
        self._chunked = 0
        if self._octets[number - 1] > CHUNK_OCTETS:
            self._next = number + 1
            self._chunked = self._ids[number - 1]
            self._sequence = 0
            self._left = self._octets[number - 1]
            return (yield from self._chunk(patient=False))
        return (yield from self._bodies(number, self._run_from(number)))

    @property
    def at_end(self) -> bool:
        """Whether the message given last was whole."""
        return not self._chunked

    def more(self) -> Steps[bytes | Unavailable]:
        """Return the next chunk of a large message, b"" at its end."""
        chunk = yield from self._chunk(patient=True)
        if self._chunked and self._store.read_ahead >= CHUNK_OCTETS:
            self._release(-CHUNK_OCTETS)
            self._coming = Early(self._reads.chunks, (self._chunked, self._sequence))
        return chunk

    def stop(self) -> None:
        self._chunked = 0
        self._drop_coming()

    def drop(self) -> None:
        """Forget what was read ahead."""
        self._release(sum(map(len, self._ahead.values())))
        self._ahead.clear()
        self._drop_coming()

    def _drop_coming(self) -> None:
        if self._coming is not None:
            self._coming = None
            self._release(CHUNK_OCTETS)

    def _chunk(self, patient: bool) -> Steps[bytes | Unavailable]:
        chunk: bytes | Unavailable = UNAVAILABLE
        if self._coming is not None:
            chunk = yield from ask(self._coming, None)
            self._drop_coming()
        if isinstance(chunk, Unavailable):
            chunk = yield from self._asked(self._reads.chunks, (self._chunked, self._sequence), patient)
        if isinstance(chunk, Unavailable):
            return chunk
        self._sequence += 1
        self._left -= len(chunk)
        if self._left <= 0 or not chunk:
            self._chunked = 0
        return chunk

    def _run_from(self, number: int) -> range:
        """Return the numbers to read in one go: more than one where the client seems to read in order."""
        window = self._window if self._next in (0, number) else 0
        self._window = AHEAD_OCTETS
        self._next = number + 1
        window = min(window, self._store.read_ahead)
        last, octets = number, self._octets[number - 1]
        while last < len(self._octets) and octets + self._octets[last] <= window:
            octets += self._octets[last]
            last += 1
        return range(number, last + 1)

    def _bodies(self, number: int, run: range) -> Steps[bytes | Unavailable]:
        ids = self._ids[run.start - 1 : run.stop - 1]
        octets = sum(self._octets[run.start - 1 : run.stop - 1])
        self._release(-octets)
        bodies = yield from ask(self._reads.bodies, Bodies(ids, octets))
        self._release(octets)
        if isinstance(bodies, Unavailable):
            return bodies
        self._ahead = {n: bodies[each] for n, each in zip(run, ids, strict=True) if each in bodies}
        self._release(-sum(map(len, self._ahead.values())))
        body = self.at_hand(number)
        if body is None:
            log.error("call=read_bodies message=%d fault=missing", ids[0])
            return UNAVAILABLE
        return body

    def _asked(
        self, gatherer: Gatherer[Asked, Found, Unavailable], asked: Asked, patient: bool
    ) -> Steps[Found | Unavailable]:
        until = self._store.loop.time() + (PATIENCE_SECONDS if patient else 0)
        while True:
            found = yield from ask(gatherer, asked)
            if not isinstance(found, Unavailable) or self._store.loop.time() >= until:
                return found
            yield from ask(self._store.clock, AGAIN_SECONDS)

    def _release(self, octets: int) -> None:
        self._store.read_ahead += octets
