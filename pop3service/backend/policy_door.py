"""The door by which Postfix asks whether a message may go: as this sender, to so many."""

import logging
from collections.abc import Callable
from typing import Any

from controlpanel.mailboxes import sending
from controlpanel.mailboxes.sending import NotSent, Sender, Submission
from pop3service.backend.steps import Steps, ask, run
from pop3service.backend.store import UNAVAILABLE, Count, Store
from pop3service.policy import Allowed, Answer, MaySend, NotAllowed
from pop3service.requests import Reason, Unavailable
from pop3service.server.logfmt import logfmt
from pop3service.server.ports import Line

log = logging.getLogger("casilla.session")

REASONS = {
    NotSent.SUSPENDED: Reason.SUSPENDED,
    NotSent.MAY_NOT_SEND: Reason.MAY_NOT_SEND,
    NotSent.FOREIGN_SENDER: Reason.FOREIGN_SENDER,
    NotSent.DAILY_LIMIT: Reason.DAILY_LIMIT,
}


class PolicyDoor:
    """One line of Postfix."""

    __slots__ = ("_counted", "_refused", "line", "store")

    def __init__(self, store: Store, line: Line) -> None:
        self.store = store
        self.line = line
        self._counted = self._refused = 0

    def ask(self, request: MaySend, answer: Callable[[Any], None]) -> None:
        run(self._decide(request), answer, UNAVAILABLE)

    def close(self, rest: Any, reason: str) -> dict[str, object]:
        return {"messages": self._counted, "refused": self._refused}

    def _decide(self, request: MaySend) -> Steps[Answer]:
        """Judge, and where the message is whole count it: only the count, under its lock, knows what is left."""
        submission = Submission(request.login, request.sender, request.recipients)
        sender = yield from ask(self.store.senders, submission)
        if isinstance(sender, Unavailable):
            return sender
        refusal = sending.judge(sender, request.recipients)
        if refusal is None and sender is not None and request.whole:
            counted = yield from ask(self.store.counts, Count(sender.mailbox, request.recipients, sender.limit))
            if isinstance(counted, Unavailable):
                return counted
            self._counted += counted
            refusal = None if counted else NotSent.DAILY_LIMIT
        return Allowed() if refusal is None else self._refuse(request, sender, refusal)

    def _refuse(self, request: MaySend, sender: Sender | None, refusal: NotSent) -> NotAllowed:
        self._refused += 1
        said = {
            "event": "not_sent",
            "peer": request.address,
            "mailbox": request.login,
            "sender": request.sender,
            "reason": refusal,
        }
        log.info(logfmt(said))
        if sender is None:
            return NotAllowed(REASONS[refusal])
        return NotAllowed(REASONS[refusal], sender.language, sender.limit or 0)
