"""What pages show of mail that leaves: what still waits, and what did not get there. One statement a page."""

from dataclasses import dataclass
from datetime import datetime

from controlpanel import database
from controlpanel.mailstore.headers import decoded

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Departure:
    """Mail for one recipient elsewhere. `ended` none: it still waits, and `due` says when it is tried next.

    `kept`: it is in the mailbox too. `reply`: what was said last. The sender and the subject are for the owner alone.
    """

    recipient: str
    since: datetime
    due: datetime
    ended: datetime | None
    fate: str
    reply: str
    kept: bool
    tries: int
    sender: str
    from_header: str
    subject: str

    @property
    def from_shown(self) -> str:
        written = decoded(self.from_header)
        return written.partition("<")[0].strip().strip('"') or written or self.sender

    @property
    def subject_shown(self) -> str:
        return decoded(self.subject)


# What has not been tried yet is no news.
OF_MAILBOX = """
SELECT recipient, since, due, ended, fate, reply, kept, tries, sender, from_header, subject
FROM mailstore_outgoing
WHERE mailbox_id = %(mailbox)s::bigint AND errand = 'forward' AND fate <> 'sent' AND (ended IS NOT NULL OR tries > 0)
ORDER BY id DESC LIMIT %(limit)s::bigint
"""

OF_DOMAIN = """
SELECT recipient, since, due, ended, fate, reply, kept, tries, '', '', ''
FROM mailstore_outgoing
WHERE domain = %(domain)s::text AND mailbox_id IS NULL AND errand = 'forward' AND fate <> 'sent'
  AND (ended IS NOT NULL OR tries > 0)
ORDER BY id DESC LIMIT %(limit)s::bigint
"""


def of_mailbox(mailbox_id: int) -> list[Departure]:
    """Return the last 50 that a mailbox sent on and that are not there yet, or never will be; 30 days back."""
    return [Departure(*row) for row in database.rows(OF_MAILBOX, mailbox=mailbox_id, limit=SHOWN)]


def of_aliases(domain: str) -> list[Departure]:
    """Return the same of the aliases of a domain, without senders and subjects."""
    return [Departure(*row) for row in database.rows(OF_DOMAIN, domain=domain, limit=SHOWN)]
