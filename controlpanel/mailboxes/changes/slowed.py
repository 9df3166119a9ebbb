"""Whom the throttle slows, let off by an operator."""

from controlpanel.accounts import throttle
from controlpanel.accounts.actor import Actor
from controlpanel.journal import record
from controlpanel.mailboxes.changes.refused import change
from controlpanel.mailboxes.rules import Act, require


def clear_slowed(key: str, *, actor: Actor) -> bool:
    """Forget the failures under a key of throttle.slowed(); return whether there were any."""
    require(actor, Act.RUN_SERVICE)
    with change():
        cleared = throttle.clear(key)
        if cleared:
            record.activity(actor, "clear_slowed", subject=key)
    return cleared
