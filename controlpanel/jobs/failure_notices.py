"""Tell the sender of mail that an alias could not hand on, and that is nowhere here: RFC 5321 section 6.1, RFC 3464.

Nothing is told about mail without a sender, about notices, nor about what programs send (RFC 3834 section 2), so that
no notice is answered by a notice.
"""

from datetime import datetime
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, make_msgid

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from controlpanel.mailboxes.autoreply_rules import Silence, silence
from controlpanel.mailstore.beside import Errand, Fate
from controlpanel.mailstore.headers import SCANNED_OCTETS
from controlpanel.mailstore.onward import queue, returned
from controlpanel.mailstore.onward.queue import Claimed

TEXT = """This message could not be delivered.

    From {forwarder} it was to go on to {recipient},
    and the mail server there, or on the way, said:

    {reply}
"""


def end_and_tell(claimed: Claimed, fate: Fate, reply: str) -> None:
    """End a message that got nowhere. Its sender is told, in the same transaction, if it is one to be told."""
    head = queue.read_chunks(claimed, SCANNED_OCTETS)[claimed.head :]
    with transaction.atomic():
        if queue.end(claimed, fate, reply) and _is_to_be_told(claimed, head):
            notice = notice_of(claimed, fate, reply, head, timezone.now())
            returned.tell(claimed.forwarder, claimed.sender, notice.as_bytes(policy=compat32.clone(linesep="\r\n")))


def _is_to_be_told(claimed: Claimed, head: bytes) -> bool:
    if claimed.errand != Errand.FORWARD or not claimed.sender:
        return False
    fields = [(name, str(value)) for name, value in _header(head).items()]
    return silence(claimed.sender, fields, {claimed.forwarder}) in (None, Silence.NOT_ADDRESSED)


def _header(head: bytes) -> Message:
    return BytesHeaderParser(policy=compat32).parsebytes(head)


def notice_of(claimed: Claimed, fate: Fate, reply: str, head: bytes, now: datetime) -> MIMEMultipart:
    """Return a report with the header of what did not arrive, and nothing of its text."""
    notice = MIMEMultipart("report", report_type="delivery-status")
    notice["From"] = f"Mail delivery <postmaster@{claimed.forwarder.rpartition('@')[2]}>"
    notice["To"] = claimed.sender
    notice["Subject"] = "Undelivered mail"
    notice["Date"] = format_datetime(now)
    notice["Message-ID"] = make_msgid(domain=settings.PUBLIC_HOST)
    notice["Auto-Submitted"] = "auto-replied"
    if claimed.message_id:
        notice["References"] = " ".join(claimed.message_id.split())
    words = TEXT.format(forwarder=claimed.forwarder, recipient=claimed.recipient, reply=reply)
    notice.attach(MIMEText(words))
    notice.attach(_status(claimed, fate, reply))
    notice.attach(MIMEText(_lines(head), "rfc822-headers"))
    return notice


def _status(claimed: Claimed, fate: Fate, reply: str) -> Message:
    """RFC 3464 section 2: a block about the message, then one about the recipient."""
    about, recipient = Message(), Message()
    about["Reporting-MTA"] = f"dns; {settings.PUBLIC_HOST}"
    recipient["Original-Recipient"] = f"rfc822; {claimed.forwarder}"
    recipient["Final-Recipient"] = f"rfc822; {claimed.recipient}"
    recipient["Action"] = "failed"
    recipient["Status"] = "4.4.7" if fate == Fate.EXPIRED else "5.0.0"
    recipient["Diagnostic-Code"] = f"smtp; {reply}"
    status = Message()
    status["Content-Type"] = "message/delivery-status"
    status.set_payload([about, recipient])
    return status


def _lines(head: bytes) -> str:
    return (head.partition(b"\r\n\r\n")[0] + b"\r\n").decode("ascii", "replace").replace("\r\n", "\n")
