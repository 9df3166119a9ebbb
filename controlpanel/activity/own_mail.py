"""What an owner does to the mail of a mailbox, and to who is connected to it: each asks rules.py and leaves a row."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailstore import held, overview, releasing, retention, tracing
from controlpanel.panel.periods import EARLIEST


def remove(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Remove messages as a mail client does; they can be restored. Returns how many."""
    return _done(mailbox, ids, actor, "remove_messages", retention.remove_messages)


def restore(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> retention.Restored:
    """Put removed messages back at the end of the mailbox, where every mail client finds them as new."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        restored = retention.restore(mailbox.pk, ids)
        _record(mailbox, actor, "restore_messages", restored.messages)
    return restored


def delete_for_good(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Let removed messages go at once. Returns how many."""
    return _done(mailbox, ids, actor, "delete_messages", retention.delete_for_good)


def release(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Let messages that are held as spam arrive now. Returns how many."""
    return _done(mailbox, ids, actor, "release_messages", releasing.release)


def drop_held(mailbox: Mailbox, ids: Sequence[int], actor: Actor) -> int:
    """Delete messages that are held as spam for good. Returns how many."""
    return _done(mailbox, ids, actor, "drop_held_messages", held.drop)


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
        tell_of_mailbox(actor, "trace_message", mailbox, {"message_id": message_id})
    asked = tracing.Asked(mailbox.pk, EARLIEST, timezone.now() + timedelta(days=1), message_id=message_id)
    return tracing.find(asked).rows


def _done(
    mailbox: Mailbox, ids: Sequence[int], actor: Actor, act: str, work: Callable[[int, Sequence[int]], int]
) -> int:
    """Do this to messages of a mailbox that the actor may open. Returns how many it concerned."""
    with transaction.atomic():
        rules.require(actor, Act.OPEN_MAILBOX, mailbox)
        count = work(mailbox.pk, ids)
        _record(mailbox, actor, act, count)
    return count


def _record(mailbox: Mailbox, actor: Actor, act: str, count: int) -> None:
    if count:
        tell_of_mailbox(actor, act, mailbox, {"count": count})
