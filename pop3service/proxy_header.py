"""The PROXY protocol, versions 1 and 2: whom a proxy in front of us speaks for.

Source: the HAProxy project's doc/proxy-protocol.txt. To be read on lines from trusted networks only, before the first
octet of TLS or POP3. Everything after the header is handed over untouched, also where it came in the same segment.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

V1 = b"PROXY "
V1_LONGEST = 107  # with its CRLF
V2 = b"\r\n\r\n\0\r\nQUIT\n"
V2_LONGEST = 4096  # the addresses take 36 octets, the rest is for what else a proxy may tell
V2_FIXED = 16

V1_LINE = re.compile(rb"PROXY (TCP[46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5})\r\n")
V1_UNKNOWN = re.compile(rb"PROXY UNKNOWN[^\r\n]*\r\n")

LOCAL, PROXY = 0x20, 0x21
UNSPECIFIED, TCP4, TCP6, UNIX = 0x00, 0x11, 0x21, 0x31
TLV_SSL, TLV_SSL_VERSION = 0x20, 0x21
CLIENT_SSL = 0x01


class ProxyHeaderError(ValueError):
    """This is no PROXY header: the line is to be closed without a word."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The client's end of the line and the end it reached. `tls` is the version it spoke with the proxy, if any."""

    address: str
    port: int
    local_address: str
    local_port: int
    tls: str | None = None


class ProxyHeaderReader:
    """Read one header from octets in pieces of any size.

    When `done`, `origin` is the client, or None where the proxy speaks for itself or cannot tell, and `leftover` is
    what came after the header.
    """

    __slots__ = ("_buffer", "done", "leftover", "origin")

    def __init__(self) -> None:
        self._buffer = b""
        self.done = False
        self.origin: Origin | None = None
        self.leftover = b""

    def feed(self, data: bytes) -> None:
        """Take octets; feed nothing more when done. Raises ProxyHeaderError as soon as no header can come of them."""
        self._buffer += data
        length = header_length(self._buffer)
        if length is None or len(self._buffer) < length:
            return
        header, self.leftover, self._buffer = self._buffer[:length], self._buffer[length:], b""
        self.origin = parse_v1(header) if header.startswith(V1) else parse_v2(header)
        self.done = True


def header_length(start: bytes) -> int | None:
    """Return the octets of the whole header, once `start` tells."""
    if start[: len(V1)] == V1[: len(start)]:
        end = start.find(b"\r\n", 0, V1_LONGEST)
        if end < 0 and len(start) >= V1_LONGEST:
            raise ProxyHeaderError("the line is too long")
        return None if end < 0 else end + 2
    if start[: len(V2)] != V2[: len(start)]:
        raise ProxyHeaderError("neither signature is there")
    if len(start) < V2_FIXED:
        return None
    length = V2_FIXED + int.from_bytes(start[14:16])
    if length > V2_LONGEST:
        raise ProxyHeaderError("the header is too long")
    return length


def parse_v1(line: bytes) -> Origin | None:
    if V1_UNKNOWN.fullmatch(line):
        return None
    parts = V1_LINE.fullmatch(line)
    if parts is None:
        raise ProxyHeaderError("the line is malformed")
    family, source, destination, *ports = (part.decode("ascii") for part in parts.groups())
    address_of = IPv4Address if family == "TCP4" else IPv6Address
    try:
        client, server = address_of(source), address_of(destination)
    except ValueError:
        raise ProxyHeaderError("an address is malformed") from None
    client_port, server_port = (int(port) for port in ports)
    if max(client_port, server_port) > 0xFFFF:
        raise ProxyHeaderError("a port is out of range")
    return Origin(str(client), client_port, str(server), server_port)


def parse_v2(header: bytes) -> Origin | None:
    command, family = header[12], header[13]
    rest = header[V2_FIXED:]
    if command not in {LOCAL, PROXY}:
        raise ProxyHeaderError("version or command is unknown")
    if command == LOCAL or family in {UNSPECIFIED, UNIX}:
        return None
    if family not in {TCP4, TCP6}:
        raise ProxyHeaderError("this is not TCP")
    size = 4 if family == TCP4 else 16
    ends = struct.Struct(f"!{size}s{size}sHH")
    if len(rest) < ends.size:
        raise ProxyHeaderError("the addresses are cut off")
    source, destination, client_port, server_port = ends.unpack_from(rest)
    address_of = IPv4Address if family == TCP4 else IPv6Address
    tls = tls_version(rest[ends.size :])
    return Origin(str(address_of(source)), client_port, str(address_of(destination)), server_port, tls)


def tls_version(values: bytes) -> str | None:
    """Return the TLS version between client and proxy: None without TLS, "" where the proxy does not name it."""
    for kind, value in type_length_values(values):
        if kind == TLV_SSL:
            if len(value) < 5:
                raise ProxyHeaderError("a value is cut off")
            if value[0] & CLIENT_SSL:
                inner = dict(type_length_values(value[5:]))
                return inner.get(TLV_SSL_VERSION, b"").decode("ascii", "replace")
    return None


def type_length_values(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        length = int.from_bytes(data[1:3])
        if len(data) < 3 + length:
            raise ProxyHeaderError("a value is cut off")
        yield data[0], data[3 : 3 + length]
        data = data[3 + length :]
