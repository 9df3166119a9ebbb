"""From where a request comes: the peer of the connection, or what a trusted proxy says of it.

X-Forwarded-For is a list to which each proxy appends its own peer: read from the right, the first address that is not a
trusted proxy's is the client's. What stands left of it, anybody may have written.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from controlpanel.environment import Network

IPAddress = IPv4Address | IPv6Address
MOST_HOPS = 16


def true_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str | None:
    """Pure: the client's address, by the connection's `peer` and the X-Forwarded-For text.

    None where the peer is no address: a socket in the file system, on which a proxy of this machine speaks.
    """
    address = _read(peer)
    hops = [hop.strip() for hop in forwarded.split(",")][-MOST_HOPS:] if forwarded else []
    while hops and _is_trusted(address, trusted):
        before = _read(hops.pop())
        if before is None:
            break
        address = before
    return str(address) if address is not None else None


def _read(text: str) -> IPAddress | None:
    try:
        address = ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: IPAddress | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)


def client_address(request: HttpRequest) -> str | None:
    """Return the address that `ClientAddressMiddleware` found for this request."""
    return request.META.get("REMOTE_ADDR") or None


class ClientAddressMiddleware:
    """Put the client's address into REMOTE_ADDR, where all else reads it, and keep the scheme a trusted proxy names.

    Forwarding headers of anybody else are dropped, so that no later reader believes them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        for name in FORGEABLE:
            request.META.pop(name, None)
        if _is_trusted(_read(peer), settings.TRUSTED_PROXIES):
            request.META["HTTP_X_FORWARDED_PROTO"] = scheme.rpartition(",")[2].strip()
        request.META["REMOTE_ADDR"] = true_address(peer, forwarded, settings.TRUSTED_PROXIES) or ""
        return self.get_response(request)


FORGEABLE = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_REAL_IP")
