"""Names for device passwords that a page makes by itself."""

from itertools import count

from controlpanel.mailboxes.changes.devices import NAME_LENGTH
from controlpanel.mailboxes.models import Mailbox


def free_name(mailbox: Mailbox, wanted: str) -> str:
    """Return the wanted name, or with the first number that no living device password of the mailbox has."""
    taken = set(mailbox.device_passwords.filter(revoked=None).values_list("name", flat=True))
    if wanted not in taken:
        return wanted
    names = (f"{wanted[: NAME_LENGTH - 5]} {number}" for number in count(2))
    return next(name for name in names if name not in taken)
