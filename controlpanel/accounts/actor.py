"""Who makes a change, and from where."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address


@dataclass(frozen=True, slots=True)
class Actor:
    """The User who makes a change and the address they come from; the shell and the jobs act without a User."""

    user: User | None = None
    address: str | None = None


SHELL = Actor()


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes this request; only for pages that need a sign-in."""
    assert not isinstance(request.user, AnonymousUser)
    return Actor(request.user, client_address(request))
