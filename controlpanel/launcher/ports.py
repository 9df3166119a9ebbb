"""The four addresses that Casilla listens on: free before the start, and answering after it."""

import errno
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing

from controlpanel.launcher.errors import LauncherError

Address = tuple[str, int]
Probe = Callable[[Address], bool]

PATIENCE = 2.0
EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def parse(bind: str) -> Address:
    """HOST:PORT, as environment.bind returns it."""
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def reachable(bind: str) -> Address:
    """Where this machine reaches a listener: all addresses are reached by loopback."""
    host, port = parse(bind)
    return EVERYWHERE.get(host, host), port


def check_free(binds: Mapping[str, str]) -> None:
    """Raises LauncherError for the first NAME whose address cannot be listened on."""
    with ExitStack() as held:
        for name, bind in binds.items():
            try:
                held.enter_context(closing(_listener(bind)))
            except OSError as error:
                raise LauncherError(f"{name}: {bind} {_trouble(error)}") from None


def _listener(bind: str) -> socket.socket:
    host, port = parse(bind)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener


def _trouble(error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return "is taken by another program"
        case errno.EACCES:
            return "needs rights that this user does not have"
        case errno.EADDRNOTAVAIL:
            return "is not an address of this machine"
        case _:
            return f"cannot be listened on: {error.strerror}"


def panel_answers(address: Address) -> bool:
    """Whether the panel is there and reaches its database."""
    return _says(address, b"HTTP/1.1 200", ask=b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


def pop3_answers(address: Address) -> bool:
    return _says(address, b"+OK", ask=b"QUIT\r\n", proxied=True)


def pop3s_answers(address: Address) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whether it is alive, not who it is
    return _says(address, b"+OK", context, ask=b"QUIT\r\n", proxied=True)


def lmtp_answers(address: Address) -> bool:
    """Whether LMTP is spoken there, if only to say that loopback is not among LMTP_NETWORKS."""
    return _says(address, (b"220", b"4", b"5"), ask=b"QUIT\r\n")


PROBES: dict[str, Probe] = {
    "PANEL_BIND": panel_answers,
    "POP3_BIND": pop3_answers,
    "POP3S_BIND": pop3s_answers,
    "LMTP_BIND": lmtp_answers,
}


def _says(
    address: Address,
    word: bytes | tuple[bytes, ...],
    tls: ssl.SSLContext | None = None,
    ask: bytes = b"",
    *,
    proxied: bool = False,
) -> bool:
    try:
        with socket.create_connection(address, PATIENCE) as plain:
            if proxied:
                plain.sendall(_header(plain))
            connection = tls.wrap_socket(plain) if tls else plain
            with connection:
                connection.sendall(ask)
                return connection.recv(512).startswith(word)
    except OSError:
        return False


def _header(plain: socket.socket) -> bytes:
    """Return the PROXY header with which we speak for ourselves, where POP3 wants one from us (PROXY_NETWORKS)."""
    from controlpanel import settings

    own = ipaddress.ip_address(plain.getsockname()[0])
    return b"PROXY UNKNOWN\r\n" if any(own in network for network in settings.PROXY_NETWORKS) else b""
