"""Who takes over, and whether what waits goes along."""

from django import forms
from django.utils.translation import gettext_lazy as _

MOVE = "move"
LEAVE = "leave"


class HandOverForm(forms.Form):
    target = forms.CharField(
        label=_("Who takes over"),
        help_text=_("The address of a mailbox that you run. Mail to this address arrives there from now on."),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    move = forms.ChoiceField(
        label=_("The mail that waits"),
        choices=[
            (LEAVE, _("Stays with the deleted mailbox, and is cleared away with it")),
            (MOVE, _("Goes along, as new mail for who takes over")),
        ],
        initial=LEAVE,
        widget=forms.RadioSelect,
    )
