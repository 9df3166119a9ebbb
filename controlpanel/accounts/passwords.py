"""How passwords are kept and checked, in the panel by Django and for mail without it.

A person's password is Argon2id at 19 MiB, two passes, one lane (OWASP's least): Django's own default takes 100 MiB a
check. A hash of another server is kept as it came behind `foreign$` and gives way to Argon2 at the first right sign-in.
Passwords are compared as RFC 8265 prepares them (OpaqueString, section 4.2), so that one typed on a Mac opens a mailbox
made on Windows; who has typed something it forbids is compared by NFC alone.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    BasePasswordHasher,
    identify_hasher,
    is_password_usable,
    mask_hash,
)
from django.utils.translation import gettext_noop as _
from precis_i18n import get_profile

from controlpanel.accounts import foreign_hashes

LONGEST = 1024  # characters of a secret that is looked at

_opaque = get_profile("OpaqueString")


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """Whether a secret was right, and the hash that shall replace the stored one, if any."""

    right: bool
    replacement: str | None = None


WRONG = Verdict(False)


def prepared(secret: str) -> str:
    """Return a secret as it is hashed and compared."""
    if secret.isascii():
        return secret
    try:
        return _opaque.enforce(secret)
    except UnicodeEncodeError:
        return _opaque.normalization_rule(secret)


def text(octets: bytes) -> str:
    """Return the secret that a mail client sent: UTF-8, or what a client from before UTF-8 meant by its octets."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def check(stored: str | None, secret: str) -> Verdict:
    """Check a secret against a stored hash. None (nobody has that name) and unset passwords cost an Argon2 as well.

    A wrong secret against a foreign hash costs an Argon2 on top, so a fast one does not show; a slow one (bcrypt) takes
    its own time more, until its owner has signed in once.
    """
    hasher = _hasher_of(stored)
    if stored is None or hasher is None or not _worth_a_look(secret):
        return _spent(secret)
    if not hasher.verify(secret, stored):
        return WRONG if isinstance(hasher, Argon2) else _spent(secret)
    return Verdict(True, make(secret) if hasher.must_update(stored) else None)


def make(secret: str) -> str:
    """Return the hash that is stored for a new password."""
    hasher = Argon2()
    return hasher.encode(secret, hasher.salt())


def kept_as_it_came(text: str) -> str:
    """Return what is stored for a hash that another server wrote. Raises foreign_hashes.HashError."""
    foreign_hashes.recognise(text)
    return f"{Foreign.algorithm}${text.strip()}"


def _hasher_of(stored: str | None) -> BasePasswordHasher | None:
    if stored is None or not is_password_usable(stored):
        return None
    try:
        return identify_hasher(stored)
    except ValueError:
        return None


def _worth_a_look(secret: str) -> bool:
    return 0 < len(secret) <= LONGEST and "\0" not in secret


def _spent(secret: str) -> Verdict:
    Argon2().verify(secret[:LONGEST], _nobodys_hash())
    return WRONG


@cache
def _nobodys_hash() -> str:
    return make("a secret that nobody has")


class Argon2(Argon2PasswordHasher):
    """Argon2id at 19 MiB: about 30 ms, and two checks at once take 38 MiB, not 200."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        return super().encode(prepared(password), salt)

    def verify(self, password: str, encoded: str) -> bool:
        return super().verify(prepared(password), encoded)


class Foreign(BasePasswordHasher):
    """`foreign$` and a hash as another server wrote it: checked, never made."""

    algorithm = "foreign"

    def encode(self, password: str, salt: str) -> str:
        raise NotImplementedError("hashes of other servers are checked, never made")

    def decode(self, encoded: str) -> dict[str, Any]:
        original = encoded.removeprefix(f"{self.algorithm}$")
        return {"algorithm": self.algorithm, "scheme": foreign_hashes.recognise(original), "hash": original}

    def verify(self, password: str, encoded: str) -> bool:
        original = encoded.removeprefix(f"{self.algorithm}$")
        spellings = dict.fromkeys((password, prepared(password)))
        return any(foreign_hashes.verify(original, spelling) for spelling in spellings)

    def safe_summary(self, encoded: str) -> Any:
        decoded = self.decode(encoded)
        return {_("algorithm"): decoded["scheme"], _("hash"): mask_hash(decoded["hash"])}

    def must_update(self, encoded: str) -> bool:
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to add: `check` spends an Argon2 on every wrong secret."""
