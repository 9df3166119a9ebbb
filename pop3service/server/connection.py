"""One session on its connection: events of the core, requests to the door, and a clock.

Nothing here waits, and no connection has a task. `_pump` asks the core for events until it has none, or the store has
to answer first, or the client takes no more; whichever it was calls it again when that is over.
"""

import asyncio
from typing import TYPE_CHECKING, Any, cast

from pop3service.requests import LoggedIn
from pop3service.rules import Peer, Tls
from pop3service.server.limits import is_loopback, within
from pop3service.server.logfmt import logfmt
from pop3service.server.ports import Core, Door, RecordedCore, Service, TlsCore
from pop3service.server.wheel import NOWHERE
from pop3service.server.wire import Wire, log
from pop3service.signals import CLOSE, START_TLS, Farewell, Signal
from pop3service.tape import Sink

if TYPE_CHECKING:
    from pop3service.server.serving import Server

HANDSHAKE_SECONDS = 20
TURN_SECONDS = 0.005  # after which other connections have their turn
STORE_SECONDS = 10  # how soon to look again at a session that waits for the store
TLS_NAME = 16  # signs of a version's name that are kept; a proxy may send what it likes
LINGER_SECONDS = 20  # for the last words to leave


class Connection(Wire):
    """To the wheel it is one of its members, to the door the `Line`."""

    __slots__ = (
        "_authenticated",
        "_born",
        "_core",
        "_counted",
        "_door",
        "_pumping",
        "_touched",
        "_turn_over",
        "_waiting",
        "deadline",
        "place",
    )

    def __init__(self, server: "Server", service: Service) -> None:
        super().__init__(server, service)
        self._core: Core | None = None
        self._door: Door | None = None
        self._authenticated = not service.has_login
        self._counted = self._pumping = self._turn_over = self._waiting = False
        self._born = self._touched = server.loop.time()
        self.deadline = self._born + HANDSHAKE_SECONDS
        self.place = NOWHERE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.server.enter(self)
        super().connection_made(transport)

    @property
    def busy(self) -> bool:
        """Whether something is under way that a stop should let come to its end."""
        inside = self._core is not None and self._core.inside_reply
        return self._waiting or self._turn_over or inside or not self.writable or self.unsent > 0

    @property
    def quiet_seconds(self) -> float:
        """Seconds since anything came or went, 0.0 while something is under way or the client takes what was sent."""
        return 0.0 if self.busy or self.in_transit else self.server.loop.time() - self._touched

    def end(self, why: Farewell, reason: str) -> None:
        """End the session from our side, for the reason that the log shall have."""
        if not self.closing:
            self.reason = self.reason or reason
            self.send(b"" if self._core is None else self._core.farewell(why))
            self.close()

    def record(self, sink: Sink) -> None:
        if self._core is not None:
            cast("RecordedCore", self._core).record(sink)

    def close(self) -> None:
        """Close once everything has left; a client that does not take it has so long and no longer."""
        super().close()
        self.deadline = self.server.loop.time() + LINGER_SECONDS
        self.server.hurry(self)

    def expire(self) -> None:
        """The wheel says that the deadline has passed."""
        if self.closing:
            self.abort()
        elif self._waiting:
            self.deadline += STORE_SECONDS
        else:
            self.end(Farewell.IDLE, "idle")

    # What the wire tells

    def admit(self, tls: Tls | None) -> None:
        """Let the peer in, or tell it why not."""
        service, census = self.service, self.server.census
        if service.networks is not None and self.address and not within(self.address, service.networks):
            self.reason = "foreign"
            self.send(service.refusal)
            self.close()
        elif not census.has_room(self.address, len(self.server.connections)):
            self.reason = "too_many"
            if tls is not None or not service.tls_from_start:
                self.send(self._new_core(tls).farewell(Farewell.TOO_MANY_CONNECTIONS))
            self.close()
        else:
            self._counted = True
            census.enter(self.address, self._authenticated)
            self._begin(tls)

    def secured(self, tls: Tls) -> None:
        if self._core is None:
            self._start(tls)
        else:
            cast("TlsCore", self._core).tls_started(tls)

    def arrived(self, data: bytes) -> None:
        if self._core is not None:
            self._touch()
            self._core.receive(data)
            self._pump(self._core)

    def drained(self) -> None:
        if self._core is not None:
            self._touch()
            self._pump(self._core)

    def fail(self) -> None:
        self.reason = "fault"
        if self._core is None or self.closing:
            self.abort()
        else:
            self.end(Farewell.FAULT, "fault")

    def gone(self) -> None:
        rest = None if self._core is None else self._core.lost()
        said = {} if self._door is None else self._door.close(rest, self.reason or "lost")
        self.server.leave(self)
        if self._counted:
            self.server.census.leave(self.address, self._authenticated)
        self._tell(said)
        self._core = self._door = None

    # The beginning

    def _begin(self, tls: Tls | None) -> None:
        if tls is not None:
            self.tls = tls.version[:TLS_NAME]
        if tls is not None or not self.service.tls_from_start:
            self._start(tls)
        elif self.server.certificates:
            self.start_tls()
        else:
            self.reason = "no_certificate"
            self.close()

    def _start(self, tls: Tls | None) -> None:
        self._core = self._new_core(tls)
        self._door = self.service.door(self)
        self._touch()
        self._pump(self._core)

    def _new_core(self, tls: Tls | None) -> Core:
        return self.service.core(Peer(self.address, is_loopback(self.address), tls))

    # Events

    def _pump(self, core: Core) -> None:
        """Do what the core says until it or the client has to be waited for, or others have their turn."""
        if self._pumping:
            return
        self._pumping = True
        self._turn_over = False
        until = self.server.loop.time() + TURN_SECONDS
        try:
            while self.writable and not self._waiting and not self.closing and not self._turn_over:
                event = core.next_event()
                if isinstance(event, bytes):
                    self.send(event)
                elif isinstance(event, Signal):
                    self._obey(core, event)
                    break
                else:
                    self._ask(core, event)
                self._turn_over = self.server.loop.time() >= until
        finally:
            self._pumping = False
        if self._turn_over:
            self.server.loop.call_soon(self._next_turn)
        self._settle(core)

    def _next_turn(self) -> None:
        if self._turn_over and self._core is not None:
            self.guarded(self._pump, self._core)

    def _obey(self, core: Core, signal: Signal) -> None:
        if signal is CLOSE:
            self.reason = self.reason or core.ended
            self.close()
        elif self.eof:
            self.close()
        elif signal is START_TLS:
            self.start_tls(cast("TlsCore", core).unread())

    def _ask(self, core: Core, request: Any) -> None:
        """Have a request answered. Who has to wait for that sees what was said before."""
        self._waiting = True
        if self._door is not None:
            self._door.ask(request, self._answered)
        if self._waiting and not self.closing:
            self.send(core.take_output())

    def _answered(self, value: Any) -> None:
        self._waiting = False
        core = self._core
        if core is None:
            return
        if isinstance(value, LoggedIn) and not self._authenticated:
            self._authenticated = True
            self._touch()
            self.server.census.sign_in(self.address)
        core.answer(value)
        if not self._pumping:
            self._touch()
            self.guarded(self._pump, core)

    def _settle(self, core: Core) -> None:
        """Read on if the core wants that; leave, if the service stops and nothing is under way."""
        if not self.closing:
            self.read_on(core.wants_input)
            if self.server.stopping and not self.busy:
                self.end(Farewell.SHUTDOWN, "shutdown")

    def _touch(self) -> None:
        """Something came or went: put the deadline off."""
        service = self.service
        if self._authenticated:
            idle, most = service.idle, service.lifetime
        else:
            idle, most = service.idle_before_login, service.login_within
        self._touched = self.server.loop.time()
        self.deadline = min(self._touched + idle, self._born + most)

    def _tell(self, said: dict[str, object]) -> None:
        session = {
            "event": "session",
            "service": self.service.name,
            "peer": self.address,
            "tls": self.tls or None,
            "seconds": round(self.server.loop.time() - self._born, 1),
            "received": self.received,
            "sent": self.sent,
            "reason": self.reason or "lost",
        }
        log.info(logfmt(session | said))
