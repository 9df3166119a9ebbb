"""What allauth asks of us: sign-in by address through our backend, our sentences, the client's true address."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.authentication import AddressBackend, SignInRefused
from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address


def backend() -> AddressBackend:
    """Return the one backend that settings name."""
    [only] = get_backends()
    assert isinstance(only, AddressBackend)
    return only


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's hooks. Its own limits are off (settings): throttle.py counts for the panel and for mail alike."""

    error_messages = DefaultAccountAdapter.error_messages | {"incorrect_password": _("This is not your password.")}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User:
        door = backend()
        try:
            user = door.sign_in(request, credentials["username"], credentials["password"])
        except SignInRefused as refused:
            raise ValidationError(refused.sentence, code=refused.outcome) from None
        user.backend = f"{type(door).__module__}.{type(door).__qualname__}"
        return user

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        assert isinstance(user, User)
        try:
            return backend().confirm(self.request, user, password)
        except SignInRefused as refused:
            raise ValidationError(refused.sentence, code=refused.outcome) from None

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse | None:
        """Stop who comes by a passkey, without a password, and may not sign in."""
        assert isinstance(user, User)
        if backend().obstacle(user) is not None:
            user.is_active = False  # in memory: allauth then shows its page for who is not let in
        response: HttpResponse | None = super().pre_login(request, user, **hooks)
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "::"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """allauth sends nothing: mail to people is written by jobs, in their language."""
