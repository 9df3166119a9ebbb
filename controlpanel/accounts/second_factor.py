"""Codes of a second factor are guessed like passwords, and slowed like them: by the same table."""

from typing import TYPE_CHECKING

from allauth.core import context
from allauth.mfa.base import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from controlpanel.accounts import throttle
from controlpanel.accounts.authentication import THROTTLED, too_many
from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address

if TYPE_CHECKING:
    from django.forms import Form as _Form
else:
    _Form = object


class _Slowed(_Form):
    user: User

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        attempt = throttle.attempt(client_address(context.request), self.user.address, f"code {code}")
        looked = throttle.look(attempt, self._is_right)
        if looked.wait:
            raise ValidationError(too_many(looked.wait), code=THROTTLED)
        if not looked.right:
            raise ValidationError(_("This code is wrong, or its time is over."), code="incorrect_code")
        return str(code)

    def _is_right(self) -> bool:
        try:
            super().clean_code()  # type: ignore[misc]
        except ValidationError:
            return False
        return True


class CodeForm(_Slowed, forms.AuthenticateForm):  # type: ignore[misc]
    """A code after the password."""


class CodeAgainForm(_Slowed, forms.ReauthenticateForm):  # type: ignore[misc]
    """A code before something that matters."""
