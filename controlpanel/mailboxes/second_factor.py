"""Of whom a second factor is required: by role (SECOND_FACTOR_FOR) and by the domain of their mailbox."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Mailbox

KEY = "second_factor_needed"  # in the session of who signed in without one
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes are none by themselves


def is_required(user: User) -> bool:
    """Whether this User needs one to use the panel."""
    roles = settings.SECOND_FACTOR_FOR
    if user.is_operator and "operators" in roles:
        return True
    if "administrators" in roles and user.domains.exists():
        return True
    mailbox = Mailbox.objects.select_related("domain").filter(user=user).first()
    return mailbox is not None and ("owners" in roles or mailbox.domain.second_factor_required)


def is_missing(user: User) -> bool:
    return is_required(user) and not Authenticator.objects.filter(user=user, type__in=FACTORS).exists()


def note_at_sign_in(sender: Any, request: HttpRequest | None, user: Any, **_others: Any) -> None:
    """Hear of a sign-in: what is required is asked for in this session, before anything else."""
    if request is not None and is_missing(user):
        request.session[KEY] = True


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's hooks: the last factor of who needs one stays."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _("A second factor is required of you. Set up another one first."),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if authenticator.type not in FACTORS or not is_required(authenticator.user):
            return bool(super().can_delete_authenticator(authenticator))
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return bool(others.exists())
