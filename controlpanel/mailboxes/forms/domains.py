"""Making domains, their limits and their policies."""

import zoneinfo
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.forms.fields import MarksField, OctetsField
from controlpanel.mailboxes.models import GIB, Domain, OverQuota, Separator
from controlpanel.mailboxes.sending import MOST_A_DAY

EMPTY_IS_NONE = _("Empty: no limit.")


class LimitFields(forms.Form):
    """What an operator allots to a domain."""

    limit_mailboxes = forms.IntegerField(
        label=_("Mailboxes at most"),
        help_text=EMPTY_IS_NONE,
        min_value=0,
        max_value=10_000_000,
        required=False,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    limit_octets = OctetsField(
        label=_("Space for all mailboxes together"),
        help_text=_("What may be allotted, as in 50 GB. Empty: no limit."),
        required=False,
    )
    largest_quota = OctetsField(label=_("Largest mailbox"), help_text=EMPTY_IS_NONE, required=False)


class NewDomainForm(LimitFields):
    """A domain, its limits and its first administrator."""

    name = forms.CharField(
        label=_("Domain"),
        help_text=_("As in example.org or peña.example."),
        max_length=300,
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none", "spellcheck": "false"}),
    )
    alias_of = forms.CharField(
        label=_("Alias of another domain"),
        help_text=_("Its addresses are then those of that domain. Empty: it has its own."),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    default_quota = OctetsField(
        label=_("Space of a new mailbox"), help_text=_("What it gets if nobody says otherwise."), initial=GIB
    )
    administrator = forms.CharField(
        label=_("Address of the administrator"),
        help_text=_(
            "Who may create mailboxes in this domain. An address elsewhere is best: it works when this domain does not."
        ),
        max_length=320,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    administrator_name = forms.CharField(label=_("Name of the administrator"), max_length=120, required=False)

    field_order = ["name", "alias_of", "default_quota", "limit_mailboxes", "limit_octets", "largest_quota"]

    def settings(self) -> dict[str, Any]:
        """What changes.create_domain takes beside the name."""
        return {
            name: self.cleaned_data[name]
            for name in ("limit_mailboxes", "limit_octets", "largest_quota", "default_quota")
        }


class DomainForm(LimitFields):
    """Limits (for operators alone) and policies of a domain."""

    default_quota = OctetsField(
        label=_("Space of a new mailbox"), help_text=_("What it gets if nobody says otherwise.")
    )
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("Of warnings to its owners."), choices=settings.LANGUAGES
    )
    time_zone = forms.ChoiceField(label=_("Time zone"))
    restore_days = forms.IntegerField(
        label=_("Days to restore"),
        help_text=_("How long a message that a mail client removed can be restored by its owner. 0: not at all."),
        min_value=0,
        max_value=365,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    separator = forms.ChoiceField(
        label=_("Sub-addresses"),
        help_text=_("What an owner may add to their address, to tell mail apart: it arrives at the address."),
        choices=Separator,
        required=False,
    )
    over_quota = forms.ChoiceField(label=_("When a mailbox is full"), choices=OverQuota, widget=forms.RadioSelect)
    warn_marks = MarksField(
        label=_("Warn when a mailbox is this full"),
        help_text=_(
            "In percent of its space, as in 80, 95. Its owner gets a message, administrators see it. Empty: no warning."
        ),
        required=False,
    )
    hold_spam = forms.BooleanField(
        label=_("Hold what is marked as spam"),
        help_text=_(
            "It waits on its owner's page for 30 days, and mail clients don't find it. Off: it arrives like all mail."
        ),
        required=False,
    )
    forwarding = forms.BooleanField(
        label=_("Mailboxes may forward their mail"),
        help_text=_("Off: what their owners chose waits, and mail stays here. Aliases are yours to say."),
        required=False,
    )
    pop3_enabled = forms.BooleanField(
        label=_("Mail clients may fetch (POP3)"),
        help_text=_("Off: mail still arrives and owners still sign in here."),
        required=False,
    )
    second_factor_required = forms.BooleanField(
        label=_("Owners need a second factor here"),
        help_text=_(
            "Who has none sets it up at the next sign-in, before anything else. Mail clients stay as they are."
        ),
        required=False,
    )
    device_passwords_only = forms.BooleanField(
        label=_("Mail clients need a device password"),
        help_text=_("The password for this page then opens no mail client."),
        required=False,
    )
    device_passwords_from = forms.DateField(
        label=_("From which day on"),
        help_text=_("Owners whose mail clients use the other password are told by a message before. Empty: at once."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    plain_login_until = forms.DateField(
        label=_("Sign-in without TLS is allowed until"),
        help_text=_("Passwords and mail then cross the network readable. Empty: TLS is needed, which is best."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    old_tls_until = forms.DateField(
        label=_("TLS 1.0 and 1.1 are allowed until"),
        help_text=_("For mail clients from before 2014. Owners who still use either are told by a message before."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    exclusive_lock = forms.BooleanField(
        label=_("One mail client at a time"),
        help_text=_("A second one waits until the first is done or idle. Off is best: two devices may fetch at once."),
        required=False,
    )
    login_delay = forms.IntegerField(
        label=_("Seconds between two sign-ins of a mail client"),
        help_text=_("0: as often as it likes."),
        min_value=0,
        max_value=86_400,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    ascii_headers = forms.BooleanField(
        label=_("Plain headers for mail clients without UTF-8"),
        help_text=_(
            "Names and subjects sent as raw UTF-8 are encoded anew for clients that do not ask for UTF-8."
            " Off is best: today's clients show them as they are. It holds for mail that arrives from then on."
        ),
        required=False,
    )
    daily_limit = forms.IntegerField(
        label=_("Recipients a day"),
        help_text=_(
            "To whom a mailbox may send between two midnights, if it has no number of its own. Empty: no limit."
        ),
        min_value=0,
        max_value=MOST_A_DAY,
        required=False,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    expire_days = forms.IntegerField(
        label=_("Days that mail stays"),
        help_text=_("Older mail is removed, and can be restored as above. Empty: mail stays."),
        min_value=1,
        max_value=3650,
        required=False,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    expire_unfetched = forms.BooleanField(label=_("Also mail that nobody has fetched"), required=False)

    field_order = ["limit_mailboxes", "limit_octets", "largest_quota", "default_quota"]
    limits = ("limit_mailboxes", "limit_octets", "largest_quota")

    def __init__(self, data: Mapping[str, Any] | None, *, domain: Domain, may_limit: bool) -> None:
        super().__init__(data, initial={name: getattr(domain, name) for name in self.base_fields})
        time_zone = self.fields["time_zone"]
        assert isinstance(time_zone, forms.ChoiceField)
        time_zone.choices = [(name, name) for name in _time_zones(domain.time_zone)]
        if not may_limit:
            for name in self.limits:
                del self.fields[name]

    def changed(self) -> dict[str, Any]:
        """What changes.change_domain takes: only what differs."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


def _time_zones(present: str) -> list[str]:
    names = {
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "posix", "right"))
    }
    return sorted(names | {"UTC", present})


class AdministratorForm(forms.Form):
    """Who shall run a domain."""

    address = forms.CharField(
        label=_("Address"),
        help_text=_(
            "Who is new here gets a password, shown once on the next page. Who signs in already chooses a new one "
            "by a link: what they signed in with until now is void."
        ),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
