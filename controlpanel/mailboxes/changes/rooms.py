"""What a domain has room for: its number of mailboxes, its allotted octets, its largest quota.

Checked under the lock of the domain's row: two forms that take the last place meet there. What is deleted takes none.
"""

from enum import Enum

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from controlpanel.accounts.addresses import domain_shown
from controlpanel.mailboxes import octets
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.models import Domain, Mailbox, State


class Default(Enum):
    """The quota that the domain gives who names none."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT
Quota = int | None | Default  # octets; None: no limit


def lock_domain(domain: Domain) -> Domain:
    """Return the domain's row as it is now, locked against other changes; deliveries go on."""
    return Domain.objects.select_for_update(no_key=True).get(pk=domain.pk)


def chosen(domain: Domain, quota: Quota) -> int | None:
    """Return the quota that is meant, within what the domain lets one mailbox have."""
    if isinstance(quota, Default):
        return min(domain.default_quota, domain.largest_quota or domain.default_quota)
    if quota is not None and not 0 < quota <= octets.LARGEST:
        raise ChangeRefused("quota", _("A quota lies between 1 octet and 1024 TB."))
    if domain.largest_quota is not None and (quota is None or quota > domain.largest_quota):
        raise ChangeRefused(
            "quota", _("The largest quota here is %(largest)s.") % {"largest": octets.shown(domain.largest_quota)}
        )
    return quota


def must_have_addresses(domain: Domain) -> None:
    """Refuse where no address can be made: in a deleted domain, and in an alias domain."""
    if domain.state == State.DELETED:
        raise ChangeRefused("", _("This domain is deleted. Undo that first."))
    if domain.alias_of is not None:
        sentence = _("This domain is an alias of %(other)s: addresses are made there.")
        raise ChangeRefused("", sentence % {"other": domain_shown(domain.alias_of.name)})


def make_room(domain: Domain, quota: int | None, beside: Mailbox | None = None, places: int = 1) -> None:
    """Refuse unless the locked domain has room for so many mailboxes of this quota, `beside` itself not counted."""
    must_have_addresses(domain)
    _make_places(domain, beside, places)
    _allot(domain, quota, beside, places)


def reallot(domain: Domain, quota: int | None, mailbox: Mailbox) -> None:
    """Refuse unless the locked domain can give the mailbox this quota in place of its own."""
    shrinks = mailbox.quota is None or (quota is not None and quota <= mailbox.quota)
    if quota is None or not shrinks:
        _allot(domain, quota, mailbox, places=1)


def _make_places(domain: Domain, beside: Mailbox | None, places: int) -> None:
    limit = domain.limit_mailboxes
    if limit is None:
        return
    left = max(0, limit - _others(domain, beside).count())
    if left >= places:
        return
    sentence = ngettext(
        "This domain has room for %d mailbox, and has it.",
        "This domain has room for %d mailboxes, and has them.",
        limit,
    )
    if left:
        sentence = ngettext(
            "This domain has room for %d more mailbox.", "This domain has room for %d more mailboxes.", left
        )
    raise ChangeRefused("", sentence % (left or limit))


def _allot(domain: Domain, quota: int | None, beside: Mailbox | None, places: int) -> None:
    if domain.limit_octets is None:
        return
    if quota is None:
        raise ChangeRefused("quota", _("The room of this domain is limited, so each mailbox needs a quota."))
    left = domain.limit_octets - allotted(domain, beside)
    if quota * places > left:
        raise ChangeRefused("quota", _("This domain has %(left)s left to give.") % {"left": octets.shown(max(0, left))})


def allotted(domain: Domain, beside: Mailbox | None = None) -> int:
    """Return the octets that the domain has given its mailboxes, `beside` not counted."""
    return _others(domain, beside).aggregate(total=Sum("quota"))["total"] or 0


def _others(domain: Domain, beside: Mailbox | None) -> QuerySet[Mailbox]:
    mailboxes = Mailbox.objects.filter(domain=domain).exclude(state=State.DELETED)
    return mailboxes if beside is None else mailboxes.exclude(pk=beside.pk)
