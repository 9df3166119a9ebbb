"""Messages from the service to the owner of a mailbox, put into the mailbox itself: also a full one."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.utils import timezone

from controlpanel.mailstore.delivery import Delivery, in_chunks
from controlpanel.mailstore.headers import literal


def notice(mailbox: int, address: str, *, key: str, subject: str, text: str) -> Delivery:
    """Return the delivery of a message. `key`, its unique id, is taken once: so it is told once."""
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Casilla <postmaster@{address.rpartition('@')[2]}>"
    message["To"] = address
    message["Subject"] = literal(subject)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = f"<{key}.{mailbox}@{settings.PUBLIC_HOST}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    octets = message.as_bytes(policy=SMTP)
    return Delivery(
        mailbox_id=mailbox,
        octets=len(octets),
        chunks=in_chunks(octets),
        message_id=message["Message-ID"],
        from_header=message["From"],
        subject=message["Subject"],
        date_header=message["Date"],
        uidl=key,
        force=True,
    )
