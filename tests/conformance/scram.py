"""The client's half of SCRAM (RFC 5802, RFC 7677), open where tests break it on purpose."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass
class Scram:
    """One exchange: `first()`, then `final(challenge)`, then `server_is_genuine(challenge)`.

    `header` is the GS2 header, `binding` the channel binding data that follows it in `c=`. `false_channel` and
    `false_nonce` stand in the final message instead of what belongs there, under a proof that is right for them.
    Passwords must be ASCII: this client has no SASLprep.
    """

    name: str
    password: str
    digest: str
    header: str = "n,,"
    binding: bytes = b""
    false_channel: bytes = b""
    false_nonce: str = ""
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    server: dict[str, str] = field(default_factory=dict)
    _message: bytes = b""
    _salted: bytes = b""

    def first(self) -> bytes:
        """client-first-message."""
        return self.header.encode() + self._bare()

    def final(self, challenge: bytes) -> bytes:
        """client-final-message in answer to server-first-message."""
        self.server = attributes(challenge)
        channel = base64.b64encode(self.false_channel or self.header.encode() + self.binding).decode()
        without_proof = f"c={channel},r={self.false_nonce or self.server['r']}".encode()
        salt, rounds = base64.b64decode(self.server["s"]), int(self.server["i"])
        self._salted = hashlib.pbkdf2_hmac(self.digest, self.password.encode(), salt, rounds)
        self._message = b",".join([self._bare(), challenge, without_proof])
        key = self._hmac(self._salted, b"Client Key")
        signature = self._hmac(hashlib.new(self.digest, key).digest(), self._message)
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        return without_proof + b",p=" + base64.b64encode(proof)

    def server_is_genuine(self, challenge: bytes) -> bool:
        """Whether server-final-message carries the signature that only who holds the password's keys can make."""
        wanted = self._hmac(self._hmac(self._salted, b"Server Key"), self._message)
        return challenge == b"v=" + base64.b64encode(wanted)

    def _bare(self) -> bytes:
        name = self.name.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}".encode()

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self.digest)


def attributes(message: bytes) -> dict[str, str]:
    """The attributes of a SCRAM message by their letter."""
    return {part[0]: part[2:] for part in message.decode().split(",")}


def server_end_point(certificate: bytes) -> bytes:
    """tls-server-end-point: the certificate under its signature's own hash, SHA-256 for older ones (RFC 5929 §4.1).

    `certificate` is DER. Its outer sequence holds what is signed, the algorithm and the signature.
    """
    outer, _ = _element(certificate)
    signed_end = _element(outer)[1]
    algorithm, _ = _element(outer[signed_end:])
    identifier, _ = _element(algorithm)
    name = {
        "2a864886f70d01010c": "sha384",  # sha384WithRSAEncryption
        "2a864886f70d01010d": "sha512",
        "2a8648ce3d040303": "sha384",  # ecdsa-with-SHA384
        "2a8648ce3d040304": "sha512",
    }.get(identifier.hex(), "sha256")
    return hashlib.new(name, certificate).digest()


def _element(der: bytes) -> tuple[bytes, int]:
    """The contents of the first element, and where it ends."""
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    return der[start : start + length], start + length
