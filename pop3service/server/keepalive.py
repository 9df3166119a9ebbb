"""How soon the system finds out that a peer is dead, of which TCP says nothing by itself (RFC 9293 section 3.8.4)."""

import fcntl
import socket
import struct
import termios
from typing import NamedTuple


class Watch(NamedTuple):
    """A silent peer is asked after `idle` seconds, `probes` times, each `interval` seconds; then the line is lost.

    `unacknowledged`: how many seconds what we sent may wait to be acknowledged, 0 for as long as the system likes.
    """

    idle: int
    interval: int
    probes: int
    unacknowledged: int = 0


USUALLY = Watch(60, 15, 4)
CLOSELY = Watch(10, 5, 3, 25)


def watch(line: socket.socket, how: Watch) -> None:
    """Have the system watch a line, or all that a listener will accept. On this machine itself it knows anyhow."""
    if line.family == socket.AF_UNIX:
        return
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, how.idle)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, how.interval)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, how.probes)
    if how.unacknowledged:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, how.unacknowledged * 1000)


def unacknowledged(line: socket.socket) -> int:
    """Return how many octets that we sent the peer has not acknowledged (Linux: tcp(7), SIOCOUTQ)."""
    [octets] = struct.unpack("i", fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(octets)
