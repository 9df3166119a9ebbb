"""Small builders for tests: rows as changes.py leaves them, without going through forms and rules."""

import itertools
import os
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.db import connection
from django.utils import timezone

from controlpanel.accounts.models import User
from controlpanel.journal.models import Dialogue
from controlpanel.mailboxes import dialogues
from controlpanel.mailboxes.models import Address, Alias, Domain, Mailbox, Usage
from controlpanel.mailstore import headers
from controlpanel.mailstore.delivery import Delivered, Delivery, deliver, in_chunks
from controlpanel.mailstore.maildrop import (
    Closed,
    Closing,
    LeaseLost,
    MailProcess,
    Opened,
    Opening,
    Wanted,
    close_maildrops,
    list_maildrops,
    open_maildrops,
    renew,
)

_numbers = itertools.count(1)


def make_domain(name: str = "", **fields: Any) -> Domain:
    """A domain with a name of its own, or the one of this name if it is there."""
    name = name or f"domain{next(_numbers)}.example"
    return Domain.objects.get_or_create(name=name, defaults=fields)[0]


def make_mailbox(address: str = "", **fields: Any) -> Mailbox:
    """A mailbox with its User (who has no password), Address and Usage; its domain is made if need be.

    `fields` are the Mailbox's; without an address it gets one of its own.
    """
    address = address or f"box{next(_numbers)}@domain{next(_numbers)}.example"
    local, _, name = address.rpartition("@")
    domain = make_domain(name)
    box = Mailbox.objects.create(
        user=User.objects.create_user(address),
        domain=domain,
        address=Address.objects.create(domain=domain, local=local),
        address_text=address,
        scram_salt=os.urandom(16),
        **fields,
    )
    Usage.objects.create(mailbox=box)
    return box


def make_alias(address: str, *targets: Mailbox | str) -> Address:
    """An alias for local mailboxes and addresses elsewhere. An empty local part is the domain's catch-all."""
    local, _, name = address.rpartition("@")
    taken = Address.objects.create(domain=make_domain(name), local=local)
    for target in targets:
        inside = target if isinstance(target, Mailbox) else None
        Alias.objects.create(address=taken, mailbox=inside, outside="" if isinstance(target, Mailbox) else target)
    return taken


def make_message(subject: str = "hello", octets: int = 0) -> bytes:
    """A message with CRLF line ends, padded to at least so many octets."""
    head = f"From: Ana <ana@example.org>\r\nSubject: {subject}\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n"
    return head.encode() + b"x" * max(1, octets - len(head) - 2) + b"\r\n"


def make_delivery(box: Mailbox, body: bytes = b"", **fields: Any) -> Delivery:
    body = body or make_message()
    head = headers.scan(body)._asdict()
    return Delivery(**{"mailbox_id": box.pk, "octets": len(body), "chunks": in_chunks(body), **head, **fields})


def put(box: Mailbox, *bodies: bytes, **fields: Any) -> list[int]:
    """Deliver these messages, or one, and return the numbers of their rows."""
    results = deliver([make_delivery(box, body, **fields) for body in bodies or (b"",)])
    assert all(isinstance(result, Delivered) for result in results), results
    return [result.message_id for result in results if isinstance(result, Delivered)]


PROCESS = MailProcess(uuid4(), "mail.example", 4711)


def make_opening(box: Mailbox, **fields: Any) -> Opening:
    login: dict[str, Any] = {
        "process": PROCESS.id,
        "device_id": None,
        "device": "",
        "address": "203.0.113.7",
        "tls": "TLSv1.3",
        "mechanism": "PLAIN",
    }
    return Opening(mailbox_id=box.pk, **(login | fields))


def open_session(box: Mailbox, **fields: Any) -> Opened:
    """Open a session of a mail process that is alive."""
    renew(PROCESS)
    [opened] = open_maildrops([make_opening(box, **fields)])
    assert isinstance(opened, Opened)
    return opened


def listed(box: Mailbox, opened: Opened) -> list[int]:
    """The numbers of the messages that a session sees, in order."""
    [listing] = list_maildrops([Wanted(box.pk, opened.change)])
    return list(listing.ids)


def make_closing(
    box: Mailbox, opened: Opened, removed: Sequence[int] = (), fetched: Sequence[int] = (), **fields: Any
) -> Closing:
    end: dict[str, Any] = {
        "device_id": None,
        "device": "",
        "address": "203.0.113.7",
        "tls": "TLSv1.3",
        "mechanism": "PLAIN",
        "started": timezone.now(),
        "octets_sent": 0,
        "ended_by": "quit",
    }
    return Closing(opened.session, box.pk, removed, fetched, **(end | fields))


def quit_session(box: Mailbox, opened: Opened, removed: Sequence[int] = (), **fields: Any) -> Closed | LeaseLost:
    return close_maildrops([make_closing(box, opened, removed, **fields)])[0]


def make_dialogue(box: Mailbox, **fields: Any) -> Dialogue:
    """What a mail client and the service said, as the mail side writes it down."""
    said = [(0, "S", "+OK mail.example ready"), (20, "C", "USER ana"), (31, "C", "PASS [6 octets]")]
    spoken = {"device": "", "address": "203.0.113.7", "tls": "TLSv1.3", "mechanism": "USER", "ended_by": "quit"}
    kept = {"signed_in": True, "started": timezone.now(), "entries": said}
    dialogues.keep([dialogues.Spoken(box.pk, **{**spoken, **kept, **fields})])
    return Dialogue.objects.filter(mailbox_id=box.pk).latest("pk")


def remove(box: Mailbox, *ids: int) -> None:
    """Remove messages as a client does."""
    assert quit_session(box, open_session(box), ids) == Closed(len(ids))


def counters(box: Mailbox) -> tuple[int, int, int, int]:
    """Messages, octets, removed messages and removed octets, as the store counts them."""
    usage = Usage.objects.get(mailbox=box)
    return usage.messages, usage.octets, usage.removed_messages, usage.removed_octets


def age(table: str, where: str = "true", **columns: str) -> None:
    """Move moments into the past: `age("mailstore_message", removed_at="15 days")`."""
    moved = ", ".join(f"{column} = {column} - interval '{interval}'" for column, interval in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {moved} WHERE {where}")
