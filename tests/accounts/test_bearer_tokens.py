"""Which tokens open a mailbox, and the many that do not."""

import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.accounts.bearer_tokens import Expected, TokenError, UnknownKeyError, address_in, read_keys
from tests.accounts.tokens import AUDIENCE, Signer, claims, encoded

ISSUER = "https://login.example.org/"
RSA, ELLIPTIC, STRANGER = Signer("one"), Signer("two", "ES256"), Signer("one")
KEYS = read_keys(json.dumps({"keys": [RSA.jwk(), ELLIPTIC.jwk()]}).encode())
EXPECTED = Expected(ISSUER, AUDIENCE)


def opened(token: str) -> str:
    return address_in(token, KEYS, EXPECTED, time.time())


@pytest.mark.parametrize("signer", [RSA, ELLIPTIC])
def test_a_token_of_the_issuer_names_an_address(signer: Signer) -> None:
    assert opened(signer.sign(claims(ISSUER))) == "ana@example.org"
    assert opened(signer.sign(claims(ISSUER, aud=["other", AUDIENCE], email_verified=True))) == "ana@example.org"
    assert opened(signer.sign(claims(ISSUER), kid=None)) == "ana@example.org"


def test_a_token_may_be_long() -> None:
    token = RSA.sign(claims(ISSUER, groups=["x" * 100] * 100))
    assert len(token) > 8 * 1024
    assert opened(token) == "ana@example.org"


@pytest.mark.parametrize(
    "other",
    [
        {"iss": ISSUER.rstrip("/")},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": {AUDIENCE: 1}},
        {"exp": 0},
        {"exp": None},
        {"exp": "4102444800"},
        {"exp": True},
        {"exp": float("nan")},
        {"nbf": 4102444800},
        {"nbf": None},
        {"email": None},
        {"email": ["ana@example.org"]},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email_verified": None},
    ],
)
def test_claims_that_do_not_hold(other: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        opened(RSA.sign(claims(ISSUER, **other)))


def test_what_is_not_said_to_be_verified_is_not_unless_the_operator_knows_better() -> None:
    silent = {name: value for name, value in claims(ISSUER, upn="ana@example.org").items() if name != "email_verified"}
    with pytest.raises(TokenError):
        opened(RSA.sign(silent))
    for knowing in (Expected(ISSUER, AUDIENCE, all_verified=True), Expected(ISSUER, AUDIENCE, "upn")):
        assert address_in(RSA.sign(silent), KEYS, knowing, time.time()) == "ana@example.org"
        with pytest.raises(TokenError):
            address_in(RSA.sign(silent | {"email_verified": False}), KEYS, knowing, time.time())


def test_two_clocks_may_differ_by_a_minute() -> None:
    now = time.time()
    assert opened(RSA.sign(claims(ISSUER, exp=now - 30, nbf=now + 30)))
    with pytest.raises(TokenError):
        opened(RSA.sign(claims(ISSUER, exp=now - 90)))


def test_another_key_under_a_known_id() -> None:
    with pytest.raises(TokenError):
        opened(STRANGER.sign(claims(ISSUER)))


def test_an_unknown_key_is_told_apart() -> None:
    with pytest.raises(UnknownKeyError):
        opened(RSA.sign(claims(ISSUER), kid="three"))


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}, {"alg": ["RS256"]}, {"crit": []}]
)
def test_an_algorithm_is_the_keys_and_not_the_tokens_choice(header: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        opened(RSA.sign(claims(ISSUER), **header))


def test_a_public_key_is_no_shared_secret() -> None:
    head = encoded(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    text = f"{head}.{encoded(json.dumps(claims(ISSUER)).encode())}"
    signature = hmac.digest(json.dumps(RSA.jwk()).encode(), text.encode(), "sha256")
    with pytest.raises(TokenError):
        opened(f"{text}.{encoded(signature)}")


@given(st.text(max_size=80) | st.tuples(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20)).map(".".join))
def test_any_text_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(TokenError):
        opened(text)


TOKEN = RSA.sign(claims(ISSUER, exp=4102444800))


@given(st.integers(0, len(TOKEN) - 2), st.sampled_from("AZaz09-_"))
def test_no_sign_of_a_token_can_be_another(place: int, sign: str) -> None:
    if TOKEN[place] in (sign, "."):
        return
    with pytest.raises(TokenError):
        opened(TOKEN[:place] + sign + TOKEN[place + 1 :])


@pytest.mark.parametrize(
    "key",
    [
        RSA.jwk() | {"use": "enc"},
        RSA.jwk() | {"alg": "RS512"},
        RSA.jwk() | {"n": "AQAB"},
        RSA.jwk() | {"n": "*"},
        RSA.jwk() | {"kid": 7},
        Signer("short", bits=1024).jwk(),
        ELLIPTIC.jwk() | {"crv": "P-384"},
        ELLIPTIC.jwk() | {"x": "AQAB"},
        {"kty": "oct", "k": "AQAB"},
        {"kty": ["RSA"]},
        7,
    ],
)
def test_a_key_that_does_not_sign_is_passed_over(key: object) -> None:
    assert [each.id for each in read_keys(json.dumps({"keys": [key, ELLIPTIC.jwk()]}).encode())] == ["two"]


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff"])
def test_what_is_no_key_set(document: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_keys(document)
