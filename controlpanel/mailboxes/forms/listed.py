"""A pasted list of people, and where an invitation of theirs may go."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.addresses import domain_shown
from controlpanel.mailboxes.changes import DEFAULT
from controlpanel.mailboxes.changes.rooms import Quota
from controlpanel.mailboxes.forms.fields import OctetsField
from controlpanel.mailboxes.models import Domain


class ListForm(forms.Form):
    """The people, a line each, and the space of each mailbox."""

    people = forms.CharField(
        label=_("People"),
        help_text=_("A line each: name, comma, address. The address alone will do."),
        max_length=40_000,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 12, "autofocus": True, "autocapitalize": "none", "spellcheck": "false", "class": "lines"}
        ),
    )
    quota = OctetsField(label=_("Space of each"), required=False)

    def __init__(self, *args: Any, domain: Domain, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quota"].initial = domain.default_quota
        self.fields["people"].widget.attrs["placeholder"] = f"Ana Pérez, ana\nluis.gomez@{domain_shown(domain.name)}"

    def asked_quota(self) -> Quota:
        quota: int | None = self.cleaned_data["quota"]
        return DEFAULT if quota is None else quota
