"""Why an address cannot be given to another: said by what has it, to who runs its domain and so sees that anyway."""

from datetime import timedelta
from functools import partial

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.models import User
from controlpanel.mailboxes.changes.refused import Said
from controlpanel.mailboxes.models import GRACE_DAYS, Address, Domain, Mailbox, State


def taken(field: str, domain: Domain | None = None, local: str = "") -> dict[str, Said]:
    """Return what the constraints say that keep two from having one address: of one address, by what it is taken."""
    if domain is not None:
        has_it: Said = (field, partial(taken_by, domain, local))
        return {"address_taken": has_it, "mailbox_address_taken": has_it, "user_address_taken": has_it}
    here: Said = (field, _("This address is taken."))
    signs_in: Said = (field, _("Somebody signs in with this address already."))
    return {"address_taken": here, "mailbox_address_taken": here, "user_address_taken": signs_in}


def taken_by(domain: Domain, local: str) -> str:
    """Say what has this address now."""
    mailbox = Mailbox.objects.filter(address__domain=domain, address__local=local).first()
    if mailbox is not None:
        return _by_mailbox(mailbox)
    if Address.objects.filter(domain=domain, local=local).exists():
        return gettext("This address is taken by an alias.")
    if User.objects.filter(address=f"{local}@{domain.name}").exists():
        return gettext("Somebody signs in with this address already.")
    return gettext("This address is taken.")


def _by_mailbox(mailbox: Mailbox) -> str:
    if mailbox.state != State.DELETED:
        return gettext("This address is taken by a mailbox.")
    until = date_format(mailbox.state_since + timedelta(days=GRACE_DAYS))
    return gettext("This address is taken until %(day)s by a mailbox that was deleted: its deletion can be undone.") % {
        "day": until
    }
