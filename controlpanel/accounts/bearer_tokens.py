"""Pure: whose mailbox a bearer token opens, by the signature of an issuer that we trust.

A JSON Web Token (RFC 7519) signed with RS256 or ES256 (RFC 7518 section 3) by one of the issuer's published keys (RFC
7517). Nothing else is taken: no "none", no shared secret, no key that the token itself brings along.
"""

import json
import re
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

LEEWAY_SECONDS = 60  # by which two clocks may differ
LONGEST = 16 * 1024
LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
KEYS_AT_MOST = 50
EMAIL = "email"
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class TokenError(ValueError):
    """The token opens nothing here."""


class UnknownKeyError(TokenError):
    """It is signed with a key that we have not seen: the issuer may have a new one."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of the issuer's, and the one algorithm it is for."""

    id: str | None
    algorithm: str
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class Expected:
    """What must stand in a token, and which claim is the address.

    `all_verified`: the issuer has verified every address, also where a token does not say so.
    """

    issuer: str
    audience: str
    claim: str = EMAIL
    all_verified: bool = False


def address_in(token: str, keys: Sequence[Key], expected: Expected, now: float) -> str:
    """Return the address that a token was issued for; `now` in seconds since 1970. Raises TokenError."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        raise TokenError("that is no signed token")
    header = _object(parts[0])
    if "crit" in header:  # what must be understood and is not (RFC 7515 section 4.1.11)
        raise TokenError("the token asks for more than we know")
    signed, signature = f"{parts[0]}.{parts[1]}".encode("ascii", "replace"), _octets(parts[2])
    candidates = _candidates(header, keys)
    if not any(_is_signed(key, signed, signature) for key in candidates):
        raise TokenError("the signature is not the issuer's")
    return _address(_object(parts[1]), expected, now)


def _candidates(header: dict[str, Any], keys: Sequence[Key]) -> list[Key]:
    fitting = [key for key in keys if key.algorithm == header.get("alg")]
    found = [key for key in fitting if "kid" not in header or key.id == header["kid"]]
    if not found:
        raise UnknownKeyError("no key of the issuer's fits")
    return found


def _is_signed(key: Key, signed: bytes, signature: bytes) -> bool:
    try:
        if isinstance(key.public, rsa.RSAPublicKey):
            key.public.verify(signature, signed, padding.PKCS1v15(), SHA256())
        elif len(signature) != 64:  # r and s, 32 octets each (RFC 7518 section 3.4)
            return False
        else:
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _address(claims: dict[str, Any], expected: Expected, now: float) -> str:
    audience = claims.get("aud")
    if claims.get("iss") != expected.issuer:
        raise TokenError("another issuer's")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenError("made for another")
    if not now - LEEWAY_SECONDS < _moment(claims, "exp"):
        raise TokenError("out of date")
    if "nbf" in claims and not _moment(claims, "nbf") <= now + LEEWAY_SECONDS:
        raise TokenError("not yet good")
    address = claims.get(expected.claim)
    if not isinstance(address, str) or not _is_vouched_for(claims, expected):
        raise TokenError("no address that the issuer vouches for")
    return address


def _is_vouched_for(claims: dict[str, Any], expected: Expected) -> bool:
    """What is not said to be verified is not (OpenID Connect Core 1.0 section 5.1); of other claims nothing is said."""
    return claims.get("email_verified", expected.all_verified or expected.claim != EMAIL) is True


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TokenError(f"{name} is no moment")
    return value


def read_keys(key_set: bytes) -> list[Key]:
    """Return the keys of a JWK Set (RFC 7517 section 5) that sign; those we do not know are passed over.

    Raises ValueError for what is no key set.
    """
    document = json.loads(key_set)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("that is no key set")
    return [key for each in listed[:KEYS_AT_MOST] if isinstance(each, dict) and (key := _key(each)) is not None]


def _key(each: dict[str, Any]) -> Key | None:
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(each.get("kty")))
    if algorithm is None or each.get("use", "sig") != "sig" or each.get("alg", algorithm) != algorithm:
        return None
    try:
        public = _rsa(each) if algorithm == "RS256" else _elliptic(each)
    except (TokenError, ValueError):
        return None
    identifier = each.get("kid")
    return Key(identifier, algorithm, public) if public and isinstance(identifier, str | None) else None


def _rsa(each: dict[str, Any]) -> rsa.RSAPublicKey | None:
    exponent, modulus = _number(each, "e"), _number(each, "n")
    if not LEAST_RSA_BITS <= modulus.bit_length() <= MOST_RSA_BITS:
        return None
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _elliptic(each: dict[str, Any]) -> ec.EllipticCurvePublicKey | None:
    if each.get("crv") != "P-256":
        return None
    return ec.EllipticCurvePublicNumbers(_number(each, "x"), _number(each, "y"), ec.SECP256R1()).public_key()


def _number(each: dict[str, Any], name: str) -> int:
    return int.from_bytes(_octets(str(each.get(name, ""))))


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_octets(part))
    except (ValueError, RecursionError):
        raise TokenError("that is no token") from None
    if not isinstance(value, dict):
        raise TokenError("that is no token")
    return value


def _octets(part: str) -> bytes:
    """Decode base64url without padding (RFC 7515 section 2)."""
    if not BASE64URL.fullmatch(part):
        raise TokenError("that is not base64url")
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except Base64Error:
        raise TokenError("that is not base64url") from None
