"""Fetch the panel's own set-up files through their public names, as mail clients do, and compare every octet."""

import http.client
import socket
import ssl
from dataclasses import dataclass

from controlpanel.clientsetup.selftest import certificates
from controlpanel.clientsetup.selftest.pop3 import reason

SECONDS = 3.0
BODY_LIMIT = 64 * 1024
PORTS = {True: 443, False: 80}  # with TLS and without


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: by which name, at which address, what."""

    host: str
    address: str
    path: str
    tls: bool = True
    body: bytes | None = None  # a POST of XML

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class Got:
    """What came: `status` 0 and a `fault` where nothing did."""

    status: int
    body: bytes = b""
    location: str = ""
    fault: str = ""


def fetch(asked: Asked) -> Got:
    """Ask at the address that was looked up, and at no other: a redirect is not followed."""
    connection = http.client.HTTPConnection(asked.host, timeout=SECONDS)
    try:
        connection.sock = _line(asked)
        method = "GET" if asked.body is None else "POST"
        headers = {"Content-Type": "text/xml"} if asked.body else {}
        connection.request(method, asked.path, body=asked.body, headers=headers)
        response = connection.getresponse()
        return Got(response.status, response.read(BODY_LIMIT), response.getheader("Location", ""))
    except ssl.SSLCertVerificationError as error:
        return Got(0, fault=error.verify_message)
    except OSError as error:
        return Got(0, fault=reason(error))
    except http.client.HTTPException as error:
        return Got(0, fault=error.__class__.__name__)
    finally:
        connection.close()


def _line(asked: Asked) -> socket.socket:
    line = socket.create_connection((asked.address, PORTS[asked.tls]), SECONDS)
    if not asked.tls:
        return line
    try:
        return certificates.strict().wrap_socket(line, server_hostname=asked.host)
    except BaseException:
        line.close()
        raise
