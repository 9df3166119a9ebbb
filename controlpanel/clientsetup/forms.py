"""What a domain or an owner chooses for mail clients."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from controlpanel.clientsetup.models import DomainSetup
from controlpanel.mailboxes.changes.leaving import LONGEST_DAYS
from controlpanel.mailboxes.changes.rooms import DEFAULT, Default
from controlpanel.mailboxes.models import Domain, Mailbox

ALWAYS = "always"
DAYS = "days"
NEVER = "never"
AS_DOMAIN = "domain"
USUAL_DAYS = 30

LEAVING = (
    (ALWAYS, _("Leave it on the server: other devices find it too, and a lost laptop loses no mail")),
    (DAYS, _("Leave it for some days, then remove it")),
    (NEVER, _("Remove it as soon as it is fetched: it is then on that device alone")),
)


class LeavingForm(forms.Form):
    """What mail clients shall do with mail once they have fetched it."""

    leaving = forms.ChoiceField(label=_("Fetched mail"), choices=LEAVING, widget=forms.RadioSelect)
    days = forms.IntegerField(
        label=_("Days"),
        help_text=_("Where it is left for some days."),
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("leaving") == DAYS and cleaned.get("days") is None and "days" not in self.errors:
            self.add_error("days", _("Write for how many days."))
        return cleaned

    def leave_days(self) -> int | None:
        """Days, None for ever, 0 not at all."""
        chosen = self.cleaned_data["leaving"]
        return None if chosen == ALWAYS else 0 if chosen == NEVER else int(self.cleaned_data["days"])


class OwnLeavingForm(LeavingForm):
    """The owner's choice, which may be the domain's."""

    def __init__(self, data: QueryDict | None = None, *, mailbox: Mailbox) -> None:
        initial = initial_leaving(mailbox.leaving) | ({} if mailbox.leave_own else {"leaving": AS_DOMAIN})
        super().__init__(data, initial=initial)
        leaving = self.fields["leaving"]
        assert isinstance(leaving, forms.ChoiceField)
        leaving.choices = [(AS_DOMAIN, _("As the domain has it: %(how)s") % {"how": how(mailbox.domain)}), *LEAVING]

    def chosen(self) -> int | Default | None:
        return DEFAULT if self.cleaned_data["leaving"] == AS_DOMAIN else self.leave_days()


def initial_leaving(days: int | None) -> dict[str, Any]:
    if days is None:
        return {"leaving": ALWAYS, "days": USUAL_DAYS}
    return {"leaving": DAYS, "days": days} if days else {"leaving": NEVER, "days": USUAL_DAYS}


def how(domain: Domain) -> str:
    """Say what the domain has chosen, in a few words."""
    if domain.leave_days is None:
        return str(_("leave it on the server"))
    if domain.leave_days == 0:
        return str(_("remove it at once"))
    words = ngettext("leave it for %(days)d day", "leave it for %(days)d days", domain.leave_days)
    return words % {"days": domain.leave_days}


class SetupForm(LeavingForm):
    """How a domain shows itself to its people's mail clients, and where they send."""

    name = forms.CharField(
        label=_("Name of the service"),
        help_text=_("Mail clients and the help page show it. Empty: the domain's own name."),
        max_length=60,
        required=False,
    )
    colour = forms.CharField(
        label=_("Colour"),
        help_text=_("Of the help page, as #0b6164. It is made darker or lighter where it could not be read."),
        max_length=7,
        required=False,
        widget=forms.TextInput(attrs={"class": "short", "autocomplete": "off", "spellcheck": "false"}),
    )
    submission_host = forms.CharField(
        label=_("Outgoing server"),
        max_length=253,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
    )
    submission_port = forms.IntegerField(
        label=_("Port of the outgoing server"),
        help_text=_("465: TLS from the first octet. 587 and others: STARTTLS."),
        min_value=1,
        max_value=65_535,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    own = ("name", "colour", "submission_host", "submission_port")
    field_order = [*own, "leaving", "days"]

    def __init__(self, data: QueryDict | None = None, *, setup: DomainSetup, default_host: str) -> None:
        initial = {name: getattr(setup, name) for name in self.own} | initial_leaving(setup.domain.leave_days)
        super().__init__(data, initial=initial)
        self.fields["submission_host"].help_text = (
            _("Where its people send, with the same address and password as they fetch. Empty: %(host)s.")
            % {"host": default_host}
            if default_host
            else _(
                "Where its people send, with the same address and password as they fetch. Empty: they are told "
                "that mail is only received here."
            )
        )

    def changed(self) -> dict[str, Any]:
        """What changes.change_setup takes: only what differs."""
        return {name: self.cleaned_data[name] for name in self.own if name in self.changed_data}


class DkimForm(forms.Form):
    """The key that the domain's sending server signs with: made there, listed here."""

    dkim_selector = forms.CharField(
        label=_("Selector"),
        help_text=_("The name of the key, as in mail or 2026a."),
        max_length=63,
        required=False,
        widget=forms.TextInput(attrs={"class": "short", "autocapitalize": "none", "spellcheck": "false"}),
    )
    dkim_key = forms.CharField(
        label=_("Public key"),
        help_text=_("The key alone, or the whole TXT value, as your sending server's file has it."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("dkim_selector")) != bool(cleaned.get("dkim_key")):
            missing = "dkim_key" if cleaned.get("dkim_selector") else "dkim_selector"
            self.add_error(missing, _("Selector and key belong together."))
        return cleaned
