"""The one door to the store: the only place in pop3service that knows the control panel.

Sessions live on one event loop; the store is plain, synchronous Django. Between them stand a few threads with a
connection each (lanes.py), and before each set-based call a gatherer, so that what forty sessions want at the same
moment is one statement. No session has a task: what takes several steps is a generator (steps.py).
"""

import asyncio
from dataclasses import replace

from pop3service.backend.auth_door import AuthDoor
from pop3service.backend.connections import keep_connections
from pop3service.backend.heart import Heart
from pop3service.backend.lmtp_door import LmtpDoor
from pop3service.backend.policy_door import PolicyDoor
from pop3service.backend.pop3_door import Pop3Door
from pop3service.backend.steps import ignore
from pop3service.backend.store import Policies, Store
from pop3service.server.ports import Line

STOP_SECONDS = 1.5  # twice: what waits for a lock longer than that is left to the next process's sweep

__all__ = ["Backend", "Policies"]


class Backend:
    """What a mail process has of the store, from `start`, on the loop's thread and after the fork, to `stop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        keep_connections()
        self._store = Store(loop)
        self._heart = Heart(self._store)

    def start(self) -> None:
        self._heart.start()

    @property
    def policies(self) -> Policies:
        """What holds for any user who may sign in."""
        return self._store.policies

    def tell_trouble(self, text: str) -> None:
        """Show in the panel what is wrong with this process, "" for nothing."""
        self._store.process = replace(self._store.process, trouble=text)

    def pop3(self, line: Line) -> Pop3Door:
        return Pop3Door(self._store, line)

    def lmtp(self, line: Line) -> LmtpDoor:
        return LmtpDoor(self._store, line)

    def auth(self, line: Line) -> AuthDoor:
        return AuthDoor(self._store, line)

    def policy(self, line: Line) -> PolicyDoor:
        return PolicyDoor(self._store, line)

    async def stop(self) -> None:
        """Finish what is under way and take this process's row away. No session may be left."""
        self._heart.stop()
        await self._store.rest(STOP_SECONDS)
        self._store.drops.ask(self._store.process, ignore)
        await self._store.rest(STOP_SECONDS)
        self._store.close()
