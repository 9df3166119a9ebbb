"""Under which sender mail leaves: rewritten by SRS in the forwarder's domain, so that SPF holds, and bounces return."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from controlpanel.mailboxes.srs import Rewriter, SrsError, day_of


def envelope_for(sender: str, forwarder: str, now: datetime) -> str:
    """Return the envelope sender for what `sender` wrote and `forwarder` hands on; "" stays empty.

    What cannot be rewritten leaves as the forwarder's own.
    """
    try:
        return _rewriter(forwarder.rpartition("@")[2]).rewrite(sender, day_of(now))
    except SrsError:
        return forwarder


def is_returned_to(address: str) -> bool:
    """Tell whether an address is a sender that we rewrote."""
    return first_sender(address, timezone.now()) is not None


def first_sender(address: str, now: datetime) -> str | None:
    """Return whom a bounce to this address of ours is for, None where we never wrote it, or too long ago."""
    if not address[:4].upper().startswith("SRS"):
        return None
    try:
        return _rewriter(address.rpartition("@")[2]).reverse(address, day_of(now))
    except SrsError:
        return None


def _rewriter(domain: str) -> Rewriter:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    secrets = [salted_hmac("controlpanel.mailstore.srs", "", key, algorithm="sha256").digest() for key in keys]
    return Rewriter(domain, secrets)
