"""The octets of one connection: whom a proxy speaks for, TLS, and what asyncio calls.

What is above it (`Connection`) sees the peer's address, plaintext, and when it may write.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pop3service.proxy_header import ProxyHeaderError, ProxyHeaderReader
from pop3service.rules import Tls
from pop3service.server import keepalive
from pop3service.server.limits import plain_address, within
from pop3service.server.logfmt import logfmt
from pop3service.tls import TlsLayer

if TYPE_CHECKING:
    from pop3service.server.ports import Service
    from pop3service.server.serving import Server

log = logging.getLogger("casilla.session")

UNNAMED_TLS = "TLS"  # of a client whose proxy does not say which version they speak
HIGH_WATER = 64 * 1024  # octets that the client has not taken, past which nothing more is made for it


class Wire(asyncio.BufferedProtocol):
    """`received` counts octets from the network, `sent` octets of plaintext. `reason`: why we closed."""

    __slots__ = (
        "_header",
        "_layer",
        "_reading",
        "_transport",
        "address",
        "closing",
        "eof",
        "reason",
        "received",
        "sent",
        "server",
        "service",
        "tls",
        "writable",
    )

    def __init__(self, server: "Server", service: "Service") -> None:
        self.server = server
        self.service = service
        self._header: ProxyHeaderReader | None = None
        self._layer: TlsLayer | None = None
        self._reading = self.writable = True
        self.closing = self.eof = False
        self.address = self.tls = self.reason = ""
        self.received = self.sent = 0

    # What is above

    def admit(self, tls: Tls | None) -> None:
        """The address is known; `tls` is what a proxy says of the client's line to it."""
        raise NotImplementedError

    def secured(self, tls: Tls) -> None:
        """The handshake is done."""
        raise NotImplementedError

    def arrived(self, data: bytes) -> None:
        """Plaintext came, or, with none, the news that none will come."""
        raise NotImplementedError

    def drained(self) -> None:
        """The client takes more."""
        raise NotImplementedError

    def fail(self) -> None:
        """Something raised: end this connection."""
        raise NotImplementedError

    def gone(self) -> None:
        """The connection is no more."""
        raise NotImplementedError

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self.guarded(self._identify, transport.get_extra_info("peername"))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.server.inbox  # one for all: what is in it is taken out before another connection reads

    def buffer_updated(self, nbytes: int) -> None:
        self.received += nbytes
        self.guarded(self._take, bytes(self.server.inbox[:nbytes]))

    def eof_received(self) -> bool:
        """The client sends no more. In clear it may still read what it asked for."""
        self.eof = True
        if self._header is not None or self._layer is not None or self.closing:
            return False
        self.guarded(self.arrived, b"")
        return True

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        self.guarded(self.drained)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self.gone()
        self._layer = None

    # What is above calls

    @property
    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    @property
    def in_transit(self) -> bool:
        """Whether the system still holds octets that the peer has not acknowledged."""
        return keepalive.unacknowledged(self._transport.get_extra_info("socket")) > 0

    def watch_closely(self) -> None:
        keepalive.watch(self._transport.get_extra_info("socket"), keepalive.CLOSELY)

    def guarded(self, work: Callable[..., None], *arguments: Any) -> None:
        """A fault of ours ends this connection and no other."""
        try:
            work(*arguments)
        except Exception:
            log.exception("service=%s peer=%s fault=unexpected", self.service.name, self.address)
            self.fail()

    def read_on(self, wanted: bool) -> None:
        if wanted != self._reading and not self.closing and not self.eof:
            self._reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def send(self, data: bytes) -> None:
        if data:
            self.sent += len(data)
            self._transport.write(data if self._layer is None else self._layer.send(data))

    def close(self) -> None:
        """Close once everything has left."""
        self.closing = True
        if self._layer is not None and self.tls:
            self._transport.write(self._layer.close())
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def start_tls(self, data: bytes = b"") -> None:
        """Expect a handshake, of which `data` has come already."""
        self._layer = TlsLayer(self.server.certificates)
        self._take(data)

    # Octets in

    def _identify(self, peername: object) -> None:
        """Who comes through the file system has a path for a name, or none, and no address."""
        self.address = plain_address(peername[0]) if isinstance(peername, tuple) else ""
        if self.service.proxied and within(self.address, self.server.proxies):
            self._header = ProxyHeaderReader()
        else:
            self.admit(None)

    def _take(self, data: bytes) -> None:
        if self.closing:
            return
        if self._header is not None:
            self._take_header(self._header, data)
        elif self._layer is not None:
            self._take_encrypted(self._layer, data)
        else:
            self.arrived(data)

    def _take_header(self, header: ProxyHeaderReader, data: bytes) -> None:
        """Read the PROXY header; what stands behind it is the client's, TLS or not."""
        try:
            header.feed(data)
        except ProxyHeaderError:
            self.reason = "proxy_header"
            self.close()
            return
        if not header.done:
            return
        self._header = None
        origin = header.origin
        if origin is not None:
            self.address = plain_address(origin.address)
        self.admit(None if origin is None or origin.tls is None else Tls(origin.tls or UNNAMED_TLS))
        if header.leftover:
            self._take(header.leftover)

    def _take_encrypted(self, layer: TlsLayer, data: bytes) -> None:
        plaintext, to_send = layer.receive(data)
        if to_send:
            self._transport.write(to_send)
        if layer.failure:
            self.reason = "tls"
            log.info(logfmt({"event": "tls_failure", "peer": self.address, "fault": layer.failure}))
            self.close()
            return
        if layer.tls is None:
            return
        if not self.tls:
            self.tls = layer.tls.version
            self.secured(layer.tls)
        self.eof = self.eof or layer.closed
        if plaintext or self.eof:
            self.arrived(plaintext)
