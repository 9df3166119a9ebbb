"""Which host names the panel answers to: its own, loopback, and those of the domains it keeps."""

import ipaddress
import time
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from controlpanel.mailboxes.models import Domain, State

PREFIXES = ("autoconfig.", "autodiscover.", "mail.", "webmail.", "pop.", "pop3.", "ua-auto-config.", "mta-sts.")
REMEMBERED = 60.0  # seconds
MOST = 2_000  # names remembered at once


class UnknownHost(SuspiciousOperation):
    """Somebody asked by a name that is not ours: 400."""


class Hosts:
    """Middleware: refuse a Host header that names neither this panel nor a domain of its table."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._known: dict[str, tuple[bool, float]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host, _port = split_domain_port(request.get_host())
        if not self.known(host):
            raise UnknownHost("The host name is none of ours.")
        return self.get_response(request)

    def known(self, host: str) -> bool:
        if host == "localhost" or is_operators(host) or _is_loopback(host):
            return True
        known, since = self._known.get(host, (False, -REMEMBERED))
        if time.monotonic() - since < REMEMBERED:
            return known
        if len(self._known) >= MOST:
            self._known.clear()
        known = is_of_a_domain(host)
        self._known[host] = (known, time.monotonic())
        return known


def is_operators(host: str) -> bool:
    """Whether it is PUBLIC_HOST, an MX host, or what mail clients ask that come by a domain's MX record."""
    return host in _own() or is_by_mx(host)


def is_by_mx(host: str) -> bool:
    """Whether mail clients ask this host that come by a domain's MX record."""
    return any(host == f"autoconfig.{parent}" for name in _own() for parent in _with_parents(name))


def is_of_a_domain(host: str) -> bool:
    """Whether it is a domain of the table that is not deleted, or one of the names that such a domain points here."""
    names = [host, *(host.removeprefix(prefix) for prefix in PREFIXES if host.startswith(prefix))]
    return Domain.objects.filter(name__in=names).exclude(state=State.DELETED).exists()


def _own() -> set[str]:
    return {settings.PUBLIC_HOST.lower(), *settings.MX_HOSTS}


def _with_parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
