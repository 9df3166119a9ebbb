"""The certificate that signs Apple's profiles: one of its own, so that the panel never holds the mail service's key."""

from pathlib import Path
from typing import Any


def is_given(settings: Any) -> bool:
    return bool(settings.PROFILE_CERT and settings.PROFILE_KEY)


def pair(settings: Any) -> tuple[bytes, bytes] | None:
    """Return the certificate with its chain, and the key, as PEM, read anew: a renewed one is taken up at once.

    Raises OSError.
    """
    return (_pem(settings.PROFILE_CERT), _pem(settings.PROFILE_KEY)) if is_given(settings) else None


def _pem(value: str) -> bytes:
    """Return the PEM that a setting holds or that lies in the file it names."""
    return value.encode() if value.startswith("-----BEGIN") else Path(value).read_bytes()
