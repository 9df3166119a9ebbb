"""The certificates of the mail service as files: for which names, from whom, and how long each still lasts.

Read where the panel runs. On another machine than the mail service, or without the right to read them, there are none.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from controlpanel.clientsetup.selftest.certificates import SOON, Certificate, read

MOST = 1000  # folders looked at
OCTETS = 256 * 1024  # of a file
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """A folder of TLS_DIR. `certificate` is None where its file cannot be read."""

    folder: str
    certificate: Certificate | None

    @property
    def days_left(self) -> int:
        return -1 if self.certificate is None else self.certificate.days_left(datetime.now(UTC))

    @property
    def level(self) -> str:
        """Wrong when it is over or unreadable, attention within the days that a renewal should have happened in."""
        return "wrong" if self.days_left < 0 else "attention" if self.days_left < SOON.days else ""


def kept(directory: Path) -> list[Kept]:
    """Return the certificates below `directory`, the one that ends first before the others."""
    try:
        folders = sorted(islice((entry for entry in directory.iterdir() if _is_pair(entry)), MOST))
    except OSError:
        return []
    return sorted((Kept(folder.name, _read(folder)) for folder in folders), key=lambda each: each.days_left)[:SHOWN]


def _is_pair(folder: Path) -> bool:
    return not folder.name.startswith(".") and (folder / "fullchain.pem").exists()


def _read(folder: Path) -> Certificate | None:
    try:
        with (folder / "fullchain.pem").open("rb") as file:
            first = x509.load_pem_x509_certificate(file.read(OCTETS))
        return read(first.public_bytes(Encoding.DER))
    except (OSError, ValueError):
        return None
