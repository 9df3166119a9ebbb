"""A device password lent to a page of the panel, which then signs in as a mail client would."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import change
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from controlpanel.mailboxes.rules import Act, require

LENT_FOR = timedelta(minutes=1)


@contextmanager
def lent_device_password(mailbox: Mailbox, name: str, *, actor: Actor) -> Iterator[str]:
    """Lend a device password for a minute, and take it back at the end; two at once get one each.

    Nothing is written into the journal: each session that the password opens leaves a row there, by this name. The
    device's own row is used again, so that a message fetched ten times this way has been fetched by one device.
    """
    require(actor, Act.MAKE_DEVICE_PASSWORD, mailbox)
    device, secret = _lend(mailbox, name, actor)
    try:
        yield secret
    finally:
        DevicePassword.objects.filter(pk=device.pk, stored_key=device.stored_key).update(revoked=timezone.now())


def _lend(mailbox: Mailbox, name: str, actor: Actor) -> tuple[DevicePassword, str]:
    secret = device_passwords.generate()
    now = timezone.now()
    with change():
        _domain, mailbox = lock(mailbox)
        idle = mailbox.device_passwords.filter(Q(revoked__isnull=False) | Q(expires__lte=now), lent=True, name=name)
        device = idle.first() or DevicePassword(mailbox=mailbox, name=name, lent=True, may_send=False)
        keys = device_passwords.keys(secret, bytes(mailbox.scram_salt))
        device.stored_key, device.server_key = keys.stored_key, keys.server_key
        device.expires, device.revoked, device.made_by = now + LENT_FOR, None, actor.user
        device.save()
    return device, secret
