"""What an owner chooses for mail that comes while they are elsewhere."""

from django import forms
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.forms.fields import LinesField


class ForwardingForm(forms.Form):
    """Where mail goes on to."""

    targets = LinesField(
        label=_("Forward to"), help_text=_("One address a line, five at most. Empty: nowhere."), required=False
    )
    keep = forms.BooleanField(
        label=_("Keep a copy here"),
        help_text=_("Off: mail that was sent on is not in this mailbox, and mail clients don't find it."),
        required=False,
    )
