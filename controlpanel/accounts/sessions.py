"""The browsers in which somebody is signed in to the panel."""

from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY

from controlpanel.accounts.models import User


def end_sessions(user: User, keep: str | None = None) -> int:
    """End the sessions of `user`, all but the one with the key `keep`, and return how many."""
    sessions = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    for session in sessions:
        session.end()
    return len(sessions)


def carry_over(user: User, key: str) -> None:
    """Let the session with this key live through the change of password that `user` has just made in it."""
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(key)
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
