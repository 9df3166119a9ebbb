"""Device passwords: made and shown once, renamed, revoked."""

from collections.abc import Sequence
from datetime import datetime

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.models import DevicePassword, Mailbox


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
    raise NotImplementedError


def rename_device_password(device: DevicePassword, name: str, *, actor: Actor) -> DevicePassword:
    """Give the device another name. Refused: name."""
    raise NotImplementedError


def revoke_device_password(device: DevicePassword, *, actor: Actor) -> DevicePassword:
    """End a device password for good; repeated, nothing happens."""
    raise NotImplementedError
