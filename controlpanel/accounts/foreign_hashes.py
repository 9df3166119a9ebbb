"""Pure: password hashes as other servers write them, checked as they came.

Taken, with or without Dovecot's `.b64` and `.hex`: {SSHA512}, {SSHA256}, {SSHA}, {SHA512-CRYPT}, {SHA256-CRYPT},
{MD5-CRYPT}, {BLF-CRYPT}, {ARGON2ID}, {ARGON2I}, {PBKDF2}, {CRYPT} around any of these, and bare `$6$`, `$5$`, `$1$`,
`$2a$`, `$2b$`, `$2y$`, `$argon2id$`, `$argon2i$`.

Refused, each with its sentence: {PLAIN} and its kin (a password in clear is to be hashed, not kept), unsalted hashes
and plain MD5 (a stolen copy gives them away), DES crypt (it reads eight characters), the keys of CRAM-MD5, DIGEST-MD5,
SCRAM and NTLM (each stands for the password in its own protocol), yescrypt and scrypt (nothing here checks them).

Whoever writes a hash chooses what a check costs, so the cost is bounded: about half a second on one core.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

import argon2.low_level
import bcrypt
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from passlib.hash import md5_crypt, sha256_crypt, sha512_crypt

LONGEST = 500
CRYPT_ROUNDS = range(1000, 1_000_001)
PBKDF2_ROUNDS = range(1, 1_000_001)
BLOWFISH_COST = range(4, 15)
ARGON2_PASSES_KIB = 2**20  # memory times passes
ARGON2_LANES = 16
BLOWFISH_READS = 72  # octets of a password; what follows never counted

Check = Callable[[bytes], bool]


class HashError(ValueError):
    """A text is no hash that we take. `sentence` says why."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, repr=False)
class ForeignHash:
    """A hash that can be checked: the name of its scheme, and whether it is of these octets."""

    scheme: str
    check: Check


def recognise(text: str) -> str:
    """Return the name of the scheme of a hash. Raises HashError."""
    return read(text).scheme


def verify(text: str, secret: str) -> bool:
    """Whether `text` is a hash of `secret`. What is no hash that we take is the hash of nothing."""
    try:
        return read(text).check(secret.encode("utf-8", "surrogatepass"))
    except HashError:
        return False


def read(text: str) -> ForeignHash:
    """Take a hash apart. Raises HashError."""
    text = text.strip()
    if not text:
        raise HashError(_("There is no hash."))
    if len(text) > LONGEST:
        raise HashError(_("This hash is too long: 500 characters is the most."))
    named = _NAMED.match(text)
    if named is None:
        return _read_crypt("CRYPT", text)
    scheme, encoding, body = named["scheme"].upper(), (named["encoding"] or "").lower(), named["body"]
    if scheme in _REFUSED:
        raise HashError(_REFUSED[scheme])
    if scheme in _SALTED:
        return _read_salted(scheme, _octets(body, encoding or "b64"))
    if encoding:
        body = _octets(body, encoding).decode("ascii", "replace")
    if scheme == "PBKDF2":  # written $1$ like MD5-CRYPT, and so told by its name alone
        return ForeignHash(scheme, _pbkdf2(body))
    if scheme == "CRYPT" or scheme in _CRYPTS.values():
        return _read_crypt(scheme, body)
    raise HashError(_("The scheme {%(scheme)s} is not known here.") % {"scheme": scheme})


_NAMED = re.compile(r"\{(?P<scheme>[A-Za-z0-9_-]+)(?:\.(?P<encoding>b64|base64|hex))?\}(?P<body>.*)\Z", re.I | re.S)
_DAMAGED = _("This hash is damaged: a part is missing or changed.")


def _octets(body: str, encoding: str) -> bytes:
    try:
        return bytes.fromhex(body) if encoding == "hex" else base64.b64decode(body, validate=True)
    except ValueError:
        raise HashError(_DAMAGED) from None


# {SSHA…}: a digest over password and salt, followed by the salt.

