"""SASL mechanisms, the server's side, each a generator (RFC 4422 section 5).

A mechanism asks the client by yielding a `Challenge` and the store by yielding any other request, and returns how the
login went. Whoever drives it carries challenges in the form of its protocol, base64 for POP3 (RFC 5034). Each ends
after two or three challenges, so no client can keep one going.

EXTERNAL is left out: clients with a certificate of their own are not something our users' mail clients have.
"""

import hashlib
import hmac
import json
import re
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from pop3service.requests import (
    Code,
    Login,
    LoginAnswer,
    Refused,
    Request,
    ScramFailed,
    ScramKey,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    TokenLogin,
    ask,
)

Exchange = Generator[Request[Any], Any, LoginAnswer]

END_POINT = "tls-server-end-point"


class SaslError(ValueError):
    """The client's message is not what the mechanism allows. Nothing was checked against a password."""


@dataclass(frozen=True, slots=True)
class Challenge(Request[bytes]):
    """Send `data` to the client and ask for its answer; both are raw octets."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Channel:
    """What a mechanism may need to know of the line it runs on. `end_point`: RFC 5929's binding, where there is one."""

    end_point: bytes | None = None
    plus_offered: bool = False
    openid_configuration: str = ""


def plain(channel: Channel) -> Exchange:
    """RFC 4616: authzid NUL authcid NUL password."""
    fields = decoded((yield from ask(Challenge(b"")))).split("\0")
    if len(fields) != 3 or not fields[1] or not fields[2]:
        raise SaslError("PLAIN takes three fields")
    authzid, name, password = fields
    require_same(authzid, name)
    return (yield from ask(Login("PLAIN", name, password)))


def login(channel: Channel) -> Exchange:
    """draft-murchison-sasl-login: never a standard, and what many programs still speak."""
    name = decoded((yield from ask(Challenge(b"Username:"))))
    password = decoded((yield from ask(Challenge(b"Password:"))))
    if not name or not password:
        raise SaslError("a name and a password are needed")
    return (yield from ask(Login("LOGIN", name, password)))


def scram_sha_256(channel: Channel, nonce: Callable[[], str] = secrets.token_urlsafe) -> Exchange:
    return scram("SCRAM-SHA-256", channel, nonce)


def scram_sha_256_plus(channel: Channel, nonce: Callable[[], str] = secrets.token_urlsafe) -> Exchange:
    return scram("SCRAM-SHA-256-PLUS", channel, nonce)


def scram(mechanism: str, channel: Channel, nonce: Callable[[], str]) -> Exchange:
    """RFC 5802 and RFC 7677. The maildrop opens last, after the client has seen our own proof."""
    first = ScramFirst.parse(decoded((yield from ask(Challenge(b"")))))
    binding = first.binding(mechanism, channel)
    found = yield from ask(ScramLookup(first.name))
    if not isinstance(found, ScramKeys):
        return found
    whole_nonce = first.nonce + nonce()
    server_first = f"r={whole_nonce},s={b64encode(found.salt).decode()},i={found.iterations}"
    final = decoded((yield from ask(Challenge(server_first.encode()))))
    without_proof, proof = scram_final(final, whole_nonce, binding)
    signed = f"{first.bare},{server_first},{without_proof}".encode()
    key = proven_key(found.keys, signed, proof)
    if key is None:
        return (yield from ask(ScramFailed(mechanism, first.name)))
    signature = hmac.digest(key.server_key, signed, "sha256")
    if (yield from ask(Challenge(b"v=" + b64encode(signature)))):
        raise SaslError("the last answer is empty")
    return (yield from ask(ScramLogin(mechanism, first.name, key.device)))


class ScramFirst(NamedTuple):
    """A client's first message: gs2 header, then the bare part that both sides sign (RFC 5802 section 7)."""

    header: str
    flag: str
    bare: str
    name: str
    nonce: str

    @classmethod
    def parse(cls, message: str) -> "ScramFirst":
        flag, authzid, bare = gs2(message)
        parts = re.match(r"n=([^,]+),r=([!-+\--~]+)(,|\Z)", bare)
        if not parts:
            raise SaslError("a name and a nonce are needed")
        name = saslname(parts[1])
        require_same(authzid, name)
        return cls(message[: len(message) - len(bare)], flag, bare, name, parts[2])

    def binding(self, mechanism: str, channel: Channel) -> bytes:
        """Return what the client must repeat: the header, and with -PLUS the certificate's hash (section 6)."""
        if mechanism.endswith("-PLUS"):
            if self.flag != f"p={END_POINT}" or channel.end_point is None:
                raise SaslError("the channel binding is not one we know")
            return self.header.encode() + channel.end_point
        if self.flag.startswith("p=") or (self.flag == "y" and channel.plus_offered):
            raise SaslError("someone between us took -PLUS off the list, or the client mixes mechanisms")
        return self.header.encode()


