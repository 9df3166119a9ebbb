"""Who needs a second factor and signed in without one sets it up before anything else."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from controlpanel.accounts.models import User
from controlpanel.mailboxes import second_factor

OPEN = {"second-factor-needed", "account_logout", "account_reauthenticate", "preferences", "health"}

Answer = Callable[[HttpRequest], HttpResponse]


class RequiredFactor:
    """Middleware: lead to the page that says so. Only the sessions of those whom it concerns ask the database."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = (request.resolver_match and request.resolver_match.url_name) or ""
        if name in OPEN or name.startswith("mfa_") or second_factor.KEY not in request.session:
            return None
        if isinstance(request.user, User) and second_factor.is_missing(request.user):
            return redirect("second-factor-needed")
        del request.session[second_factor.KEY]
        return None


@never_cache
@require_safe
def needed(request: HttpRequest) -> HttpResponse:
    if second_factor.KEY not in request.session:
        return redirect("mfa_index")
    return render(request, "people/second_factor_needed.html")