_SALTED = {"SSHA": "sha1", "SSHA256": "sha256", "SSHA512": "sha512"}


def _read_salted(scheme: str, octets: bytes) -> ForeignHash:
    algorithm = _SALTED[scheme]
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    digest, salt = octets[:size], octets[size:]
    if len(digest) < size or not salt:
        raise HashError(_DAMAGED)

    def check(secret: bytes) -> bool:
        found = hashlib.new(algorithm, secret + salt, usedforsecurity=False).digest()
        return hmac.compare_digest(found, digest)

    return ForeignHash(scheme, check)


# What begins with $: the sign between the first two tells the scheme.

_CRYPTS = {
    "6": "SHA512-CRYPT",
    "5": "SHA256-CRYPT",
    "1": "MD5-CRYPT",
    "2a": "BLF-CRYPT",
    "2b": "BLF-CRYPT",
    "2y": "BLF-CRYPT",
    "argon2id": "ARGON2ID",
    "argon2i": "ARGON2I",
}


def _read_crypt(scheme: str, body: str) -> ForeignHash:
    sign = body.split("$")[1] if body.startswith("$") and body.count("$") > 1 else None
    if sign in _REFUSED_SIGNS:
        raise HashError(_REFUSED_SIGNS[sign])
    found = _CRYPTS.get(sign) if sign else None
    if found is None:
        raise HashError(_DES if _DES_SHAPE.match(body) else _("This is no hash that is known here."))
    if scheme not in ("CRYPT", found):
        raise HashError(
            _("The hash is of the scheme {%(found)s}, not {%(scheme)s}.") % {"found": found, "scheme": scheme}
        )
    return ForeignHash(found, _READERS[found](body))


def _parts(pattern: re.Pattern[str], body: str) -> re.Match[str]:
    match = pattern.match(body)
    if match is None:
        raise HashError(_DAMAGED)
    return match


def _bounded(number: int, bounds: range) -> None:
    if number not in bounds:
        raise HashError(
            _("A check of this hash takes %(number)d rounds; from %(least)d to %(most)d are accepted.")
            % {"number": number, "least": bounds.start, "most": bounds.stop - 1}
        )


_SHA512 = re.compile(r"\$6\$(?:rounds=(?P<rounds>[1-9]\d{0,8})\$)?[./0-9A-Za-z]{0,16}\$[./0-9A-Za-z]{86}\Z", re.ASCII)
_SHA256 = re.compile(r"\$5\$(?:rounds=(?P<rounds>[1-9]\d{0,8})\$)?[./0-9A-Za-z]{0,16}\$[./0-9A-Za-z]{43}\Z", re.ASCII)
_MD5 = re.compile(r"\$1\$[./0-9A-Za-z]{0,8}\$[./0-9A-Za-z]{22}\Z")
_BLOWFISH = re.compile(r"\$2[aby]\$(?P<cost>\d\d)\$[./0-9A-Za-z]{53}\Z", re.ASCII)
_ARGON2 = re.compile(
    r"\$argon2(?P<kind>id|i)\$(?:v=1[69]\$)?m=(?P<memory>[1-9]\d{0,7}),t=(?P<passes>[1-9]\d{0,5}),p=(?P<lanes>[1-9]\d{0,2})"
    r"\$[0-9A-Za-z+/]{11,86}\$[0-9A-Za-z+/]{16,172}\Z",
    re.ASCII,
)
_PBKDF2 = re.compile(r"\$1\$(?P<salt>[^$]{1,64})\$(?P<rounds>[1-9]\d{0,8})\$(?P<digest>[0-9a-fA-F]{40})\Z", re.ASCII)


def _sha512(body: str) -> Check:
    _bounded(int(_parts(_SHA512, body)["rounds"] or 5000), CRYPT_ROUNDS)
    return lambda secret: bool(sha512_crypt.verify(secret, body))


