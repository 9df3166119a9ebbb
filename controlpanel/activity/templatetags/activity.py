"""Words for what the journal writes in its own vocabulary."""

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.journal.models import Attempt

register = template.Library()

OUTCOMES: dict[str, Promise] = {
    "wrong": _("wrong password"),
    "wrong_password": _("wrong password"),
    "scram_failed": _("wrong password"),
    "token_refused": _("token not accepted"),
    "device_password_needed": _("main password, where a device password is needed"),
    "device_password_expired": _("device password past its date"),
    "device_password_purpose": _("device password for something else"),
    "network_not_allowed": _("from a network that is not allowed"),
    "tls_needed": _("without TLS"),
    "newer_tls_needed": _("with an old TLS"),
    "suspended": _("mailbox suspended"),
    "closed": _("mailbox closed"),
    "pop3_off": _("mail clients are off"),
    "may_not_send": _("mailbox may not send"),
    "in_use": _("another mail client was connected"),
    "too_many_sessions": _("too many at once"),
    "login_delay": _("too soon after the last"),
    "throttled": _("too many wrong passwords"),
}


@register.filter
def outcome(attempt: Attempt) -> str:
    return str(OUTCOMES.get(attempt.outcome, attempt.outcome))
