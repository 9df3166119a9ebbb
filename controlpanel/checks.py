"""What keeps the panel from serving, or should make an operator think: said in one sentence each, before the start.

`python manage.py check --deploy` says all of it; gunicorn's settings refuse to start on the first that is an error.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

from controlpanel.accounts.addresses import AddressError, domain_name, elsewhere
from controlpanel.clientsetup import settings_checks

LEAST_KEY = 32  # characters


def fit_to_serve(settings: Any) -> None:
    """Raise ImproperlyConfigured with the first thing that keeps these settings from serving."""
    for found in faults(settings):
        if found.is_serious():
            raise ImproperlyConfigured(f"{found.msg} {found.hint}")


def faults(settings: Any) -> Iterator[CheckMessage]:
    """Everything that is wrong with these settings."""
    yield from _key(settings)
    yield from _ways_in(settings)
    yield from _name(settings)
    yield from _trust(settings)
    yield from settings_checks.faults(settings)
    yield from _mail(settings)


def _key(settings: Any) -> Iterator[CheckMessage]:
    if not settings.SECRET_KEY_GIVEN:
        yield Error(
            "SECRET_KEY is not set.", "Set it to 50 random signs, the same for every process.", id="casilla.E001"
        )
    elif len(settings.SECRET_KEY_GIVEN) < LEAST_KEY:
        yield Error(
            "SECRET_KEY is short.",
            "Set it to 50 random signs: whoever guesses it signs in as anybody.",
            id="casilla.E002",
        )


def _ways_in(settings: Any) -> Iterator[CheckMessage]:
    if is_loopback(settings.PANEL_BIND):
        return
    if not settings.TRUSTED_PROXIES:
        yield Error(
            f"PANEL_BIND is {settings.PANEL_BIND}, and TRUSTED_PROXIES is empty: passwords would travel in clear.",
            "Put a proxy that speaks TLS in front and name its address, or bind to 127.0.0.1.",
            id="casilla.E003",
        )
    if settings.DEBUG:
        yield Error(
            "DEBUG is on, and the panel is open to others.", "Turn it off: error pages show secrets.", id="casilla.E004"
        )
    if settings.PUBLIC_HOST == "localhost":
        yield Error(
            "PUBLIC_HOST is localhost, and the panel is open to others.",
            "Set it to the name that people type.",
            id="casilla.E005",
        )


def _name(settings: Any) -> Iterator[CheckMessage]:
    if settings.PUBLIC_HOST == "localhost":
        return
    try:
        fits = domain_name(settings.PUBLIC_HOST) == settings.PUBLIC_HOST.lower()
    except AddressError:
        fits = False
    if not fits:
        yield Error(
            f"PUBLIC_HOST is {settings.PUBLIC_HOST!r}, which is no host name.",
            "It looks like mail.example.org.",
            id="casilla.E006",
        )


def _mail(settings: Any) -> Iterator[CheckMessage]:
    if settings.RELAY_URL and not settings.MAIL_FROM:
        yield Error(
            "RELAY_URL is set and MAIL_FROM is not.",
            "Name the address that the panel's own mail comes from.",
            id="casilla.E008",
        )
    if settings.MAIL_FROM and not is_address(settings.MAIL_FROM):
        yield Error(
            f"MAIL_FROM is {settings.MAIL_FROM!r}, which is no address.",
            "It looks like casilla@example.org.",
            id="casilla.E009",
        )


def is_address(text: str) -> bool:
    """Whether mail can come from this address, whoever keeps it."""
    try:
        return elsewhere(text) == text
    except AddressError:
        return False


def _trust(settings: Any) -> Iterator[CheckMessage]:
    for name in ("TRUSTED_PROXIES", "LMTP_NETWORKS", "AUTH_NETWORKS", "PROXY_NETWORKS", "SPARED_NETWORKS"):
        if any(network.prefixlen == 0 for network in getattr(settings, name)):
            yield Error(f"{name} is everybody.", "Name the networks that you run.", id="casilla.E007")
    if _needs_header(settings):
        yield Warning(
            f"PROXY_NETWORKS holds the panel's own way to POP3, {settings.POP3_FROM_PANEL}.",
            "Name the load balancer alone: from there POP3 wants a PROXY header, which sessions by hand do not send.",
            id="casilla.W002",
        )
    if settings.PLAIN_TEXT_LOGIN:
        yield Warning(
            "PLAIN_TEXT_LOGIN is on: mail clients may send passwords in clear.",
            "Turn it off as soon as the old clients are gone.",
            id="casilla.W001",
        )


def _needs_header(settings: Any) -> bool:
    """Whether the panel reaches POP3 over loopback, and POP3 takes loopback for a proxy."""
    return is_loopback(settings.POP3_FROM_PANEL) and any(net.is_loopback for net in settings.PROXY_NETWORKS)


def is_loopback(bind: str) -> bool:
    """Whether HOST:PORT is reached from this machine alone."""
    host = bind.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@register(Tags.security, deploy=True)
def check_settings(app_configs: Sequence[AppConfig] | None, **_options: Any) -> list[CheckMessage]:
    """Say all of it to `manage.py check --deploy`."""
    return list(faults(django_settings))
