"""End the mail sessions of who may be signed in no longer: within the change that says so, and within a second."""

from typing import Any

from controlpanel import database
from controlpanel.mailboxes.models import Mailbox

END = """
UPDATE mailstore_session SET end_asked = true
WHERE mailbox_id = ANY(%(mailboxes)s::bigint[])
  AND (%(device)s::bigint IS NULL OR coalesce(device_id, 0) = %(device)s::bigint)
"""


def end_sessions_of(sender: Any, *, domain: int | None, mailbox: int | None, device: int | None, **_rest: Any) -> None:
    """Hear mailboxes.signals.sign_in_ended: ask for the end of all sessions there, or of those of one device.

    Device 0 is the main password.
    """
    mailboxes = [mailbox] if mailbox is not None else list(_of_domain(domain))
    if mailboxes:
        database.run(END, mailboxes=mailboxes, device=device)


def _of_domain(domain: int | None) -> Any:
    return Mailbox.objects.filter(domain=domain).values_list("pk", flat=True)
