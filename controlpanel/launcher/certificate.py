"""A certificate for localhost, so that STLS and TLS can be tried before there is a real one."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from controlpanel.launcher import keep
from controlpanel.launcher.errors import LauncherError

LIFE = timedelta(days=365)
RENEWED_BEFORE_END = timedelta(days=30)


def for_localhost(tls_dir: Path) -> Path:
    """Make localhost/fullchain.pem and privkey.pem below `tls_dir` unless a good pair is there; return the former."""
    folder = tls_dir / "localhost"
    keep.make_folder(folder)
    if not _good(folder):
        key = ec.generate_private_key(ec.SECP256R1())
        form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        keep.write(folder / "privkey.pem", key.private_bytes(serialization.Encoding.PEM, form, bare))
        keep.write(folder / "fullchain.pem", _self_signed(key).public_bytes(serialization.Encoding.PEM))
    return folder / "fullchain.pem"


def check(tls_dir: Path) -> None:
    """Raises LauncherError unless `tls_dir` holds at least one certificate, each with its key."""
    chains = sorted(tls_dir.glob("*/fullchain.pem"))
    if not chains:
        raise LauncherError(f"TLS_DIR: {tls_dir} holds no NAME/fullchain.pem")
    for chain in chains:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, chain.with_name("privkey.pem"))
        except OSError as error:
            reason = getattr(error, "reason", None) or error.strerror
            raise LauncherError(f"TLS_DIR: {chain} and its privkey.pem cannot be used: {reason}") from None


def _good(folder: Path) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())
        check(folder.parent)
    except (OSError, ValueError, LauncherError):
        return False
    return certificate.not_valid_after_utc - datetime.now(UTC) > RENEWED_BEFORE_END


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1")]
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
