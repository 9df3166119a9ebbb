"""What a domain has room for: its number of mailboxes, its allotted octets, its largest quota.

Checked under the lock of the domain's row: two forms that take the last place meet there. What is deleted takes none.
"""

from enum import Enum

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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


def make_room(domain: Domain, quota: int | None, beside: Mailbox | None = None) -> None:
    """Refuse unless the locked domain has room for one mailbox of this quota, `beside` itself not counted."""
    if domain.state == State.DELETED:
        raise ChangeRefused("", _("This domain is deleted. Undo that first."))
    _make_place(domain, beside)
    _allot(domain, quota, beside)


def reallot(domain: Domain, quota: int | None, mailbox: Mailbox) -> None:
    """Refuse unless the locked domain can give the mailbox this quota in place of its own."""
    shrinks = mailbox.quota is None or (quota is not None and quota <= mailbox.quota)
    if quota is None or not shrinks:
        _allot(domain, quota, mailbox)


def _make_place(domain: Domain, beside: Mailbox | None) -> None:
    limit = domain.limit_mailboxes
    if limit is not None and _others(domain, beside).count() >= limit:
        sentence = ngettext(
            "This domain has room for %d mailbox, and has it.",
            "This domain has room for %d mailboxes, and has them.",
            limit,
        )
        raise ChangeRefused("", sentence % limit)


def _allot(domain: Domain, quota: int | None, beside: Mailbox | None) -> None:
    if domain.limit_octets is None:
        return
    if quota is None:
        raise ChangeRefused("quota", _("The room of this domain is limited, so each mailbox needs a quota."))
    left = domain.limit_octets - allotted(domain, beside)
    if quota > left:
        raise ChangeRefused("quota", _("This domain has %(left)s left to give.") % {"left": octets.shown(max(0, left))})


def allotted(domain: Domain, beside: Mailbox | None = None) -> int:
    """Return the octets that the domain has given its mailboxes, `beside` not counted."""
    return _others(domain, beside).aggregate(total=Sum("quota"))["total"] or 0


def _others(domain: Domain, beside: Mailbox | None) -> QuerySet[Mailbox]:
    mailboxes = Mailbox.objects.filter(domain=domain).exclude(state=State.DELETED)
    return mailboxes if beside is None else mailboxes.exclude(pk=beside.pk)
