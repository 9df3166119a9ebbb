"""A server with POP3 on a loopback socket and a scripted store behind it, all on one loop, for tests of `server`."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pop3service.certificates import Certificates
from pop3service.pop3 import Peer, Rules, Session
from pop3service.server import Limits, Server, Service
from pop3service.signals import Farewell
from tests.protocol.scripted import NAME, SECRET, Store

HOUR = 3600.0


@dataclass
class Door:
    """Answers from a scripted store at once; requests of a kind that is `held` wait for `release`."""

    line: object
    store: Store
    held: tuple[type, ...] = ()
    waiting: list[Callable[[], None]] = field(default_factory=list)
    closed: list[tuple[object, str]] = field(default_factory=list)

    def ask(self, request: object, answer: Callable[[object], None]) -> None:
        if isinstance(request, self.held):
            self.waiting.append(lambda: answer(self.store.answer(request)))
        else:
            answer(self.store.answer(request))

    def release(self) -> None:
        waiting, self.waiting = self.waiting, []
        for go_on in waiting:
            go_on()

    def close(self, rest: object, reason: str) -> dict[str, object]:
        self.closed.append((rest, reason))
        return {}


@dataclass
class House:
    server: Server
    port: int
    store: Store
    doors: list[Door]
    peers: list[Peer]
    held: tuple[type, ...] = ()

    async def client(self, source: str = "127.0.0.1") -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        return Client(reader, writer)

    async def signed_in(self) -> "Client":
        client = await self.client()
        await client.line()
        await client.command(f"USER {NAME}")
        assert (await client.command(f"PASS {SECRET}")).startswith(b"+OK")
        return client


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def line(self) -> bytes:
        return (await asyncio.wait_for(self.reader.readline(), 10)).removesuffix(b"\r\n")

    async def rest(self) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.read(), 10)
        except ConnectionError:
            return b""

    def reset(self) -> None:
        """Vanish: the server sees a broken line, not an end of what the client had to say."""
        line = self.writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def command(self, line: str) -> bytes:
        self.send(f"{line}\r\n".encode())
        return await self.line()


@asynccontextmanager
async def house(
    *,
    limits: Limits | None = None,
    proxies: tuple[object, ...] = (),
    certificates: Path = Path("/nowhere"),
    store: Store | None = None,
    rules: Rules | None = None,
    core: Callable[[Peer], object] | None = None,
    **service: object,
) -> AsyncIterator[House]:
    """A server that serves; it is stopped at the end."""
    loop = asyncio.get_running_loop()
    pairs = Certificates(certificates)
    pairs.reload()
    server = Server(loop, pairs, limits or Limits(), proxies)
    sock = socket.create_server(("127.0.0.1", 0))
    made = House(server, sock.getsockname()[1], store or Store(), [], [])

    def new_core(peer: Peer) -> object:
        made.peers.append(peer)
        return core(peer) if core else Session(rules or Rules("mail.example.org", stls=bool(pairs)), peer)

    def new_door(line: object) -> Door:
        made.doors.append(Door(line, made.store, made.held))
        return made.doors[-1]

    await server.listen(sock, Service("pop3", new_core, new_door, **{"idle": 600.0, "lifetime": 12 * HOUR, **service}))
    try:
        yield made
    finally:
        await server.stop(0.0)


def ended(door: Door) -> list[str]:
    return [reason for _, reason in door.closed]


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until the condition holds; fails after ten seconds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


__all__ = ["NAME", "SECRET", "Client", "Door", "Farewell", "House", "ended", "house", "until"]
