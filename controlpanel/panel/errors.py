"""Pages for what went wrong. None of them asks the database, which may be what went wrong."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language

from controlpanel.mailboxes.rules import NotAllowed
from controlpanel.panel import faults
from controlpanel.panel.preferences import theme_of

RETRY_AFTER = "5"  # seconds


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is not for this person looks as if it were not there (rules.NotAllowed)."""
    return _page(request, 404 if isinstance(exception, NotAllowed) else 403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: cookies are off, or the page was open since before a sign-in."""
    return _page(request, 403, "errors/forged.html")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or a database that is away: the one place that sees both, from views and middleware alike."""
    error = sys.exc_info()[1]
    if error is not None:
        faults.tell(request, error)
    if faults.is_outage(error):
        response = _page(request, 503)
        response["Retry-After"] = RETRY_AFTER
        return response
    return _page(request, 500)


def _page(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    # Without the request: context processors would ask who is signed in.
    words = render_to_string(
        template or f"errors/{status}.html", {"theme": theme_of(request), "LANGUAGE_CODE": get_language()}
    )
    return HttpResponse(words, status=status, headers={"Cache-Control": "no-store"})
