"""Making and changing mailboxes."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.addresses import domain_shown
from controlpanel.mailboxes.changes import DEFAULT
from controlpanel.mailboxes.changes.rooms import Quota
from controlpanel.mailboxes.forms.fields import LabelsField, LinesField, LocalPartField, OctetsField, PasswordField
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailboxes.octets import shown
from controlpanel.mailboxes.sending import MOST_A_DAY

KEPT = ("name", "note", "pop3_enabled", "send_enabled", "daily_limit")


class QuotaFields(forms.Form):
    """A quota with its way out: no limit at all."""

    quota = OctetsField(label=_("Space"), required=False)
    unlimited = forms.BooleanField(label=_("Without a limit"), required=False)


class NewMailboxForm(QuotaFields):
    """A local part and Enter make a mailbox: everything else has a default."""

    local = LocalPartField(label=_("Address"))
    name = forms.CharField(label=_("Name of the person"), max_length=120, required=False)
    password = PasswordField(
        required=False, help_text=_("Leave it empty and one is generated, shown once on the next page.")
    )
    quota = OctetsField(label=_("Space"), required=False)
    invite = forms.BooleanField(
        label=_("Invite instead"),
        help_text=_("No password yet: the next page has a link with which the owner chooses one."),
        required=False,
    )
    note = forms.CharField(label=_("Note"), help_text=_("Only administrators read it."), max_length=500, required=False)
    labels = LabelsField(label=_("Labels"), help_text=_("With commas between them. Only administrators see them."))

    field_order = ["local", "name", "password", "invite", "quota", "unlimited", "note", "labels"]

    def __init__(self, *args: Any, domain: Domain, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        local = self.fields["local"]
        assert isinstance(local, LocalPartField)
        local.suffix = f"@{domain_shown(domain.name)}"
        local.widget.attrs["autofocus"] = True
        self.fields["quota"].initial = domain.default_quota
        self.fields["quota"].help_text = _quota_help(domain)
        if domain.largest_quota is not None or domain.limit_octets is not None:
            del self.fields["unlimited"]

    def asked_quota(self) -> Quota:
        """The octets asked for; None for no limit, the domain's default where the field is empty."""
        if self.cleaned_data.get("unlimited"):
            return None
        quota: int | None = self.cleaned_data["quota"]
        return DEFAULT if quota is None else quota


class MailboxForm(QuotaFields):
    """What an administrator may change at any time."""

    name = forms.CharField(label=_("Name of the person"), max_length=120, required=False)
    quota = OctetsField(label=_("Space"), required=False)
    note = forms.CharField(label=_("Note"), help_text=_("Only administrators read it."), max_length=500, required=False)
    labels = LabelsField(label=_("Labels"), help_text=_("With commas between them. Only administrators see them."))
    pop3_enabled = forms.BooleanField(
        label=_("Mail clients may fetch (POP3)"),
        help_text=_("Off: mail still arrives and the owner still signs in here."),
        required=False,
    )

    send_enabled = forms.BooleanField(
        label=_("May send"),
        help_text=_("Off: mail still arrives and is fetched, and the outgoing server refuses this mailbox."),
        required=False,
    )
    daily_limit = forms.IntegerField(
        label=_("Recipients a day"),
        min_value=0,
        max_value=MOST_A_DAY,
        required=False,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )

    field_order = ["name", "quota", "unlimited", "note", "labels", "pop3_enabled", "send_enabled", "daily_limit"]

    def __init__(self, data: Mapping[str, Any] | None, *, mailbox: Mailbox) -> None:
        initial = {
            "name": mailbox.name,
            "quota": mailbox.quota,
            "unlimited": mailbox.quota is None,
            "note": mailbox.note,
            "labels": sorted(label.name for label in mailbox.labels.all()),
            "pop3_enabled": mailbox.pop3_enabled,
            "send_enabled": mailbox.send_enabled,
            "daily_limit": mailbox.daily_limit,
        }
        super().__init__(data, initial=initial)
        self.fields["daily_limit"].help_text = _limit_help(mailbox.domain)
        self.fields["quota"].help_text = _quota_help(mailbox.domain)

    def settings(self) -> dict[str, Any]:
        """What changes.change_mailbox takes."""
        kept = {name: self.cleaned_data[name] for name in KEPT}
        return kept | {"quota": None if self.cleaned_data["unlimited"] else self.cleaned_data["quota"]}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("unlimited") and "quota" in cleaned and cleaned["quota"] is None:
            self.add_error("quota", _("Write how much space, or choose without a limit."))
        return cleaned


def _limit_help(domain: Domain) -> str:
    if domain.daily_limit is None:
        return gettext("To whom it may send between two midnights. Empty: as in its domain, to any number.")
    words = gettext("To whom it may send between two midnights. Empty: as in its domain, %(number)d.")
    return words % {"number": domain.daily_limit}


def _quota_help(domain: Domain) -> str:
    if domain.largest_quota is None:
        return gettext("As in 500 MB or 1.5 GB.")
    return gettext("As in 500 MB or 1.5 GB; %(largest)s at most.") % {"largest": shown(domain.largest_quota)}


class RenameForm(forms.Form):
    """Another address for a mailbox."""

    address = forms.CharField(
        label=_("New address"),
        help_text=_("In this domain or in another that you run. Mail stays, and mail clients fetch nothing twice."),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    keep_alias = forms.BooleanField(
        label=_("The old address goes on as an alias"),
        help_text=_("Mail to it still arrives. Off: it is refused, and the address is free."),
        required=False,
    )


class AccessForm(forms.Form):
    """Who else shall open a mailbox."""

    address = forms.CharField(
        label=_("Address"),
        help_text=_("With which they sign in here. They see all its mail."),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class PasswordForm(forms.Form):
    """A new password for somebody else."""

    password = PasswordField(
        label=_("New password"),
        required=False,
        help_text=_("Leave it empty and one is generated, shown once on the next page."),
    )


class AliasForm(forms.Form):
    """An alias and where its mail goes."""

    local = LocalPartField(
        label=_("Address"), help_text=_("A star alone (*) takes everything that has no address of its own.")
    )
    targets = LinesField(label=_("Goes to"), help_text=_("One address a line, here or elsewhere."))
    send_as = forms.BooleanField(
        label=_("Each mailbox behind it may send with this address"),
        help_text=_("A mailbox that has the alias alone may in any case."),
        required=False,
    )

    def __init__(self, *args: Any, domain: Domain, changing: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        local = self.fields["local"]
        assert isinstance(local, LocalPartField)
        local.suffix = f"@{domain_shown(domain.name)}"
        if changing:
            del self.fields["local"]


class Purpose(TextChoices):
    """What a device password is for."""

    BOTH = "both", _("Fetching and sending mail")
    FETCH = "fetch", _("Only fetching mail")
    SEND = "send", _("Only sending mail: a printer, a website")


class DeviceForm(forms.Form):
    """A password for one device."""

    name = forms.CharField(
        label=_("Which device"),
        help_text=_("As you call it: Laptop, Phone, Office printer."),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    purpose = forms.ChoiceField(
        label=_("What for"), choices=Purpose, initial=Purpose.BOTH, required=False, widget=forms.RadioSelect
    )

    def purposes(self) -> tuple[bool, bool]:
        """Whether it may fetch, and whether it may send; nothing chosen is both."""
        purpose = self.cleaned_data["purpose"]
        return purpose != Purpose.SEND, purpose != Purpose.FETCH
