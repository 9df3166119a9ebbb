"""What an owner does to the mail of a mailbox, and to who is connected to it: each asks rules.py and leaves a row."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.journal import record
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailstore import held, overview, releasing, retention, tracing
from controlpanel.panel.periods import EARLIEST


def remove(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Remove messages as a mail client does; they can be restored. Returns how many."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        count = retention.remove_messages(mailbox.pk, ids)
        _record(mailbox, actor, "remove_messages", count)
    return count


def restore(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> retention.Restored:
    """Put removed messages back at the end of the mailbox, where every mail client finds them as new."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        restored = retention.restore(mailbox.pk, ids)
        _record(mailbox, actor, "restore_messages", restored.messages)
    return restored


def delete_for_good(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Let removed messages go at once. Returns how many."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        count = retention.delete_for_good(mailbox.pk, ids)
        _record(mailbox, actor, "delete_messages", count)
    return count


def release(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Let messages that are held as spam arrive now. Returns how many."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        count = releasing.release(mailbox.pk, ids)
        _record(mailbox, actor, "release_messages", count)
    return count


def drop_held(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Delete messages that are held as spam for good. Returns how many."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        count = held.drop(mailbox.pk, ids)
        _record(mailbox, actor, "drop_held_messages", count)
    return count


def end_session(mailbox: Mailbox, session: int, actor: Actor) -> bool:
    """End a mail client's session within a second: for its owner, and for who rules the mailbox."""
    with transaction.atomic():
        if actor.user is None or not rules.may(actor.user, Act.OPEN_MAILBOX, mailbox):
            rules.require(actor, Act.RULE_MAILBOX, mailbox)
        there = overview.end_session(mailbox.pk, session)
        if there:
            _record(mailbox, actor, "end_session", 1)
    return there


def trace(mailbox: Mailbox, message_id: str, actor: Actor) -> Sequence[tracing.Arrived | tracing.Refused]:
    """Tell who runs the mailbox what became of a message whose Message-ID they know: a question that is recorded."""
    with transaction.atomic():
        rules.require(actor, Act.CHANGE_MAILBOX, mailbox)
        record.activity(
            actor,
            "trace_message",
            domain_id=mailbox.domain_id,
            mailbox_id=mailbox.pk,
            subject=mailbox.address_text,
            details={"message_id": message_id},
        )
    asked = tracing.Asked(mailbox.pk, EARLIEST, timezone.now() + timedelta(days=1), message_id=message_id)
    return tracing.find(asked).rows


def _record(mailbox: Mailbox, actor: Actor, act: str, count: int) -> None:
    if count:
        record.activity(
            actor,
            act,
            domain_id=mailbox.domain_id,
            mailbox_id=mailbox.pk,
            subject=mailbox.address_text,
            details={"count": count},
        )
