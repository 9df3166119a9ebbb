"""Keys of an issuer, fetched over HTTP and kept."""

from collections.abc import Iterator

import pytest

from controlpanel.accounts.bearer_tokens import Expected
from controlpanel.accounts.issuer import AGAIN_SECONDS, FRESH_SECONDS, STALE_SECONDS, Issuer, IssuerAwayError, fetch
from tests.accounts.tokens import AUDIENCE, Signer, SmallIssuer, claims, serving

ANA = "ana@example.org"
OLD, NEW = Signer("old"), Signer("new", "ES256")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def small() -> Iterator[SmallIssuer]:
    with serving(OLD) as issuer:
        yield issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


def issuer_at(small: SmallIssuer, clock: Clock, key_set: str = "") -> Issuer:
    discovery = f"{small.url}/.well-known/openid-configuration"
    return Issuer(Expected(small.url, AUDIENCE), discovery, key_set, clock=clock)


def test_keys_are_found_once_and_kept_for_an_hour(small: SmallIssuer, clock: Clock) -> None:
    issuer = issuer_at(small, clock)
    for _ in range(3):
        assert issuer.address_of(OLD.sign(claims(small.url))) == ANA
    assert small.asked == ["/.well-known/openid-configuration", "/keys"]
    clock.now += FRESH_SECONDS + 1
    assert issuer.address_of(OLD.sign(claims(small.url))) == ANA
    assert len(small.asked) == 4


def test_a_given_address_of_the_keys_needs_no_discovery(small: SmallIssuer, clock: Clock) -> None:
    assert issuer_at(small, clock, f"{small.url}/keys").address_of(OLD.sign(claims(small.url))) == ANA
    assert small.asked == ["/keys"]


def test_a_new_key_is_looked_for_at_most_twice_a_minute(small: SmallIssuer, clock: Clock) -> None:
    issuer = issuer_at(small, clock, f"{small.url}/keys")
    assert issuer.address_of(OLD.sign(claims(small.url))) == ANA
    small.signers.append(NEW)
    assert issuer.address_of(NEW.sign(claims(small.url))) is None
    clock.now += AGAIN_SECONDS
    assert issuer.address_of(NEW.sign(claims(small.url))) == ANA
    for number in range(5):
        assert issuer.address_of(OLD.sign(claims(small.url), kid=f"made up {number}")) is None
    assert small.asked == ["/keys"] * 2


def test_an_issuer_that_is_away_is_no_reason_to_refuse(small: SmallIssuer, clock: Clock) -> None:
    issuer = issuer_at(small, clock)
    small.status = 503
    with pytest.raises(IssuerAwayError):
        issuer.address_of(OLD.sign(claims(small.url)))
    with pytest.raises(IssuerAwayError):
        issuer.address_of("x")
    assert len(small.asked) == 1
    small.status = 200
    clock.now += AGAIN_SECONDS
    assert issuer.address_of(OLD.sign(claims(small.url))) == ANA


def test_its_last_keys_are_good_for_a_day(small: SmallIssuer, clock: Clock) -> None:
    issuer = issuer_at(small, clock)
    issuer.address_of("x")
    small.status = 500
    clock.now += STALE_SECONDS - 1
    assert issuer.address_of(OLD.sign(claims(small.url))) == ANA
    clock.now += 2
    with pytest.raises(IssuerAwayError):
        issuer.address_of(OLD.sign(claims(small.url)))


def test_a_redirect_is_not_followed(small: SmallIssuer) -> None:
    small.status = 302
    with pytest.raises(OSError, match="302"):
        fetch(f"{small.url}/elsewhere")
    assert small.asked == ["/elsewhere"]


def test_a_configuration_of_another_issuer_is_not_believed(small: SmallIssuer, clock: Clock) -> None:
    issuer = Issuer(Expected("https://login.example.org", AUDIENCE), f"{small.url}/.well-known/openid-configuration")
    with pytest.raises(IssuerAwayError):
        issuer.address_of("x")
    assert "/keys" not in small.asked
