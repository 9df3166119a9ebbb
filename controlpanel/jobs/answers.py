"""Tell senders that an owner is away: once in four days, people alone (RFC 3834, RFC 5230), under an empty sender."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import HeaderParser
from email.policy import SMTPUTF8, compat32
from email.utils import format_datetime, make_msgid

from django.db import transaction
from django.utils import timezone

from controlpanel import database
from controlpanel.mailboxes.autoreply_rules import PERIOD, silence
from controlpanel.mailboxes.models import Alias, AwayReply, Domain, Mailbox
from controlpanel.mailstore.beside import Fate
from controlpanel.mailstore.headers import SCANNED_OCTETS, literal
from controlpanel.mailstore.onward import queue, returned
from controlpanel.mailstore.onward.queue import Claimed

ROWS_A_STEP = 500
MESSAGE_ID = re.compile(r"<(?![^>]*=\?)[!-;=?-~]{1,250}>\Z")  # RFC 5322 section 3.6.4, nothing that would be decoded

MOST_AN_HOUR = 100  # replies of one mailbox: who forges senders shall reach no more strangers by it

# One row decides between several that answer one sender at the same time.
NOTE = """
INSERT INTO mailstore_answered AS answered (mailbox_id, sender, at)
SELECT %(mailbox)s::bigint, %(sender)s::text, now()
WHERE (SELECT count(*) FROM mailstore_answered AS others
       WHERE others.mailbox_id = %(mailbox)s::bigint AND others.at > now() - interval '1 hour') < %(most)s::bigint
ON CONFLICT (mailbox_id, sender) DO UPDATE SET at = now()
WHERE answered.at < now() - make_interval(secs => %(seconds)s) OR answered.at < %(written)s::timestamptz
RETURNING 1
"""


def answer(claimed: Claimed) -> None:
    """Queue the reply to a message that arrived while its owner was away, if it is one to be answered, and end this."""
    reply = AwayReply.objects.select_related("mailbox__user", "mailbox__domain").filter(pk=claimed.mailbox_id).first()
    head = queue.read_chunks(claimed, SCANNED_OCTETS)[claimed.head :]
    wanted = reply is not None and reply.mailbox.away_from is not None and _is_to_be_answered(claimed, head, reply)
    octets = _written(reply, claimed) if wanted and reply is not None else None
    with transaction.atomic():
        if queue.end(claimed, Fate.SENT, "") and octets and reply is not None and _is_due(claimed, reply):
            returned.tell(claimed.forwarder, claimed.sender, octets)


def _written(reply: AwayReply, claimed: Claimed) -> bytes | None:
    """None: the sender is no address that can stand in a header."""
    try:
        return reply_of(reply, claimed).as_bytes(policy=SMTPUTF8)
    except ValueError:
        return None


def _is_to_be_answered(claimed: Claimed, head: bytes, reply: AwayReply) -> bool:
    header = HeaderParser(policy=compat32).parsestr(head.decode("utf-8", "replace"))
    return silence(claimed.sender, [(name, str(value)) for name, value in header.items()], own(reply.mailbox)) is None


def own(mailbox: Mailbox) -> set[str]:
    """Return the addresses by which mail comes to a mailbox: its own, its aliases', and those in alias domains."""
    addresses = Alias.objects.filter(mailbox=mailbox).exclude(address__local="")
    found = {mailbox.address_text, *(str(alias.address) for alias in addresses.select_related("address__domain"))}
    names = Domain.objects.filter(alias_of__name__in={each.rpartition("@")[2] for each in found})
    others = list(names.values_list("name", "alias_of__name"))
    return found | {
        f"{each.rpartition('@')[0]}@{name}" for each in found for name, home in others if each.endswith(f"@{home}")
    }


def _is_due(claimed: Claimed, reply: AwayReply) -> bool:
    """Whether this sender was not told yet, or four days ago, or something else; now they are."""
    values = {"mailbox": claimed.mailbox_id, "sender": claimed.sender.lower(), "written": reply.written}
    values["most"] = MOST_AN_HOUR
    return bool(database.rows(NOTE, seconds=PERIOD.total_seconds(), **values))


def reply_of(reply: AwayReply, claimed: Claimed) -> EmailMessage:
    """RFC 3834 section 3.1: from the mailbox, in the thread of what it answers, and marked as a reply of a program."""
    mailbox = reply.mailbox
    message = EmailMessage(policy=SMTPUTF8)
    local, _, domain = mailbox.address_text.rpartition("@")
    message["From"] = Address(literal(mailbox.name or mailbox.user.name), local, domain)
    message["To"] = claimed.sender
    message["Subject"] = literal(reply.subject)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = make_msgid(domain=mailbox.domain.name)
    if MESSAGE_ID.match(claimed.message_id):
        message["In-Reply-To"] = claimed.message_id
        message["References"] = claimed.message_id
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(reply.text)
    return message


FORGET = """
DELETE FROM mailstore_answered WHERE id IN (
    SELECT id FROM mailstore_answered WHERE at < now() - make_interval(secs => %(seconds)s)
    ORDER BY at LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
)
"""


def forget() -> bool:
    """Forget who was answered four days ago: they may be answered again."""
    return database.run(FORGET, seconds=PERIOD.total_seconds(), rows=ROWS_A_STEP) > 0
