"""Access: a further mailbox that somebody opens beside their own."""

from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical
from controlpanel.accounts.models import User
from controlpanel.mailboxes import signals
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Access, DevicePassword, Mailbox, OwnerNotice
from controlpanel.mailboxes.rules import Act, may_meet, require


def grant_access(mailbox: Mailbox, address: str, *, actor: Actor) -> Access:
    """Let who signs in as `address` open the mailbox; its owner is told. Nobody grants it to themselves.

    Refused: address.
    """
    require(actor, Act.RULE_MAILBOX, mailbox)
    with said_of("address"):
        address = canonical(address)
    with change({"access_twice": ("address", _("They open this mailbox already."))}):
        _domain, mailbox = lock(mailbox)
        user = User.objects.filter(address=address).first()
        if user is None or not may_meet(actor, user):
            raise ChangeRefused("address", _("Nobody signs in with this address."))
        if actor.user is not None and user.pk == actor.user.pk:
            raise ChangeRefused("address", _("Nobody opens another's mail to themselves."))
        if user.pk == mailbox.user_id:
            raise ChangeRefused("address", _("This is the owner of the mailbox."))
        by = actor.user.address if actor.user else ""
        access = Access.objects.create(user=user, mailbox=mailbox, granted_by=by)
        told = {"user": user.address, "by": by}
        OwnerNotice.objects.create(mailbox=mailbox, about=OwnerNotice.About.ACCESS, details=told)
        _tell(actor, "grant_access", mailbox, user)
    return access


def revoke_access(access: Access, *, actor: Actor) -> None:
    """Take it away again, with the device passwords that who had it made. Who has it may give it up."""
    if actor.user is None or actor.user.pk != access.user_id:
        require(actor, Act.RULE_MAILBOX, access.mailbox)
    with change():
        _domain, mailbox = lock(access.mailbox)
        made = DevicePassword.objects.filter(mailbox=mailbox, made_by=access.user_id, revoked=None)
        for device in made:
            signals.sign_in_ended.send(DevicePassword, domain=None, mailbox=mailbox.pk, device=device.pk)
        made.update(revoked=timezone.now())
        deleted, _rows = Access.objects.filter(pk=access.pk).delete()
        if deleted:
            _tell(actor, "revoke_access", mailbox, access.user)


def _tell(actor: Actor, act: str, mailbox: Mailbox, user: User) -> None:
    tell_of_mailbox(actor, act, mailbox, {"user": user.address})
