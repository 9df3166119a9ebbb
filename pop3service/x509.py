"""The two facts that we need of a certificate and that `ssl` does not tell: its names, and the hash that binds to it.

Reads DER (X.690) no further than RFC 5280 section 4.1 needs. Raises ValueError on anything else.
"""

import hashlib
from collections.abc import Iterator

RSA = bytes.fromhex("2a864886f70d0101")  # 1.2.840.113549.1.1
ECDSA = bytes.fromhex("2a8648ce3d04")  # 1.2.840.10045.4

# RFC 5929 section 4.1: the hash of the certificate's own signature, and SHA-256 for what is weaker than that.
BINDING_HASH = {
    RSA + b"\x04": "sha256",  # md5
    RSA + b"\x05": "sha256",  # sha1
    RSA + b"\x0b": "sha256",
    RSA + b"\x0c": "sha384",
    RSA + b"\x0d": "sha512",
    ECDSA + b"\x01": "sha256",  # sha1
    ECDSA + b"\x03\x02": "sha256",
    ECDSA + b"\x03\x03": "sha384",
    ECDSA + b"\x03\x04": "sha512",
}

SUBJECT_ALT_NAME = bytes.fromhex("551d11")
EXTENSIONS, DNS_NAME = 0xA3, 0x82

Element = tuple[int, bytes]  # tag and content


def end_point(certificate: bytes) -> bytes | None:
    """Return the tls-server-end-point binding of a DER certificate; None where its signature has no single hash."""
    _, (_, algorithm), _ = parts(whole(certificate))
    (_, identifier), *_ = parts(algorithm)
    name = BINDING_HASH.get(identifier)
    return hashlib.new(name, certificate).digest() if name else None


def dns_names(certificate: bytes) -> list[str]:
    """Return the host names of a DER certificate, lower-case, wildcards as they stand."""
    (_, to_be_signed), *_ = parts(whole(certificate))
    return [name for tag, content in parts(to_be_signed) if tag == EXTENSIONS for name in alt_names(whole(content))]


def alt_names(extensions: bytes) -> Iterator[str]:
    for _, extension in parts(extensions):
        (_, kind), *_, (_, value) = parts(extension)
        if kind == SUBJECT_ALT_NAME:
            yield from (name.decode("ascii").lower() for tag, name in parts(whole(value)) if tag == DNS_NAME)


def whole(data: bytes) -> bytes:
    """Return the content of the one element that `data` is."""
    [(_, content)] = parts(data)
    return content


def parts(data: bytes) -> list[Element]:
    """Return the elements that `data` is made of, one after the other."""
    elements = []
    while data:
        start, length = 2, int.from_bytes(data[1:2])
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start])
        end = start + length
        if end > len(data):
            raise ValueError("an element is cut off")
        elements.append((data[0], data[start:end]))
        data = data[end:]
    return elements
