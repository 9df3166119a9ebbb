"""The beat of a mail process: once a second it keeps its sessions alive, and learns which to end."""

import logging

from controlpanel.mailstore.maildrop import Renewed
from pop3service.backend.store import READ_AHEAD_OCTETS, Policies, Store
from pop3service.requests import Unavailable
from pop3service.signals import Farewell

log = logging.getLogger("casilla.store")

BEAT_SECONDS = 1.0
IDLE_SECONDS = 60.0  # without an octet either way, after which a session gives way to a login that waits for it
SWEEP_BEATS = 30
POLICY_BEATS = 5
RE_TAKEN_AT_ONCE = 500


class Heart:
    """Beats from `start` to `stop`. Where the store cannot be reached it goes on trying."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._beats = 0
        self._stopped = False

    def start(self) -> None:
        self._store.beats.ask(self._store.process, self._beaten)

    def stop(self) -> None:
        self._stopped = True

    def _beaten(self, renewed: Renewed | Unavailable) -> None:
        if self._stopped:
            return
        self._store.loop.call_later(BEAT_SECONDS, self.start)
        self._beats += 1
        if isinstance(renewed, Renewed):
            if renewed.anew:
                self._re_take()
            self._end(renewed.to_end)
            self._give_way(renewed.wanted)
        if self._store.read_ahead < READ_AHEAD_OCTETS // 4:
            self._spare_memory()
        if self._beats % SWEEP_BEATS == 1:
            self._store.sweeps.ask(None, self._swept)
        if self._beats % POLICY_BEATS == 1:
            self._store.policy.ask(None, self._take_policies)

    def _re_take(self) -> None:
        """Our row is new: at the start, and after a crash of PostgreSQL, which empties the table of sessions."""
        doors = list(self._store.sessions.values())
        if doors:
            log.warning("event=sessions_taken_anew sessions=%d", len(doors))
        for first in range(0, len(doors), RE_TAKEN_AT_ONCE):
            self._store.re_takes.ask(doors[first : first + RE_TAKEN_AT_ONCE], self._re_taken)

    def _re_taken(self, to_end: list[int] | Unavailable) -> None:
        """Another session took the maildrop exclusively meanwhile: ours has lost it."""
        if not isinstance(to_end, Unavailable):
            self._end(to_end)

    def _end(self, sessions: list[int]) -> None:
        for session in sessions:
            door = self._store.sessions.get(session)
            if door is not None:
                door.line.end(Farewell.ENDED, "panel")

    def _give_way(self, sessions: list[int]) -> None:
        """Others wait for these maildrops: who is idle has to leave."""
        for session in sessions:
            door = self._store.sessions.get(session)
            if door is not None and door.line.quiet_seconds >= IDLE_SECONDS:
                door.line.end(Farewell.TAKEN_OVER, "taken_over")

    def _spare_memory(self) -> None:
        for door in self._store.sessions.values():
            door.spare_memory()

    def _take_policies(self, policies: Policies | Unavailable) -> None:
        if isinstance(policies, Policies):
            self._store.policies = policies

    def _swept(self, sessions: int | Unavailable) -> None:
        if not isinstance(sessions, Unavailable) and sessions:
            log.warning("event=dead_sessions_swept sessions=%d", sessions)
