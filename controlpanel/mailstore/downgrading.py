"""Pure: a header with raw UTF-8 in it, for clients that know only ASCII (RFC 6856 section 2.1).

By RFC 6858 section 2: an address that ASCII cannot say becomes one that is no address, with the true one as its name;
subjects become encoded words; what can neither is left out. Kinder than the RFC: a domain in U-labels becomes one in
A-labels, and unstructured fields that it does not name become encoded words too. Nothing here raises.
"""

import re
from email.charset import QP, Charset
from email.errors import HeaderParseError
from email.header import Header
from email.utils import getaddresses, quote

from controlpanel.accounts.addresses import AddressError, domain_name
from controlpanel.mailstore.headers import SCANNED_OCTETS, decoded, end_of_header

NO_ADDRESS = "invalid@internationalized-address.invalid"  # RFC 6858 section 2.1
LINE = 76
ADDRESSES = {"from", "sender", "to", "cc", "bcc", "reply-to"}
ADDRESSES |= {f"resent-{name}" for name in ADDRESSES}
PARAMETERS = {"content-type", "content-disposition"}
LEFT_OUT = {"return-path", "received", "delivered-to", "x-original-to", "date", "resent-date", "mime-version"}
LEFT_OUT |= {"message-id", "resent-message-id", "in-reply-to", "references", "content-id", "content-transfer-encoding"}
LEFT_OUT |= {"dkim-signature", "arc-seal", "arc-message-signature", "authentication-results", "received-spf"}

_FIELD = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*|[^\n]+\Z")
_NAME = re.compile(r"[!-9;-~]+")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_PARAMETER = re.compile(r';[^;"]*(?:"(?:[^"\\]|\\.)*"[^;"]*)*')

_UTF8 = Charset("utf-8")
_UTF8.header_encoding = QP


def raw_header(trace: bytes, text: bytes) -> bytes:
    """Return the header, `trace` and the head of `text`, if there is more than ASCII in it, else b"".

    So too where it does not end within the first 64 KiB: such a message goes out as it came.
    """
    if trace.isascii() and text[:SCANNED_OCTETS].isascii():
        return b""
    end = end_of_header(text)
    header = b"" if end is None else trace + text[:end]
    return b"" if header.isascii() else header


def in_ascii(header: bytes) -> bytes:
    """Return the header's surrogate: fields in ASCII octet for octet as they were, the others by RFC 6858."""
    return b"".join(
        field if field.isascii() else _downgraded(field).encode("ascii", "ignore") for field in _FIELD.findall(header)
    )


def _downgraded(field: bytes) -> str:
    """Return a field in ASCII, with its CRLF; "" where that cannot be."""
    try:
        text = field.decode()
    except UnicodeDecodeError:
        text = field.decode("latin-1")
    name, colon, value = text.partition(":")
    name = name.rstrip(" \t")
    if not colon or not _NAME.fullmatch(name) or not name.isascii():
        return ""
    value = _body(name, _FOLD.sub("", value).strip())
    return f"{name}: {value}\r\n" if value else ""


def _body(name: str, value: str) -> str:
    kind = name.lower()
    if kind in LEFT_OUT:
        return ""
    if kind in PARAMETERS:
        return _without_parameters(value)
    if kind in ADDRESSES:
        found = [_address(display, address) for display, address in getaddresses([value]) if address]
        return ",\r\n ".join(found)
    return _words(value, LINE - len(name) - 2)


def _without_parameters(value: str) -> str:
    """A parameter that ASCII cannot say is left out (RFC 6858 section 2.2)."""
    main, semicolon, rest = value.partition(";")
    if not main.isascii():
        return ""
    return main + "".join(each for each in _PARAMETER.findall(semicolon + rest) if each.isascii())


def _address(display: str, address: str) -> str:
    address, display = _ascii_address(address), decoded(display)
    if not address.isascii():
        display, address = f"{display} {address}" if display else address, NO_ADDRESS
    if not display:
        return address
    return f"{_words(display, LINE)} <{address}>" if not display.isascii() else f'"{quote(display)}" <{address}>'


def _ascii_address(address: str) -> str:
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local}@{domain_name(domain)}" if local.isascii() else address
    except AddressError:
        return address


def _words(text: str, first_line: int) -> str:
    """Return encoded words (RFC 2047), folded."""
    try:
        return Header(decoded(text), _UTF8, maxlinelen=max(20, first_line)).encode(linesep="\r\n")
    except (HeaderParseError, ValueError):
        return ""
