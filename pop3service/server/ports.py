"""What a connection stands between: the core of a protocol, the door to the store, and what the door sees of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pop3service.rules import Peer, Tls
from pop3service.server.limits import Network
from pop3service.signals import Farewell
from pop3service.tape import Sink


class Core(Protocol):
    """A protocol without I/O: pop3.Session, lmtp.Session."""

    @property
    def ended(self) -> str: ...
    @property
    def wants_input(self) -> bool: ...
    @property
    def inside_reply(self) -> bool: ...
    def receive(self, data: bytes) -> None: ...
    def next_event(self) -> Any: ...
    def answer(self, value: Any) -> None: ...
    def take_output(self) -> bytes: ...
    def farewell(self, why: Farewell) -> bytes: ...
    def lost(self) -> Any: ...


class TlsCore(Core, Protocol):
    """A core that can go over to TLS in the middle (STLS)."""

    def unread(self) -> bytes: ...
    def tls_started(self, tls: Tls) -> None: ...


class RecordedCore(Core, Protocol):
    """A core that gives its dialogue to who asks for it."""

    def record(self, sink: Sink) -> None: ...


class Line(Protocol):
    """A connection as the door sees it. `tls`: the version, "" in clear. `sent`: octets of replies so far.

    `quiet_seconds`: since anything came or went; 0.0 while something is under way.
    """

    address: str
    tls: str
    sent: int

    @property
    def quiet_seconds(self) -> float: ...
    def watch_closely(self) -> None:
        """Others wait for what this session holds: find out within seconds if the peer is dead."""

    def end(self, why: Farewell, reason: str) -> None: ...
    def record(self, sink: Sink) -> None:
        """Have the dialogue line by line, without secrets and content, from its beginning."""


class Door(Protocol):
    """One session's way to the store."""

    def ask(self, request: Any, answer: Callable[[Any], None]) -> None:
        """Have a request answered, at once or later, on the loop's thread."""

    def close(self, rest: Any, reason: str) -> dict[str, object]:
        """The connection is gone; `rest` is what the core left. Returns what the log line shall say of the session."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is served on one listener. Times are in seconds, and those without a word where they are called idle.

    `has_login`: until it signs in a session has `idle_before_login`, and `login_within` in all. `networks`: who may
    connect by TCP, None for everybody; others get `refusal`. `proxied`: a header comes first from trusted proxies.
    """

    name: str
    core: Callable[[Peer], Core]
    door: Callable[[Line], Door]
    idle: float
    lifetime: float
    has_login: bool = True
    idle_before_login: float = 60
    login_within: float = 180
    tls_from_start: bool = False
    networks: Sequence[Network] | None = None
    refusal: bytes = b""
    proxied: bool = True
