"""Which domain a client means, by the address it sends or by the host name it asks."""

from django.http import HttpRequest
from django.http.request import split_domain_port

from controlpanel.accounts.addresses import AddressError, domain_name, split
from controlpanel.mailboxes.models import Domain, State

PREFIXES = ("autoconfig.", "autodiscover.", "ua-auto-config.")


def domain_asked(request: HttpRequest, address: str = "") -> Domain | None:
    """Return the domain of the address, else of the host name; none where neither is a domain of ours.

    The address counts first: one certificate and one host serve every domain that comes by the MX record. Its local
    part is not looked at, so nobody learns who has a mailbox.
    """
    if "@" in address:
        return find_domain(domain_of(address))
    host, _port = split_domain_port(request.get_host())
    bare = next((host.removeprefix(prefix) for prefix in PREFIXES if host.startswith(prefix)), host)
    return find_domain(bare)


def find_domain(name: str) -> Domain | None:
    return Domain.objects.filter(name=name).exclude(state=State.DELETED).first()


def domain_of(address: str) -> str:
    """Return the A-label form of an address's domain, "" where it is none."""
    try:
        return domain_name(split(address)[1])
    except AddressError:
        return ""
