"""Pure: secrets that were right a while ago, so that a client that polls every ten minutes costs no Argon2.

What is kept is a digest under a key that is born and dies with the process, and beside it the fingerprint of the stored
hash it was right for. Who changes a password changes the stored hash, and nothing that is remembered fits any more.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

LIFETIME = 24 * 3600.0  # seconds
CAPACITY = 50_000  # secrets: about 12 MB

Stored = str | bytes


class Remembered:
    """A bounded memory of right secrets, least lately used out first. Safe to call from any thread."""

    def __init__(
        self, capacity: int = CAPACITY, lifetime: float = LIFETIME, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._capacity = capacity
        self._lifetime = lifetime
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._entries: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()

    def remember(self, owner: int, secret: str, stored: Stored) -> None:
        """Remember that `secret` of `owner` was right for the hash or key `stored`."""
        entry = self._digest(str(owner), secret)
        until = self._clock() + self._lifetime
        with self._lock:
            self._entries[entry] = (self._digest(stored), until)
            self._entries.move_to_end(entry)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)

    def find(self, owner: int, secret: str, candidates: Iterable[Stored]) -> Stored | None:
        """Return the one of `candidates`, the hashes and keys stored now, for which `secret` was right; or None."""
        entry = self._digest(str(owner), secret)
        with self._lock:
            fingerprint, until = self._entries.get(entry, (b"", 0.0))
            if until and until <= self._clock():
                del self._entries[entry]
                fingerprint = b""
            elif fingerprint:
                self._entries.move_to_end(entry)
        if not fingerprint:
            return None
        return next((stored for stored in candidates if self._digest(stored) == fingerprint), None)

    def __len__(self) -> int:
        return len(self._entries)

    def _digest(self, *parts: Stored) -> bytes:
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            octets = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            digest.update(len(octets).to_bytes(4) + octets)
        return digest.digest()
