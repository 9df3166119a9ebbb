"""A small issuer of tokens: its keys, what it signs, and the pages it serves on loopback."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

AUDIENCE = "casilla"


def encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8))


class Signer:
    """A private key with an id, and the algorithm that it signs with."""

    def __init__(self, name: str, algorithm: str = "RS256", bits: int = 2048) -> None:
        self.id = name
        self.algorithm = algorithm
        self.rsa = rsa.generate_private_key(65537, bits) if algorithm == "RS256" else None
        self.elliptic = ec.generate_private_key(ec.SECP256R1())

    def jwk(self) -> dict[str, Any]:
        if self.rsa is not None:
            public = self.rsa.public_key().public_numbers()
            return {"kty": "RSA", "kid": self.id, "use": "sig", "n": number(public.n), "e": number(public.e)}
        point = self.elliptic.public_key().public_numbers()
        x, y = (encoded(value.to_bytes(32)) for value in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "kid": self.id, "x": x, "y": y}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        head = {"alg": self.algorithm, "kid": self.id} | header
        head = {name: value for name, value in head.items() if value is not None}
        text = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}"
        return f"{text}.{encoded(self._signature(text.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        if self.rsa is not None:
            return self.rsa.sign(text, padding.PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self.elliptic.sign(text, ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def claims(issuer: str, address: str = "ana@example.org", **others: Any) -> dict[str, Any]:
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "email": address,
        "email_verified": True,
        "exp": int(time.time()) + 300,
    } | others


class SmallIssuer:
    """Serves its configuration and its keys; `asked` holds the paths, `status` is what it answers."""

    def __init__(self, url: str, *signers: Signer) -> None:
        self.url = url
        self.signers = list(signers)
        self.asked: list[str] = []
        self.status = 200

    def page(self, path: str) -> bytes:
        self.asked.append(path)
        if path == "/keys":
            return json.dumps({"keys": [signer.jwk() for signer in self.signers]}).encode()
        return json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}).encode()


@contextmanager
def serving(*signers: Signer) -> Iterator[SmallIssuer]:
    """Run an issuer on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = issuer.page(self.path)
            self.send_response(issuer.status)
            self.send_header("Location", "/keys")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = SmallIssuer(f"http://127.0.0.1:{server.server_port}", *signers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
