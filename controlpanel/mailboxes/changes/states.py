"""From open to suspended, closed, deleted, and back: the same for a domain and a mailbox. Rows come in locked."""

from datetime import timedelta
from typing import TypeVar

from django.db.models import DateTimeField, Func
from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel.mailboxes.changes.refused import ChangeRefused, text
from controlpanel.mailboxes.models import GRACE_DAYS, Domain, Mailbox, State

Row = TypeVar("Row", Domain, Mailbox)
REASON_LENGTH = 200


def put(row: Row, state: State, reason: str = "") -> bool:
    """Put the row into a state that is not deleted, for a reason that its owner reads; return whether that is new."""
    reason = text("reason", reason, REASON_LENGTH)
    if row.state == State.DELETED:
        raise ChangeRefused("", _("This is deleted. Undo that first."))
    if (row.state, row.state_reason) == (state, reason):
        return False
    _write(row, state, reason, before="")
    return True


def mark_deleted(row: Row) -> bool:
    """Mark the row deleted; return whether that is new. What it was before stands beside it."""
    if row.state == State.DELETED:
        return False
    _write(row, State.DELETED, row.state_reason, before=row.state)
    return True


def unmark(row: Row) -> bool:
    """Make the row what it was before it was deleted; return whether it was deleted. Refused: "" (too late)."""
    if row.state != State.DELETED:
        return False
    if _is_being_erased(row):
        raise ChangeRefused("", _("The days to undo this are over: its mail is being cleared away."))
    _write(row, State(row.state_before or State.ACTIVE), row.state_reason, before="")
    return True


def _is_being_erased(row: Row) -> bool:
    """By the database's clock as it is under the row's lock, which retention takes too before it erases."""
    now = Func(function="statement_timestamp", output_field=DateTimeField())
    ripe = type(row).objects.filter(pk=row.pk, state_since__lt=now - timedelta(days=GRACE_DAYS))
    return ripe.exists()


def _write(row: Row, state: State, reason: str, before: str) -> None:
    row.state, row.state_reason, row.state_before, row.state_since = state, reason, before, timezone.now()
    row.save(update_fields=["state", "state_reason", "state_before", "state_since"])
