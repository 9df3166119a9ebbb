"""Files that mail clients and proxies fetch without signing in: Thunderbird's, PACC's, and Caddy's question.

None of them looks at a mailbox, so an address that exists gets the same octets as one that does not.
"""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from controlpanel.clientsetup import autoconfig, changes, pacc
from controlpanel.clientsetup.description import service_by_mx, service_of
from controlpanel.clientsetup.hosts import domain_asked
from controlpanel.clientsetup.service import ServiceDescription
from controlpanel.panel import hosts

MINUTES_10 = 600


@login_not_required
@require_safe
@cache_control(max_age=MINUTES_10, public=True)
def config_v1_1(request: HttpRequest) -> HttpResponse:
    """Thunderbird's configuration file, for any address of the domain or for none."""
    service = _service_asked(request, request.GET.get("emailaddress", ""))
    if service is None:
        raise Http404
    return HttpResponse(autoconfig.config_v1_1(service), content_type=autoconfig.CONTENT_TYPE)


def _service_asked(request: HttpRequest, address: str) -> ServiceDescription | None:
    """Return the domain's service; of a host that only MX records lead to, without an address, what all have."""
    domain = domain_asked(request, address)
    if domain is not None:
        return service_of(domain)
    host, _port = split_domain_port(request.get_host())
    return service_by_mx() if "@" not in address and hosts.is_by_mx(host) else None


@login_not_required
@require_safe
@cache_control(max_age=MINUTES_10, public=True)
def user_agent_configuration(request: HttpRequest) -> HttpResponse:
    """PACC's document: the stored octets, as their digest stands in the DNS."""
    domain = domain_asked(request)
    content = None if domain is None else changes.served_pacc(domain)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=pacc.CONTENT_TYPE)


@login_not_required
@require_safe
def caddy_ask(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the panel serves this host name, so that Caddy gets a certificate for it; else 404."""
    host = request.GET.get("domain", "").replace("\0", "").lower().removesuffix(".")
    if hosts.is_operators(host) or hosts.is_of_a_domain(host):
        return HttpResponse("yes\n", content_type="text/plain")
    return HttpResponse("no\n", status=404, content_type="text/plain")
