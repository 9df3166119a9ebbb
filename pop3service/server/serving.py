"""The server of a process: its listeners and connections, one clock, and a stop that lets work come to its end."""

import asyncio
import logging
import socket
from collections.abc import Sequence

from pop3service.certificates import Certificates
from pop3service.server import keepalive
from pop3service.server.connection import Connection
from pop3service.server.limits import Census, Limits, Network
from pop3service.server.ports import Service
from pop3service.server.wheel import Wheel
from pop3service.signals import Farewell

log = logging.getLogger("casilla.service")

INBOX_OCTETS = 64 * 1024
BACKLOG = 1024
STOP_AGAIN_SECONDS = 0.1


def name_of(sock: socket.socket) -> object:
    """Return where it listens: host and port, or the path of a socket in the file system."""
    name = sock.getsockname()
    return name if isinstance(name, str) else name[:2]


class Server:
    """Serves on listening sockets that others made. Lives on one loop, after the fork."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        certificates: Certificates,
        limits: Limits,
        proxies: Sequence[Network] = (),
    ) -> None:
        self.loop = loop
        self.certificates = certificates
        self.proxies = proxies
        self.census = Census(limits)
        self.connections: set[Connection] = set()
        self.inbox = memoryview(bytearray(INBOX_OCTETS))
        self.stopping = False
        self._wheel = Wheel(loop)
        self._listeners: list[asyncio.Server] = []

    async def listen(self, sock: socket.socket, service: Service) -> None:
        keepalive.watch(sock, keepalive.USUALLY)  # what is accepted from it inherits that
        server = await self.loop.create_server(lambda: Connection(self, service), sock=sock, backlog=BACKLOG)
        self._listeners.append(server)
        log.info("event=listening service=%s address=%s", service.name, name_of(sock))

    async def stop(self, seconds: float) -> None:
        """Take no more connections, let each session finish what is under way, cut what is left after `seconds`."""
        self.stopping = True
        for listener in self._listeners:
            listener.close()
        log.info("event=stopping sessions=%d", len(self.connections))
        until = self.loop.time() + seconds
        while self.connections and self.loop.time() < until:
            self._end_idle()
            await asyncio.sleep(STOP_AGAIN_SECONDS)
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)  # their connection_lost is called in the loop's next round
        self._wheel.stop()

    def _end_idle(self) -> None:
        for connection in list(self.connections):
            if not connection.busy:
                connection.end(Farewell.SHUTDOWN, "shutdown")

    def enter(self, connection: Connection) -> None:
        self.connections.add(connection)
        self._wheel.add(connection)

    def hurry(self, connection: Connection) -> None:
        """This connection's deadline was brought forward."""
        self._wheel.remove(connection)
        self._wheel.add(connection)

    def leave(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._wheel.remove(connection)
