"""What a domain has room for: its number of mailboxes, its allotted octets, its largest quota."""

from enum import Enum


class Default(Enum):
    """The quota that the domain gives who names none."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT
Quota = int | None | Default  # octets; None: no limit
