"""What a mail client thinks of a certificate: its name, who vouches for it, how long it still lasts."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

SOON = timedelta(days=14)  # Let's Encrypt renews 30 days before the end

HOSTNAME_MISMATCH = 62  # OpenSSL's X509_V_ERR_*
EXPIRED = 10
SELF_SIGNED = (18, 19)


@dataclass(frozen=True, slots=True)
class Certificate:
    names: tuple[str, ...]
    issuer: str
    ends: datetime

    def days_left(self, now: datetime) -> int:
        return (self.ends - now).days


def read(der: bytes) -> Certificate:
    """Return what a page says of a certificate. Raises ValueError."""
    certificate = x509.load_der_x509_certificate(der)
    return Certificate(_names(certificate), _issuer(certificate), certificate.not_valid_after_utc)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except x509.ExtensionNotFound:
        return ()
    assert isinstance(found, x509.SubjectAlternativeName)
    return tuple(found.get_values_for_type(x509.DNSName))


def _issuer(certificate: x509.Certificate) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in certificate.issuer.get_attributes_for_oid(oid):
            return str(attribute.value)
    return certificate.issuer.rfc4514_string()


def strict() -> ssl.SSLContext:
    """As mail clients check: name and chain."""
    return ssl.create_default_context()


def lenient() -> ssl.SSLContext:
    """To read a certificate that `strict` refuses; nothing secret is said on such a line outside loopback."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def now() -> datetime:
    return datetime.now(UTC)
