"""What must be read again but not lie in clear: enciphered with a key that is derived from SECRET_KEY.

A copy of the database alone gives nothing away. SECRET_KEY_FALLBACKS read what older keys wrote.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PURPOSE = b"casilla.importing"


class Box:
    """Enciphers and deciphers, many at once."""

    def __init__(self) -> None:
        keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        self._fernet = MultiFernet([Fernet(_key(secret)) for secret in keys])

    def enciphered(self, secret: str) -> bytes:
        return self._fernet.encrypt(secret.encode("utf-8", "surrogatepass"))

    def deciphered(self, token: bytes) -> str | None:
        """Return the secret; None where another SECRET_KEY wrote it."""
        try:
            return self._fernet.decrypt(token).decode("utf-8", "surrogatepass")
        except InvalidToken:
            return None


def _key(secret: str | bytes) -> bytes:
    octets = secret.encode() if isinstance(secret, str) else secret
    return base64.urlsafe_b64encode(hmac.digest(octets, _PURPOSE, hashlib.sha256))