def scram_final(message: str, nonce: str, binding: bytes) -> tuple[str, bytes]:
    """Return a client's final message without its proof, and the proof."""
    without_proof, mark, proof = message.rpartition(",p=")
    expected = f"c={b64encode(binding).decode()},r={nonce}"
    if not mark or not (without_proof == expected or without_proof.startswith(expected + ",")):
        raise SaslError("the nonce or the channel binding is another")
    return without_proof, unbase64(proof.encode())


def proven_key(keys: Iterable[ScramKey], signed: bytes, proof: bytes) -> ScramKey | None:
    """Return the key whose password made `proof`, None for none (RFC 5802 section 3)."""
    if len(proof) != hashlib.sha256().digest_size:
        return None
    for key in [*keys, NOBODY]:
        signature = hmac.digest(key.stored_key, signed, "sha256")
        client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        if hmac.compare_digest(hashlib.sha256(client_key).digest(), key.stored_key):
            return key
    return None


# A name without keys takes the time of one with a key.
NOBODY = ScramKey(None, secrets.token_bytes(32), secrets.token_bytes(32))


def oauthbearer(channel: Channel) -> Exchange:
    """RFC 7628: a gs2 header, then key=value pairs between octets 1."""
    message = decoded((yield from ask(Challenge(b""))))
    flag, name, pairs = gs2(message)
    if flag.startswith("p="):
        raise SaslError("OAUTHBEARER has no channel binding")
    failed = {"status": "invalid_token", "openid-configuration": channel.openid_configuration}
    return (yield from token_login("OAUTHBEARER", name, pairs, failed))


def xoauth2(channel: Channel) -> Exchange:
    """Google's and Microsoft's forerunner of OAUTHBEARER: user=NAME, auth=Bearer TOKEN."""
    message = decoded((yield from ask(Challenge(b""))))
    failed = {"status": "401", "schemes": "bearer"}
    return (yield from token_login("XOAUTH2", pair_values(message).get("user", ""), message, failed))


def token_login(mechanism: str, name: str, pairs: str, failed: dict[str, str]) -> Exchange:
    """Ask the store; tell a refused client why in JSON, which it answers before it is told again (section 3.2.3)."""
    scheme, _, token = pair_values(pairs).get("auth", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SaslError("a bearer token is needed")
    outcome = yield from ask(TokenLogin(mechanism, name, token.strip()))
    if isinstance(outcome, Refused) and outcome.code is Code.AUTH:
        told = {key: value for key, value in failed.items() if value}
        yield from ask(Challenge(json.dumps(told).encode()))
    return outcome


MECHANISMS: dict[str, Callable[[Channel], Exchange]] = {
    "SCRAM-SHA-256-PLUS": scram_sha_256_plus,
    "SCRAM-SHA-256": scram_sha_256,
    "OAUTHBEARER": oauthbearer,
    "XOAUTH2": xoauth2,
    "PLAIN": plain,
    "LOGIN": login,
}
SAFE_IN_CLEAR = {"SCRAM-SHA-256"}  # the password does not cross the line, and cannot be guessed from what does


def gs2(message: str) -> tuple[str, str, str]:
    """Return a gs2 header's binding flag and authzid, and what follows it (RFC 5801 section 4)."""
    flag, first, rest = message.partition(",")
    authzid, second, rest = rest.partition(",")
    if not (first and second) or not (flag in {"n", "y"} or flag.startswith("p=")):
        raise SaslError("a gs2 header is needed")
    if authzid and not authzid.startswith("a="):
        raise SaslError("the authorization identity begins with a=")
    return flag, saslname(authzid[2:]), rest


def saslname(text: str) -> str:
    """Undo the two escapes that a name has in gs2 and SCRAM (RFC 5802 section 5.1)."""
    name = text.replace("=2C", ",").replace("=3D", "=")
    if name.replace("=", "=3D").replace(",", "=2C") != text:
        raise SaslError("that is no escaped name")
    return name


def require_same(authzid: str, name: str) -> None:
    """Nobody acts for another here: the authorization identity is empty or the name itself."""
    if authzid and authzid != name:
        raise SaslError("nobody may act for another")


def pair_values(text: str) -> dict[str, str]:
    return {key: value for key, equals, value in (pair.partition("=") for pair in text.split("\1")) if equals}


def decoded(message: bytes) -> str:
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslError("that is not UTF-8") from None


def unbase64(text: bytes) -> bytes:
    """Decode strict base64: no stray character, whole quanta (RFC 4648 section 3.3)."""
    try:
        return b64decode(text, validate=True)
    except Base64Error:
        raise SaslError("that is not base64") from None
