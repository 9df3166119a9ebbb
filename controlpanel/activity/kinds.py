"""Acts of the journal by what they are about: few enough to choose from."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.activity.sentences import SENTENCES

# The first whose word is in the act's name has it: an act that a later version adds needs no entry here.
KINDS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "aliases": (_("Aliases and forwarding"), ("alias", "forward")),
    "sign-in": (_("Passwords and devices"), ("password", "device", "invit", "factor", "second_address", "slowed")),
    "people": (_("Operators, administrators, access"), ("operator", "administrator", "access")),
    "mail": (_("Messages and sessions"), ("message", "session", "dialogue")),
    "domains": (_("Domains"), ("domain",)),
    "mailboxes": (_("Mailboxes"), ("mailbox", "hand_over")),
    "other": (_("Everything else"), ("",)),
}
CHOICES = [("", _("Everything")), *((name, label) for name, (label, _words) in KINDS.items())]


def kind_of(act: str) -> str:
    return next(name for name, (_label, words) in KINDS.items() if any(word in act for word in words))


def acts_of(kind: str) -> list[str] | None:
    """Return the known acts of a kind; None for a kind that is none: then any."""
    return [act for act in SENTENCES if kind_of(act) == kind] if kind in KINDS else None
