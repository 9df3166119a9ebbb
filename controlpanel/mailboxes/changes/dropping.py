"""The end of what was deleted, once retention has removed its mail: a job's work, with no way back."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from controlpanel.accounts.actor import SHELL
from controlpanel.journal import record
from controlpanel.mailboxes.changes.alias_domains import end_alias_domain
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import change
from controlpanel.mailboxes.changes.rooms import lock_domain
from controlpanel.mailboxes.models import GRACE_DAYS, Address, Domain, Mailbox, State


def drop_mailbox(number: int) -> bool:
    """Drop a deleted mailbox that holds no mail, and its User unless they have other rights; return whether it was.

    Aliases that handed mail to it alone go with it. Raises IntegrityError where mail is left.
    """
    named = Mailbox.objects.filter(pk=number).first()
    if named is None:
        return False
    with change():
        domain, mailbox = lock(named)
        if State.DELETED not in (mailbox.state, domain.state):
            return False
        user, address = mailbox.user, mailbox.address
        aliased = list(Address.objects.filter(aliases__mailbox=mailbox).values_list("pk", flat=True))
        record.activity(SHELL, "drop_mailbox", domain_id=domain.pk, mailbox_id=number, subject=mailbox.address_text)
        mailbox.delete()
        address.delete()
        domain.labels.filter(mailboxes=None).delete()
        _drop_aliases(Address.objects.filter(pk__in=aliased, aliases=None, mailbox=None))
        if not (user.is_operator or user.domains.exists()):
            user.delete()
    return True


def _drop_aliases(empty: QuerySet[Address]) -> None:
    """Drop aliases that lead nowhere any more, and with them the catch-alls that led to them."""
    Address.objects.filter(aliases__via__in=list(empty)).delete()
    empty.delete()


def drop_domains() -> int:
    """Drop the domains that were deleted before the days of grace and have no mailbox left; return how many."""
    before = timezone.now() - timedelta(days=GRACE_DAYS)
    ripe = Domain.objects.filter(state=State.DELETED, state_since__lt=before, mailboxes=None)
    return sum(_drop_domain(domain) for domain in ripe)


def _drop_domain(named: Domain) -> bool:
    with change():
        domain = lock_domain(named)
        if domain.state != State.DELETED or domain.mailboxes.exists():
            return False
        record.activity(SHELL, "drop_domain", domain_id=domain.pk, subject=domain.name)
        for alias in domain.alias_domains.all():
            end_alias_domain(alias, actor=SHELL)
        domain.addresses.all().delete()
        domain.delete()
    return True
