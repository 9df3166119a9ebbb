"""Whether a line is safe enough for a password and for mail: what a domain allows until a day is asked here."""

from typing import TYPE_CHECKING

from django.conf import settings

from controlpanel.mailboxes import line_policy
from controlpanel.mailboxes.sign_in import Account, Refusal
from pop3service.backend.proving import refuse
from pop3service.backend.steps import Steps, ask
from pop3service.requests import CheckLine
from pop3service.server.limits import is_loopback
from pop3service.server.ports import Line

if TYPE_CHECKING:
    from pop3service.backend.pop3_door import Pop3Door


def unsafe(door: "Pop3Door", account: Account, mechanism: str) -> Refusal | None:
    """Return why the line is not safe enough for this account, by what holds at this moment."""
    return None if is_trusted(door.line) else line_policy.obstacle_of(account, door.line.tls, mechanism)


def is_trusted(line: Line) -> bool:
    """Whether nobody else listens to this line, or the operator does not mind."""
    return is_loopback(line.address) or (not line.tls and bool(settings.PLAIN_TEXT_LOGIN))


def check_line(door: "Pop3Door", request: CheckLine) -> Refusal | None:
    """Return why the line is not safe enough for a name, by what held a few seconds ago."""
    if is_trusted(door.line):
        return None
    return line_policy.obstacle_by_name(request.name, door.line.tls, door.store.policies.lines)


def note_unsafe(door: "Pop3Door", request: CheckLine, refusal: Refusal) -> Steps[None]:
    """Record that a client would have sent a mailbox's password over a line that is not safe enough."""
    account = yield from ask(door.store.accounts, request.name)
    if isinstance(account, Account):
        door.listen(account)
        refuse(door, account, request.mechanism, refusal)
