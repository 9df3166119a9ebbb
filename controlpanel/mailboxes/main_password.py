"""Whose mail clients still sign in with their owner's own password, which a domain's policy may end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controlpanel import database

DAYS = 30


@dataclass(frozen=True, slots=True)
class User:
    """A mailbox that the main password opened in the last 30 days: when last, from where, in which language to tell."""

    mailbox: int
    address: str
    last: datetime
    last_from: str | None
    language: str


_USERS = """
SELECT DISTINCT ON (mailbox.address_text) mailbox.id, mailbox.address_text, past.ended, host(past.address),
       coalesce(nullif(owner.language, ''), domain.language)
FROM journal_pastsession AS past
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = past.mailbox_id AND mailbox.state <> 'deleted'
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
WHERE mailbox.domain_id = ANY(%(domains)s::bigint[]) AND past.device_id IS NULL
  AND past.mechanism NOT IN ('OAUTHBEARER', 'XOAUTH2') AND past.ended > now() - make_interval(days => %(days)s)
ORDER BY mailbox.address_text, past.ended DESC
"""


def users(domains: Sequence[int]) -> list[User]:
    """Return the mailboxes of these domains that the main password opened lately, by address."""
    return [User(*row) for row in database.rows(_USERS, domains=list(domains), days=DAYS)]
