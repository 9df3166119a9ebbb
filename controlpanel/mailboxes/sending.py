"""Sending by the mail server beside: who signed in there, as whom they may send, and to how many on one day.

A day is the domain's: it begins at midnight of its time zone, by the database's clock, for every host alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controlpanel import database
from controlpanel.accounts.addresses import canonical_or_none

MOST_A_DAY = 1_000_000  # recipients, where a limit is set
LONGEST_ADDRESS = 1000  # characters; a longer one is nobody's


class NotSent(StrEnum):
    """Why a message may not go out."""

    SUSPENDED = "suspended"
    MAY_NOT_SEND = "may_not_send"
    FOREIGN_SENDER = "foreign_sender"
    DAILY_LIMIT = "daily_limit"


@dataclass(frozen=True, slots=True)
class Submission:
    """A message on its way: by whose sign-in, as whom ("": a notice that nobody answers), to how many at the least."""

    login: str
    sender: str
    recipients: int = 1


@dataclass(frozen=True, slots=True)
class Sender:
    """A mailbox that sends. `sent`: to how many recipients today; `limit`: to how many it may, none for any number."""

    mailbox: int
    active: bool
    send_enabled: bool
    language: str
    limit: int | None
    sent: int
    owns: bool  # the address that the submission names


def find_senders(submissions: Sequence[Submission]) -> list[Sender | None]:
    """Return who sends each submission, in order; None where nobody has that name any more."""
    logins = [canonical_or_none(each.login) or "" for each in submissions]
    given = [database.fitting(each.sender, LONGEST_ADDRESS) for each in submissions]
    parts = [each.rpartition("@") for each in given]
    values = {"locals": [it[0] for it in parts], "domains": [it[2] for it in parts]}
    found = database.rows(_SENDERS, logins=logins, senders=given, **values)
    senders: list[Sender | None] = [None] * len(submissions)
    for place, *row in found:
        senders[place - 1] = Sender(*row)
    return senders


# As what a login may send, postfix_senders says, to the mail server too: by the longest address that is there.
_SENDERS = """
SELECT tried.place, mailbox.id,
       mailbox.state = 'active' AND domain.state = 'active' AND owner.is_active,
       mailbox.send_enabled, coalesce(nullif(owner.language, ''), domain.language),
       coalesce(mailbox.daily_limit, domain.daily_limit)::bigint,
       CASE WHEN sent.day = (statement_timestamp() AT TIME ZONE domain.time_zone)::date THEN sent.recipients ELSE 0 END,
       tried.sender = '' OR coalesce((
           SELECT mailbox.address_text = ANY(array_agg(allowed.login)) FROM postfix_senders AS allowed
           WHERE allowed.domain = address_folded(tried.sender_domain)
             AND allowed.local = ANY(address_candidates(tried.sender_local, allowed.separator))
           GROUP BY allowed.local ORDER BY length(allowed.local) DESC LIMIT 1
       ), false)
FROM unnest(%(logins)s::text[], %(senders)s::text[], %(locals)s::text[], %(domains)s::text[])
     WITH ORDINALITY AS tried (name, sender, sender_local, sender_domain, place)
JOIN mailboxes_mailbox AS mailbox ON mailbox.address_text = tried.name AND mailbox.state <> 'deleted'
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id AND domain.state <> 'deleted'
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
LEFT JOIN mailboxes_sent AS sent ON sent.mailbox_id = mailbox.id
"""


def judge(sender: Sender | None, recipients: int = 1) -> NotSent | None:
    """Pure: return why a message to so many may not go out, None where it may."""
    if sender is None or not sender.active:
        return NotSent.SUSPENDED
    if not sender.send_enabled:
        return NotSent.MAY_NOT_SEND
    if not sender.owns:
        return NotSent.FOREIGN_SENDER
    if sender.limit is not None and sender.sent + recipients > sender.limit:
        return NotSent.DAILY_LIMIT
    return None


def count(mailbox: int, recipients: int, limit: int | None) -> bool:
    """Count a message to so many recipients, unless it would pass the limit: True if it may go.

    Test and count are one statement under one row's lock, so that no two hosts spend the same rest.
    """
    return bool(database.run(_COUNT, mailbox=mailbox, recipients=recipients, limit=limit))


_COUNT = """
INSERT INTO mailboxes_sent AS kept (mailbox_id, day, recipients)
SELECT mailbox.id, (statement_timestamp() AT TIME ZONE domain.time_zone)::date, %(recipients)s::bigint
FROM mailboxes_mailbox AS mailbox JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE mailbox.id = %(mailbox)s::bigint AND %(recipients)s::bigint <= coalesce(%(limit)s::bigint, %(recipients)s::bigint)
ON CONFLICT (mailbox_id) DO UPDATE
SET day = excluded.day,
    recipients = excluded.recipients + CASE WHEN kept.day = excluded.day THEN kept.recipients ELSE 0 END
WHERE %(limit)s::bigint IS NULL
   OR excluded.recipients + CASE WHEN kept.day = excluded.day THEN kept.recipients ELSE 0 END <= %(limit)s::bigint
"""


def sent_today(mailbox: int) -> int:
    """Return to how many recipients a mailbox has sent on this day of its domain."""
    found = database.rows(_TODAY, mailbox=mailbox)
    return int(found[0][0]) if found else 0


_TODAY = """
SELECT sent.recipients FROM mailboxes_sent AS sent
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = sent.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE sent.mailbox_id = %(mailbox)s::bigint AND sent.day = (statement_timestamp() AT TIME ZONE domain.time_zone)::date
"""
