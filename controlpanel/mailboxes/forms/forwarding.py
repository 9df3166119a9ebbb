"""What an owner chooses for mail that comes while they are elsewhere."""

from django import forms
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.forms.fields import LinesField


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d")


class AwayForm(forms.Form):
    """From when to when the owner is away, and what is answered."""

    first_day = forms.DateField(label=_("First day"), widget=_day())
    last_day = forms.DateField(
        label=_("Last day"), help_text=_("Both days are included; after it nothing is answered."), widget=_day()
    )
    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(
        label=_("Text"),
        help_text=_("Each sender gets it once in four days; mailing lists and programs never do."),
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": "10000"}),
    )


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