def _sha256(body: str) -> Check:
    _bounded(int(_parts(_SHA256, body)["rounds"] or 5000), CRYPT_ROUNDS)
    return lambda secret: bool(sha256_crypt.verify(secret, body))


def _md5(body: str) -> Check:
    _parts(_MD5, body)
    return lambda secret: bool(md5_crypt.verify(secret, body))


def _blowfish(body: str) -> Check:
    _bounded(int(_parts(_BLOWFISH, body)["cost"]), BLOWFISH_COST)
    octets = body.encode("ascii")
    try:
        bcrypt.checkpw(b"", b"$2b$04$" + octets[7:])
    except ValueError:  # stray bits in the salt's last sign
        raise HashError(_DAMAGED) from None
    return lambda secret: bcrypt.checkpw(secret[:BLOWFISH_READS], octets)


def _argon2(body: str) -> Check:
    parts = _parts(_ARGON2, body)
    memory, passes, lanes = int(parts["memory"]), int(parts["passes"]), int(parts["lanes"])
    if memory * passes > ARGON2_PASSES_KIB or lanes > ARGON2_LANES or memory < 8 * lanes:
        raise HashError(_("A check of this hash costs too much: memory times passes may reach 1 GB, on 16 lanes."))
    kind = argon2.low_level.Type.ID if parts["kind"] == "id" else argon2.low_level.Type.I

    def check(secret: bytes) -> bool:
        try:
            return argon2.low_level.verify_secret(body.encode("ascii"), secret, kind)
        except argon2.exceptions.VerificationError:
            return False

    return check


def _pbkdf2(body: str) -> Check:
    """Dovecot's: PBKDF2 with HMAC-SHA1, the salt as it is written, 20 octets in hexadecimal digits."""
    parts = _parts(_PBKDF2, body)
    salt, rounds, digest = parts["salt"].encode(), int(parts["rounds"]), bytes.fromhex(parts["digest"])
    _bounded(rounds, PBKDF2_ROUNDS)
    return lambda secret: hmac.compare_digest(hashlib.pbkdf2_hmac("sha1", secret, salt, rounds), digest)


_READERS: dict[str, Callable[[str], Check]] = {
    "SHA512-CRYPT": _sha512,
    "SHA256-CRYPT": _sha256,
    "MD5-CRYPT": _md5,
    "BLF-CRYPT": _blowfish,
    "ARGON2ID": _argon2,
    "ARGON2I": _argon2,
}

_CLEAR = _("This is a password in clear, not a hash: give it as the password, and it is kept as a hash.")
_UNSALTED = _("This hash has no salt or is plain MD5: a stolen copy gives the password away. Invite the owner instead.")
_PROTOCOL = _("This is the key of a sign-in protocol, as good as the password itself. Invite the owner instead.")
_DES = _("This is a hash by DES, which reads eight characters only. Invite the owner instead.")
_UNCHECKED = _("Hashes by yescrypt and scrypt cannot be checked here. Invite the owner instead.")
_DES_SHAPE = re.compile(r"(?:[./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19})\Z")

_REFUSED: dict[str, Promise] = {
    **dict.fromkeys(("PLAIN", "CLEARTEXT", "CLEAR", "PLAIN-TRUNC"), _CLEAR),
    **dict.fromkeys(
        ("MD5", "PLAIN-MD4", "PLAIN-MD5", "LDAP-MD5", "SMD5", "SHA", "SHA1", "SHA256", "SHA512"), _UNSALTED
    ),
    **dict.fromkeys(("CRAM-MD5", "HMAC-MD5", "DIGEST-MD5", "NTLM", "LANMAN", "RPA", "SKEY", "OTP"), _PROTOCOL),
    **dict.fromkeys(("SCRAM-SHA-1", "SCRAM-SHA-256"), _PROTOCOL),
    "DES-CRYPT": _DES,
}
_REFUSED_SIGNS: dict[str | None, Promise] = dict.fromkeys(("y", "gy", "7", "scrypt"), _UNCHECKED)
