"""PROXY headers of both versions: whole, cut anywhere, and wrong in every way we know."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.proxy_header import V2, Origin, ProxyHeaderError, ProxyHeaderReader

HELLO = b"\x16\x03\x01\x02\x00\x01"  # what follows may be a ClientHello, and may come in the same segment
V4 = Origin("192.0.2.7", 56324, "198.51.100.1", 110)
V6 = Origin("2001:db8::7", 65535, "2001:db8::1", 995)


def v2(family, addresses, values=b"", command=0x21):
    rest = addresses + values
    return V2 + bytes([command, family]) + struct.pack("!H", len(rest)) + rest


def tlv(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


IPV4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.1") + struct.pack("!HH", 56324, 110)
IPV6 = (
    socket.inet_pton(socket.AF_INET6, "2001:db8::7")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + struct.pack("!HH", 65535, 995)
)
SSL = tlv(0x20, b"\x01" + bytes(4) + tlv(0x22, b"client") + tlv(0x21, b"TLSv1.3"))

GOOD = [
    (b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 110\r\n", V4),
    (b"PROXY TCP6 2001:DB8::7 2001:db8:0::1 65535 995\r\n", V6),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n", None),
    (b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n", None),
    (v2(0x11, IPV4), V4),
    (v2(0x21, IPV6), V6),
    (v2(0x11, IPV4, tlv(0x04, b"padding") + tlv(0x03, b"crc!")), V4),
    (v2(0x11, IPV4, SSL), Origin("192.0.2.7", 56324, "198.51.100.1", 110, "TLSv1.3")),
    (v2(0x11, IPV4, tlv(0x20, b"\x01" + bytes(4))), Origin("192.0.2.7", 56324, "198.51.100.1", 110, "")),
    (v2(0x11, IPV4, tlv(0x20, b"\x00" + bytes(4) + tlv(0x21, b"TLSv1.3"))), V4),
    (v2(0x00, b""), None),
    (v2(0x00, b"", command=0x20), None),
    (v2(0x11, IPV4, command=0x20), None),
    (v2(0x31, bytes(216)), None),
]


@pytest.mark.parametrize(("header", "origin"), GOOD)
def test_reads_a_header_and_leaves_what_follows(header, origin):
    reader = ProxyHeaderReader()
    reader.feed(header + HELLO)
    assert reader.done
    assert reader.origin == origin
    assert reader.leftover == HELLO


@pytest.mark.parametrize(("header", "origin"), GOOD)
def test_reads_it_octet_by_octet(header, origin):
    reader = ProxyHeaderReader()
    for octet in header:
        assert not reader.done
        reader.feed(bytes([octet]))
    assert reader.done
    assert reader.origin == origin
    assert reader.leftover == b""


@pytest.mark.parametrize(
    "data",
    [
        b"USER ana\r\n",
        b"P\0",
        b"\r\n\r\n\0\r\nQUIT\r",
        b"PROXY \r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 110 \r\n",
        b"PROXY TCP4 192.0.2.7  198.51.100.1 56324 110\r\n",
        b"PROXY TCP4 192.0.2.700 198.51.100.1 56324 110\r\n",
        b"PROXY TCP4 192.0.2.07 198.51.100.1 56324 110\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n",
        b"PROXY TCP6 192.0.2.7 198.51.100.1 56324 110\r\n",
        b"PROXY TCP6 fe80::1%eth0 fe80::2 1 2\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 110\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 110\r\n",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n",
        b"PROXY UNKNOWN " + b"x" * 200,
        v2(0x11, IPV4, command=0x11),
        v2(0x11, IPV4, command=0x22),
        v2(0x12, IPV4),
        v2(0x11, IPV4[:-1]),
        v2(0x21, IPV4),
        v2(0x11, IPV4, b"\x04"),
        v2(0x11, IPV4, b"\x04\x00\x02x"),
        v2(0x11, IPV4, tlv(0x20, b"\x01")),
        v2(0x11, IPV4, tlv(0x20, b"\x01" + bytes(4) + b"\x21\x00\x09TLS")),
        v2(0x11, IPV4, tlv(0x04, bytes(5000)))[:16],
    ],
)
def test_refuses_what_is_none(data):
    with pytest.raises(ProxyHeaderError):
        ProxyHeaderReader().feed(data)


@pytest.mark.parametrize("length", range(1, 16))
def test_refuses_at_the_first_wrong_octet(length):
    for signature in (V2, b"PROXY "):
        wrong = signature[: length - 1] + b"?"
        if length <= len(signature):
            with pytest.raises(ProxyHeaderError):
                ProxyHeaderReader().feed(wrong)


@given(st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", V2, V2 + b"\x21\x11\x00"]), st.lists(st.binary()))
def test_nothing_but_its_own_error_comes_of_any_octets(start, parts):
    reader = ProxyHeaderReader()
    try:
        for part in [start, *parts]:
            if not reader.done:
                reader.feed(part)
    except ProxyHeaderError:
        pass
