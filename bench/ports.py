"""Free ports of loopback, and when somebody listens on them."""

import socket
import subprocess
import time
from typing import NamedTuple

PATIENCE = 30.0


class Ports(NamedTuple):
    pop3: int
    pop3s: int
    lmtp: int


def free_ports() -> Ports:
    """Return ports that nobody listens on now."""
    sockets = [socket.socket() for _ in Ports._fields]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = Ports(*(each.getsockname()[1] for each in sockets))
    for each in sockets:
        each.close()
    return ports


def wait_until_open(ports: Ports, process: "subprocess.Popen[bytes]") -> None:
    """Return when all ports answer. Raises RuntimeError if the process ends first, or after half a minute."""
    until = time.monotonic() + PATIENCE
    for port in ports:
        while not _open(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"nothing answers on port {port}; see the logs in the bench's folder")
            time.sleep(0.05)


def _open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
