"""What an activity row says, as a sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.journal.models import Activity
from controlpanel.mailboxes.addresses import shown

SENTENCES: dict[str, Promise] = {}


def sentence(row: Activity) -> str:
    """Return what was done, with its subject; an act that is not known here is shown by its own name."""
    subject = shown(row.subject) if "@" in row.subject else row.subject
    words = SENTENCES.get(row.act)
    if words is None:
        return f"{row.act.replace('_', ' ')} {subject}".strip()
    return str(words) % {"subject": subject}


