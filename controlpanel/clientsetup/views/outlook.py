"""Outlook's Autodiscover over HTTP: POX at any spelling of its path, and the JSON that points there."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from controlpanel.clientsetup import autodiscover
from controlpanel.clientsetup.autodiscover import REQUEST_LIMIT, RequestError
from controlpanel.clientsetup.description import service_of
from controlpanel.clientsetup.hosts import find_domain

PATH = "/autodiscover/autodiscover.xml"


@csrf_exempt
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def pox(request: HttpRequest) -> HttpResponse:
    """Answer a request for settings. A GET in clear is led to the one host that surely has a certificate.

    That is the redirect of [MS-OXDISCO] section 3.1.5.4, so customers need none of their own.
    """
    if request.method == "POST":
        return HttpResponse(_answered(request), content_type=autodiscover.CONTENT_TYPE)
    if settings.PANEL_URL.startswith("https:") and not request.is_secure():
        return HttpResponseRedirect(settings.PANEL_URL + PATH)
    return HttpResponse(_error(600), content_type=autodiscover.CONTENT_TYPE)


def _answered(request: HttpRequest) -> bytes:
    try:
        wanted = autodiscover.parse_request(request.read(REQUEST_LIMIT + 1))
    except RequestError as error:
        return _error(error.code)
    except UnreadablePostError:
        return _error(600)
    domain = find_domain(wanted.domain)
    return _error(500) if domain is None else autodiscover.answer(service_of(domain), wanted)


def _error(code: int) -> bytes:
    return autodiscover.error(code, datetime.now(UTC))


@login_not_required
@require_safe
def json_v2(request: HttpRequest, address: str = "") -> HttpResponse:
    """Say where the POX is. The address is not looked at: the answer is the same for all."""
    asked = {name.lower(): str(value) for name, value in request.GET.items()}
    status, body = autodiscover.json_answer(asked.get("protocol", ""), settings.PANEL_URL + PATH)
    return HttpResponse(body, status=status, content_type="application/json")
