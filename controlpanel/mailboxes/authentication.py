"""Signing in to the panel where a mailbox has a say: its state, its domain's, and its owner who wants to know."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from controlpanel.accounts.authentication import AddressBackend
from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address
from controlpanel.journal import record
from controlpanel.mailboxes.models import Mailbox, State


class PanelBackend(AddressBackend):
    """A mailbox that is not active, or whose domain is not, keeps its owner out; an operator always comes in."""

    def people(self) -> QuerySet[User]:
        return super().people().select_related("mailbox__domain")

    def obstacle(self, user: User) -> str | None:
        standing = super().obstacle(user)
        mailbox: Mailbox | None = getattr(user, "mailbox", None)
        if standing is not None or user.is_operator or mailbox is None:
            return standing
        return _of(mailbox.state, mailbox.state_reason) or _of(mailbox.domain.state, mailbox.domain.state_reason)

    def refused(self, request: HttpRequest | None, user: User | None, outcome: str) -> None:
        """Leave a trace with the mailbox whose address was named: its owner may ask "was this you?"."""
        mailbox: Mailbox | None = getattr(user, "mailbox", None)
        if mailbox is not None:
            address = client_address(request) if request else None
            record.attempts([record.RefusedSignIn(mailbox.pk, "panel", address, outcome)])


def _of(state: str, reason: str) -> str | None:
    """Return the sentence for a state, with the reason that whoever put it so has given."""
    sentences = {
        State.SUSPENDED: _("This mailbox is suspended. Mail still arrives."),
        State.CLOSED: _("This mailbox is closed."),
        State.DELETED: _("This mailbox is deleted."),
    }
    sentence = sentences.get(State(state))
    return f"{sentence} {reason}".strip() if sentence else None
