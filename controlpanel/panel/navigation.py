"""Where a person can go from here: what they run, and the mailboxes they hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.models import User
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.addresses import domain_shown, shown
from controlpanel.mailboxes.models import Domain, Mailbox, State

AT_ONCE = 12  # names in the switcher; who has more searches

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """A page to go to; `section` tells whether we are there, `icon` stands over the word on phones."""

    section: str
    label: Text
    url: str
    icon: str


@dataclass(slots=True)
class Group:
    """Places that belong together. On phones only the group where we are is `here`, in the bar at the bottom."""

    label: Text
    places: list[Place]
    here: bool = False


class Reach:
    """What one person can go to. The questions are asked once, and only when a page wants the answer."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def domains(self) -> list[Domain]:
        """The first domains they run, one more than the switcher shows if there are more."""
        runs = rules.visible_domains(self.user)
        return list(runs.exclude(state=State.DELETED).only("name").order_by("name")[: AT_ONCE + 1])

    @cached_property
    def mailboxes(self) -> list[Mailbox]:
        """The mailboxes they open themselves, their own first."""
        held = rules.opened_mailboxes(self.user).only("address_text", "user_id")
        found = held.order_by("address_text")[: AT_ONCE + 1]
        return sorted(found, key=lambda mailbox: mailbox.user_id != self.user.pk)

    @property
    def runs_many(self) -> bool:
        return self.user.is_operator or len(self.domains) > 1

    @property
    def runs_any(self) -> bool:
        return self.user.is_operator or bool(self.domains)

    def home(self) -> str:
        """Return the address of the first page after sign-in."""
        if self.user.is_operator:
            return reverse("domains")
        if self.domains:
            return reverse("mailboxes") if self.runs_many else reverse("domain-mailboxes", args=[self.domains[0].name])
        return reverse("mailbox-home", args=[self.mailboxes[0].pk]) if self.mailboxes else reverse("account")


def groups(reach: Reach, section: str, domain: Domain | None, own: Mailbox | None) -> list[Group]:
    """Return what the rail offers, standing in a section, perhaps of `domain` or of the `own` mailbox."""
    offered = _groups(reach, domain, own)
    here = [group for group in offered if any(place.section == section for place in group.places)] or offered
    for group in here[:1]:
        group.here = True
    return offered


def _groups(reach: Reach, domain: Domain | None, own: Mailbox | None) -> list[Group]:
    offered = []
    if reach.runs_many:
        offered.append(Group("", _everything(reach.user)))
    if domain is None and reach.runs_any and not reach.runs_many:
        domain = reach.domains[0]
    if domain is not None and reach.runs_any:
        offered.append(Group(domain_shown(domain.name) if reach.runs_many else "", _of_domain(domain)))
    own = own or next(iter(reach.mailboxes), None)
    if own is not None:
        offered.append(Group(shown(own.address_text) if reach.runs_any else "", _of_mailbox(own)))
    return offered


def _everything(user: User) -> list[Place]:
    places = [
        Place("mailboxes", _("Mailboxes"), reverse("mailboxes"), "inbox-stack"),
        Place("domains", _("Domains"), reverse("domains"), "globe-alt"),
        Place("activity", _("Activity"), reverse("activity"), "clock"),
    ]
    if user.is_operator:
        places.append(Place("service", _("Service"), reverse("service"), "server-stack"))
    return places


def _of_domain(domain: Domain) -> list[Place]:
    name = [domain.name]
    return [
        Place("domain-mailboxes", _("Mailboxes"), reverse("domain-mailboxes", args=name), "inbox-stack"),
        Place("domain-aliases", _("Aliases"), reverse("domain-aliases", args=name), "arrows-right-left"),
        Place("domain", _("Domain"), reverse("domain", args=name), "globe-alt"),
        Place("domain-setup", _("Set-up"), reverse("domain-setup", args=name), "wrench-screwdriver"),
        Place("domain-activity", _("Activity"), reverse("domain-activity", args=name), "clock"),
    ]


def _of_mailbox(mailbox: Mailbox) -> list[Place]:
    key = [mailbox.pk]
    return [
        Place("mailbox-home", _("Mailbox"), reverse("mailbox-home", args=key), "inbox"),
        Place("mailbox-removed", _("Removed"), reverse("mailbox-removed", args=key), "archive-box-arrow-down"),
        Place("mailbox-forwarding", _("Forwarding"), reverse("mailbox-forwarding", args=key), "arrow-uturn-right"),
        Place("mailbox-devices", _("Devices"), reverse("mailbox-devices", args=key), "device-phone-mobile"),
        Place("mailbox-setup", _("Set-up"), reverse("mailbox-setup", args=key), "wrench-screwdriver"),
        Place("mailbox-sessions", _("Activity"), reverse("mailbox-sessions", args=key), "clock"),
    ]


LOOKED_AT = {"mailbox-home", "mailbox-devices", "mailbox-setup"}


def looked_at(mailbox: Mailbox) -> list[Group]:
    """Return what the rail offers to an operator who looks as the owner of the mailbox does."""
    return [Group("", [place for place in _of_mailbox(mailbox) if place.section in LOOKED_AT], here=True)]


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Switcher:
    """The domain or mailbox we stand in, and the others; `more` is where all are listed."""

    label: Text
    choices: list[Choice]
    more: str


def switcher(reach: Reach, domain: Domain | None, own: Mailbox | None) -> Switcher | None:
    """Return the way to the other domains or mailboxes, none where there is nothing to switch."""
    if reach.runs_many:
        choices = [_domain_choice(each, domain) for each in _with(reach.domains, domain)]
        return Switcher(domain_shown(domain.name) if domain else _("All domains"), choices, reverse("domains"))
    if not reach.runs_any and len(reach.mailboxes) > 1:
        standing = own or reach.mailboxes[0]
        mailboxes = [_mailbox_choice(each, standing) for each in reach.mailboxes]
        return Switcher(shown(standing.address_text), mailboxes, "")
    return None


def _with(domains: Iterable[Domain], domain: Domain | None) -> list[Domain]:
    found = list(domains)[:AT_ONCE]
    return found if domain is None or domain in found else [domain, *found]


def _domain_choice(each: Domain, current: Domain | None) -> Choice:
    return Choice(domain_shown(each.name), reverse("domain-mailboxes", args=[each.name]), each == current)


def _mailbox_choice(each: Mailbox, current: Mailbox) -> Choice:
    return Choice(shown(each.address_text), reverse("mailbox-home", args=[each.pk]), each == current)
