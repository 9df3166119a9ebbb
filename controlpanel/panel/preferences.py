"""Language, colour scheme and time zone: of the person where one is signed in, else of the browser."""

import zoneinfo
from collections.abc import Callable
from typing import Unpack

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.changes.people import Preferences as Choice

THEME_COOKIE = "theme"
YEAR = 365 * 86_400
THEMES = frozenset(User.Theme.values)
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)

Answer = Callable[[HttpRequest], HttpResponse]


def theme_of(request: HttpRequest) -> str:
    """Return "light", "dark", or nothing for what the system prefers. Never asks the database."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


class Preferences:
    """Middleware: speak the person's language, in their time; keep what is theirs out of shared caches."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        if user.language in LANGUAGES:
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language
        with timezone.override(_zone(user.time_zone)):
            response = self.get_response(request)
        add_never_cache_headers(response)
        _remember(response, request, user)
        return response


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(name) if name else zoneinfo.ZoneInfo(settings.TIME_ZONE)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _remember(response: HttpResponse, request: HttpRequest, user: User) -> None:
    """Keep the person's choices in the browser, for the sign-in page and for when the database is away."""
    if THEME_COOKIE in response.cookies or settings.LANGUAGE_COOKIE_NAME in response.cookies:
        return
    if user.theme != theme_of(request):
        _cookie(response, request, THEME_COOKIE, user.theme)
    if user.language in LANGUAGES and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != user.language:
        _cookie(response, request, settings.LANGUAGE_COOKIE_NAME, user.language)


def _cookie(response: HttpResponse, request: HttpRequest, name: str, value: str) -> None:
    if not value:
        response.delete_cookie(name)
        return
    response.set_cookie(name, value, max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax")


@login_not_required
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Take a language, a theme, or both, and go back to the page that asked."""
    response = HttpResponseRedirect(_way_back(request))
    theme, language = request.POST.get("theme"), request.POST.get("language")
    if theme is not None and theme in THEMES:
        _cookie(response, request, THEME_COOKIE, theme)
        _keep(request, theme=theme)
    if language in LANGUAGES:
        _cookie(response, request, settings.LANGUAGE_COOKIE_NAME, language)
        _keep(request, language=language)
    return response


def _keep(request: HttpRequest, **choice: Unpack[Choice]) -> None:
    if isinstance(request.user, User):
        changes.change_preferences(request.user, actor=actor_of(request), **choice)


def _way_back(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()) else "/"
