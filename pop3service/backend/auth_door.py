"""The doors by which a mail server asks: whether a password may send, and whether a message may go."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from controlpanel.journal.record import Finished
from controlpanel.mailboxes import sign_in
from controlpanel.mailboxes.sign_in import Account, Proof, Purpose
from pop3service.backend.proving import refuse, sign_in_steps
from pop3service.backend.steps import Steps, ignore, run
from pop3service.backend.store import UNAVAILABLE, Store
from pop3service.dovecot_auth import OPEN_REQUESTS, Answered, Asked, Granted
from pop3service.dovecot_auth_lines import Attempt
from pop3service.requests import Refused, ScramKeys, Unavailable
from pop3service.server.limits import ip_or_none
from pop3service.server.logfmt import logfmt
from pop3service.server.ports import Line

log = logging.getLogger("casilla.session")

PROTOCOL = "smtp"
TLS = "TLS"  # the mail server does not say which version
QUIT = "quit"


@dataclass(frozen=True, slots=True)
class ClientOfOurs:
    """The mail client's end, as the mail server tells of it."""

    address: str
    tls: str


class Visit:
    """One sign-in of a mail client at the mail server."""

    __slots__ = ("account", "attempt", "line", "protocol", "refused", "store")

    def __init__(self, store: Store, attempt: Attempt) -> None:
        self.store = store
        self.attempt = attempt
        self.protocol = PROTOCOL
        self.line = ClientOfOurs(ip_or_none(attempt.address) or "", TLS if attempt.secured else "")
        self.account: Account | None = None
        self.refused = ""

    def listen(self, account: Account | None) -> None:
        """The mail server has the dialogue; we only its question."""

    def come_in(self, account: Account, proof: Proof, mechanism: str) -> Steps[Granted | Refused | Unavailable]:
        """Say yes, by the mailbox's own address: the mail server compares it with the sender."""
        yield from ()  # the store is told, and nobody waits for it
        peer = self.line.address or None
        refusal = sign_in.judge(account, proof, peer, Purpose.SEND)
        if refusal is not None:
            return refuse(self, account, mechanism, refusal)
        self.store.uses.ask(sign_in.Use(account, proof, peer), ignore)
        self.store.sent_in.ask(self._finished(account, proof, mechanism), ignore)
        self._tell(account.address, mechanism, proof)
        return Granted(account.address)

    def _finished(self, account: Account, proof: Proof, mechanism: str) -> Finished:
        return Finished(
            mailbox_id=account.mailbox,
            session=None,
            device_id=None if proof.device is None else proof.device.id,
            device="" if proof.device is None else proof.device.name,
            address=self.line.address or None,
            tls=self.line.tls,
            mechanism=mechanism,
            started=datetime.now(UTC),
            ended_by=QUIT,
            protocol=PROTOCOL,
        )

    def _tell(self, mailbox: str, mechanism: str, proof: Proof) -> None:
        said = {
            "event": "signed_in",
            "service": "auth",
            "peer": self.line.address,
            "mailbox": mailbox,
            "mechanism": mechanism,
            "device": None if proof.device is None else proof.device.name,
        }
        log.info(logfmt(said))


class AuthDoor:
    """One line of a mail server, on which several sign-ins may be under way.

    A question is answered twice: at once with None, as it is taken, and later with what it is about.
    """

    __slots__ = ("_failed", "_signed_in", "_visits", "line", "store")

    def __init__(self, store: Store, line: Line) -> None:
        self.store = store
        self.line = line
        self._visits: OrderedDict[int, Visit] = OrderedDict()
        self._signed_in = self._failed = 0

    def ask(self, request: Asked, answer: Callable[[Any], None]) -> None:
        visit = self._visit(request.attempt)

        def done(value: Any) -> None:
            if not isinstance(value, ScramKeys):
                self._end(visit, value)
            answer(Answered(request, value))

        answer(None)
        run(sign_in_steps(visit, request.request), done, UNAVAILABLE)

    def close(self, rest: Any, reason: str) -> dict[str, object]:
        return {"signed_in": self._signed_in, "failed": self._failed}

    def _visit(self, attempt: Attempt) -> Visit:
        """Return the visit of this attempt; another one's of the same number is over."""
        visit = self._visits.get(attempt.number)
        if visit is None or visit.attempt is not attempt:
            visit = self._visits[attempt.number] = Visit(self.store, attempt)
            self._visits.move_to_end(attempt.number)
            if len(self._visits) > OPEN_REQUESTS:
                self._visits.popitem(last=False)
        return visit

    def _end(self, visit: Visit, outcome: object) -> None:
        if isinstance(outcome, Granted):
            self._signed_in += 1
        else:
            self._failed += 1
        if self._visits.get(visit.attempt.number) is visit:
            del self._visits[visit.attempt.number]
