"""Other names of a domain, and of what has no name in it."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AliasDomainForm(forms.Form):
    """Which domain's addresses this one has."""

    alias_of = forms.CharField(
        label=_("Alias of"),
        help_text=_("Another domain that you run, as in example.org. Empty: a domain of its own."),
        max_length=300,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}
        ),
    )


class CatchAllForm(forms.Form):
    """Who gets what has no address of its own."""

    targets = forms.CharField(
        label=_("Goes to"),
        help_text=_("The address of a mailbox or of an alias. Empty: it is refused, which keeps most spam out."),
        max_length=320,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
