"""Write down what mail clients and the service say to each other: for some sessions, or an hour, then no more."""

from datetime import timedelta

from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import change
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act, require

SESSIONS, LONGEST = 5, timedelta(days=1)
HOUR, SESSIONS_AN_HOUR = timedelta(hours=1), 40
CHOICES = {"sessions": (LONGEST, SESSIONS), "hour": (HOUR, SESSIONS_AN_HOUR)}


def record_dialogues(mailbox: Mailbox, choice: str, *, actor: Actor) -> Mailbox:
    """Begin for the next 5 sessions ("sessions", of a day at most) or the next "hour"; anything else ends it."""
    with change():
        require(actor, Act.RECORD_DIALOGUE, mailbox)
        _domain, mailbox = lock(mailbox)
        longest, sessions = CHOICES.get(choice, (None, 0))
        mailbox.record_until = None if longest is None else timezone.now() + longest
        mailbox.record_sessions = sessions
        mailbox.save(update_fields=["record_until", "record_sessions"])
        tell_of_mailbox(actor, "record_dialogues" if sessions else "stop_dialogues", mailbox)
    return mailbox
