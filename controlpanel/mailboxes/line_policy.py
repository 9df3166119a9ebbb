"""Signing in without TLS, or with one that is no longer safe: which domains still allow it, and whom its end will meet.

A domain allows either until a day, which begins at midnight UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controlpanel import database
from controlpanel.accounts.addresses import canonical_or_none
from controlpanel.journal.models import OLD_TLS
from controlpanel.mailboxes.sign_in import Account, Refusal

DAYS = 30
PLAIN = ("",)  # what a session without TLS has for its version
MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Allowed:
    """The names of the domains that still let mail clients in without TLS, and with TLS 1.0 and 1.1."""

    plain: frozenset[str] = frozenset()
    old_tls: frozenset[str] = frozenset()


_ALLOWED = """
SELECT name, coalesce(plain_login_until > today.day, false), coalesce(old_tls_until > today.day, false)
FROM mailboxes_domain, (SELECT (statement_timestamp() AT TIME ZONE 'UTC')::date AS day) AS today
WHERE state <> 'deleted' AND (plain_login_until > today.day OR old_tls_until > today.day)
"""


def allowed() -> Allowed:
    found = database.rows(_ALLOWED)
    return Allowed(
        frozenset(name for name, plain, _ in found if plain), frozenset(name for name, _, old in found if old)
    )


def obstacle_by_name(name: str, tls: str, holds: Allowed) -> Refusal | None:
    """Pure: why a line is not safe enough for a name that a client said; known or not, its domain decides.

    `tls`: the version, "" in clear.
    """
    domain = (canonical_or_none(name) or "").rpartition("@")[2]
    return obstacle(domain in holds.plain, domain in holds.old_tls, tls)


def obstacle_of(account: Account, tls: str, mechanism: str) -> Refusal | None:
    """Pure: why a line is not safe enough for an account. SCRAM sends no password, so it needs no TLS."""
    return obstacle(account.plain_login or mechanism.startswith("SCRAM-"), account.old_tls, tls)


def obstacle(plain: bool, old_tls: bool, tls: str) -> Refusal | None:
    if not tls:
        return None if plain else Refusal.TLS_NEEDED
    return Refusal.NEWER_TLS_NEEDED if tls in OLD_TLS and not old_tls else None


@dataclass(frozen=True, slots=True)
class User:
    """A mail client that came over such a line in the last 30 days: the last time that it did.

    `device`: as in PastSession. `tls` "": none. `language`: in which its owner is told.
    """

    mailbox: int
    address: str
    device: str
    peer: str | None
    tls: str
    last: datetime
    language: str


# Written out as in the index that holds these sessions alone. Of this machine nobody else listens to the line.
_USERS = """
SELECT DISTINCT ON (mailbox.address_text, past.device, past.tls)
       mailbox.id, mailbox.address_text, past.device, host(past.address), past.tls, past.ended,
       coalesce(nullif(owner.language, ''), domain.language)
FROM journal_pastsession AS past
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = past.mailbox_id AND mailbox.state <> 'deleted'
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
WHERE past.tls IN ('', 'SSLv3', 'TLSv1', 'TLSv1.0', 'TLSv1.1') AND past.tls = ANY(%(versions)s::text[])
  AND mailbox.domain_id = %(domain)s::bigint AND past.ended > now() - make_interval(days => %(days)s)
  AND NOT (past.tls = '' AND past.mechanism LIKE 'SCRAM-%%')
  AND (past.address IS NULL OR NOT (past.address <<= inet '127.0.0.0/8' OR past.address = inet '::1'))
ORDER BY mailbox.address_text, past.device, past.tls, past.ended DESC
LIMIT %(most)s::bigint
"""


def users(domain: int, versions: Sequence[str], most: int | None = None) -> list[User]:
    """Return who came to a domain's mailboxes over lines of these versions in the last 30 days, by address."""
    return [User(*row) for row in database.rows(_USERS, domain=domain, versions=list(versions), days=DAYS, most=most)]
