"""Device passwords: made and shown once, renamed, revoked."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network

from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes import device_passwords, signals
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, text
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from controlpanel.mailboxes.rules import Act, require

NAME_LENGTH = 60
MOST_DEVICES = 50  # that are not revoked: every sign-in compares with each
MOST_NETWORKS = 20


def create_device_password(
    mailbox: Mailbox,
    name: str,
    *,
    actor: Actor,
    expires: datetime | None = None,
    networks: Sequence[str] = (),
    may_fetch: bool = True,
    may_send: bool = True,
) -> tuple[DevicePassword, str]:
    """Make a device password; return it and its clear text, which is kept nowhere. Refused: name, expires, networks."""
    require(actor, Act.MAKE_DEVICE_PASSWORD, mailbox)
    name = text("name", name, NAME_LENGTH, needed=True)
    if expires is not None and expires <= timezone.now():
        raise ChangeRefused("expires", _("This day is over already."))
    if not (may_fetch or may_send):
        raise ChangeRefused("may_fetch", _("Choose what it is for: fetching mail, sending it, or both."))
    allowed = _networks(networks)
    secret = device_passwords.generate()
    with change():
        _domain, mailbox = lock(mailbox)
        if mailbox.device_passwords.filter(revoked=None).count() >= MOST_DEVICES:
            raise ChangeRefused("", _("There are fifty device passwords. Revoke those that nobody uses."))
        keys = device_passwords.keys(secret, bytes(mailbox.scram_salt))
        device = DevicePassword.objects.create(
            mailbox=mailbox,
            name=name,
            stored_key=keys.stored_key,
            server_key=keys.server_key,
            may_fetch=may_fetch,
            may_send=may_send,
            networks=allowed,
            expires=expires,
            made_by=actor.user,
        )
        tell_of_mailbox(actor, "create_device_password", mailbox, {"device": name})
    return device, secret


def _networks(texts: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for written in texts:
        try:
            found[str(ip_network(written.strip(), strict=False))] = None
        except ValueError:
            raise ChangeRefused(
                "networks", _("“%(text)s” is no network: write 203.0.113.7 or 203.0.113.0/24.") % {"text": written[:60]}
            ) from None
    if len(found) > MOST_NETWORKS:
        raise ChangeRefused("networks", _("Name at most twenty networks."))
    return list(found)


def rename_device_password(device: DevicePassword, name: str, *, actor: Actor) -> DevicePassword:
    """Give the device another name. Refused: name."""
    require(actor, Act.MAKE_DEVICE_PASSWORD, device.mailbox)
    name = text("name", name, NAME_LENGTH, needed=True)
    with change():
        device = _locked(device)
        before = device.name
        if before != name:
            device.name = name
            device.save(update_fields=["name"])
            tell_of_mailbox(actor, "rename_device_password", device.mailbox, {"device": [before, name]})
    return device


def revoke_device_password(device: DevicePassword, *, actor: Actor) -> DevicePassword:
    """End a device password for good; repeated, nothing happens."""
    require(actor, Act.REVOKE_DEVICE_PASSWORD, device.mailbox)
    with change():
        device = _locked(device)
        if device.revoked is None:
            device.revoked = timezone.now()
            device.save(update_fields=["revoked"])
            tell_of_mailbox(actor, "revoke_device_password", device.mailbox, {"device": device.name})
            signals.sign_in_ended.send(DevicePassword, domain=None, mailbox=device.mailbox_id, device=device.pk)
    return device


def _locked(device: DevicePassword) -> DevicePassword:
    devices = DevicePassword.objects.select_related("mailbox")
    return devices.select_for_update(no_key=True, of=("self",)).get(pk=device.pk)
