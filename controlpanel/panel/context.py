"""What every template may ask for."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from controlpanel.accounts.models import User
from controlpanel.panel.navigation import Reach
from controlpanel.panel.preferences import theme_of


def frame(request: HttpRequest) -> dict[str, Any]:
    """The colour scheme, the languages, and where the person can go (asked of the database when first used)."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    return {
        "theme": (person and person.theme) or theme_of(request),
        "LANGUAGE_CODE": request.LANGUAGE_CODE,
        "languages": settings.LANGUAGES,
        "themes": User.Theme.choices,
        "public_host": settings.PUBLIC_HOST,
        "looking": getattr(request, "looking", None),
        "reach": person and reach_of(request, person),
    }


def reach_of(request: HttpRequest, user: User) -> Reach:
    """Return the request's one Reach: views and the frame ask the same questions."""
    if not hasattr(request, "reach"):
        request.reach = Reach(user)  # type: ignore[attr-defined]
    found: Reach = request.reach  # type: ignore[attr-defined]
    return found
