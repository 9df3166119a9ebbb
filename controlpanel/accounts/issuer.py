"""The issuer of tokens that the settings name: its keys, fetched when first needed and kept.

Blocking: to be called where a wait of some seconds harms nobody else. An issuer that is away is asked again after
half a minute; its keys of the last day are good meanwhile.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

from controlpanel.accounts.bearer_tokens import Expected, Key, TokenError, UnknownKeyError, address_in, read_keys

log = logging.getLogger("casilla.store")

FRESH_SECONDS = 3600.0
STALE_SECONDS = 24 * 3600.0
AGAIN_SECONDS = 30.0  # after a fault, and for a key that we do not know
TIMEOUT_SECONDS = 4.0
WITHIN_SECONDS = 8.0
LARGEST_DOCUMENT = 256 * 1024

Fetch = Callable[[str], bytes]


class IssuerAwayError(Exception):
    """The issuer's keys cannot be had now."""


class _NoRedirect(HTTPRedirectHandler):
    """Keys come from the host that the settings name, and from no other."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


def fetch(url: str) -> bytes:
    """Return a small document. Raises OSError, HTTPException or ValueError."""
    until = time.monotonic() + WITHIN_SECONDS
    asked = Request(url, headers={"Accept": "application/json", "User-Agent": "Casilla"})  # noqa: S310
    with build_opener(_NoRedirect).open(asked, timeout=TIMEOUT_SECONDS) as answer:
        document = bytearray()
        while piece := answer.read1(16 * 1024):
            document += piece
            if len(document) > LARGEST_DOCUMENT or time.monotonic() > until:
                raise ValueError("too large or too slow")
        return bytes(document)


class Issuer:
    """One issuer and the keys it had when last asked. `fetch` and `clock` are the tests'."""

    def __init__(
        self,
        expected: Expected,
        discovery: str,
        key_set: str = "",
        *,
        fetch: Fetch = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._expected = expected
        self._discovery = discovery
        self._key_set = key_set
        self._fetch = fetch
        self._clock = clock
        self._keys: list[Key] = []
        self._fetched = self._asked = float("-inf")
        self._lock = threading.Lock()

    def address_of(self, token: str) -> str | None:
        """Return whose mailbox the token opens, None for nobody's. Raises IssuerAwayError."""
        with self._lock:
            return self._address(token)

    def _address(self, token: str) -> str | None:
        if self._clock() - self._fetched > FRESH_SECONDS:
            self._renew()
        if self._clock() - self._fetched > STALE_SECONDS:
            raise IssuerAwayError
        try:
            try:
                return address_in(token, self._keys, self._expected, time.time())
            except UnknownKeyError:
                self._renew()
                return address_in(token, self._keys, self._expected, time.time())
        except TokenError:
            return None

    def _renew(self) -> None:
        """Fetch the keys, unless that was tried a moment ago. A fault leaves those we have."""
        if self._clock() - self._asked < AGAIN_SECONDS:
            return
        self._asked = self._clock()
        try:
            self._keys = read_keys(self._fetch(self._key_set or self._discovered()))
            self._fetched = self._clock()
        except (OSError, HTTPException, ValueError, RecursionError) as error:
            log.warning("event=issuer_away issuer=%s fault=%s", self._expected.issuer, type(error).__name__)

    def _discovered(self) -> str:
        """Return the address of the keys (OpenID Connect Discovery 1.0 section 4)."""
        document = json.loads(self._fetch(self._discovery))
        if not isinstance(document, dict) or document.get("issuer") != self._expected.issuer:
            raise ValueError("that is another issuer's configuration")
        return _over_tls_or_here(str(document.get("jwks_uri")), self._discovery)


def _over_tls_or_here(url: str, discovery: str) -> str:
    """An issuer over TLS has its keys over TLS."""
    if not url.startswith("https://") and (discovery.startswith("https://") or not url.startswith("http://")):
        raise ValueError("the keys are not served over TLS")
    return url


_issuers: dict[tuple[str | bool, ...], Issuer] = {}


def address_of(token: str) -> str | None:
    """Ask the issuer of the settings; without one no token opens anything. Raises IssuerAwayError."""
    if not settings.OAUTH_ISSUER:
        return None
    expected = (settings.OAUTH_ISSUER, settings.OAUTH_AUDIENCE, settings.OAUTH_CLAIM, settings.OAUTH_ALL_VERIFIED)
    places = (settings.OAUTH_DISCOVERY_URL, settings.OAUTH_JWKS_URL)
    key = (*expected, *places)
    if key not in _issuers:
        _issuers[key] = Issuer(Expected(*expected), *places)
    return _issuers[key].address_of(token)
