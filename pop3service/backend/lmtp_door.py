"""One LMTP session's way to the store: who receives, then a message in, committed before it is acknowledged.

A message of one chunk goes in by one call, with those of other sessions. A larger one is staged while it arrives,
once, under the first mailbox's trace header; its further mailboxes get copies that the database makes.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from controlpanel.journal.record import Refusal
from controlpanel.mailboxes.recipients import Accepted, Closed, OverQuota, Recipient, Target, Unknown
from controlpanel.mailstore.delivery import ELSEWHERE, Chunk, Delivery, in_chunks
from controlpanel.mailstore.downgrading import raw_header
from controlpanel.mailstore.headers import Headers, scan
from controlpanel.mailstore.onward import Onward, Passing, may_leave, passing
from controlpanel.mailstore.onward.passing import Way
from controlpanel.mailstore.onward.returned import Bounce
from pop3service.backend.lanes import BATCH_OCTETS
from pop3service.backend.lmtp_takers import FULL, Taker, Takers, verdict_of
from pop3service.backend.steps import Steps, ask, ignore, run
from pop3service.backend.store import Outcome, Returning, Store
from pop3service.envelope import Envelope
from pop3service.incoming import trace_header
from pop3service.lmtp_requests import Abort, Begin, End, FindRecipients, Request, Verdict
from pop3service.lmtp_requests import Chunk as Arrived
from pop3service.requests import Unavailable
from pop3service.server.logfmt import logfmt
from pop3service.server.ports import Line

log = logging.getLogger("casilla.delivery")

MESSAGES_WAITING = 1000  # past which a sender is told to come back


class LmtpDoor:
    """Between Begin and End it holds the first chunk of a message; what follows is staged in the store at once."""

    __slots__ = (
        "_bodies",
        "_broken",
        "_busy",
        "_envelope",
        "_first",
        "_gone",
        "_headers",
        "_marked",
        "_octets",
        "_onward",
        "_sequence",
        "_takers",
        "_way",
        "line",
        "store",
    )

    def __init__(self, store: Store, line: Line) -> None:
        self.store = store
        self.line = line
        self._busy = self._gone = False
        self._forget()

    def _forget(self) -> None:
        self._takers = Takers()
        self._envelope = Envelope("")
        self._bodies: dict[int, int] = {}  # staged, by the key of who takes it
        self._sequence = 0
        self._first = b""
        self._headers = Headers()
        self._way = Way()
        self._marked = False
        self._onward: dict[int, list[Onward]] = {}
        self._octets = 0
        self._broken = False

    def ask(self, request: Request, answer: Callable[[Any], None]) -> None:
        def answered(value: Any) -> None:
            self._busy = False
            if self._gone:
                self._discard(list(self._bodies.values()))
            answer(value)

        self._busy = True
        match request:
            case FindRecipients():
                run(self._find(request), answered, [(Verdict.FAULT, None)] * len(request.addresses))
            case Begin():
                answered(self._begin(request))
            case Arrived():
                run(self._take(request.octets), answered, None)
            case End():
                run(self._deliver(), answered, [Verdict.FAULT] * len(self._takers.all))
            case Abort():
                self._abort()
                answered(None)

    def close(self, rest: Any, reason: str) -> dict[str, object]:
        """The connection is gone; with an Abort as `rest`, in the middle of a message."""
        self._gone = True
        if not self._busy:
            self._abort()
        return {"reason": reason}

    # RCPT

    def _find(self, request: FindRecipients) -> Steps[list[tuple[Verdict, Taker | None]]]:
        size = request.envelope.size
        found = yield from ask(self.store.recipients, [Recipient(each.plain, size) for each in request.addresses])
        if isinstance(found, Unavailable):
            return [(Verdict.FAULT, None)] * len(request.addresses)
        return [
            self._judged(address.plain if isinstance(target, Returning) else address.text, target, request.envelope)
            for address, target in zip(request.addresses, found, strict=True)
        ]

    def _judged(self, address: str, target: Target | Returning, envelope: Envelope) -> tuple[Verdict, Taker | None]:
        match target:
            case Returning():
                return Verdict.OK, Taker(address, (), returns=True)
            case Accepted(_, outside) if outside and not may_leave():  # what is taken here would not get there
                return Verdict.FAULT, None
            case Accepted(mailboxes, outside):
                self._note(target.closed, Verdict.CLOSED, envelope, address)
                self._note(target.full, Verdict.FULL, envelope, address)
                return Verdict.OK, Taker(address, mailboxes, outside)
            case OverQuota(policy, mailboxes):
                return self._note(mailboxes, FULL[policy], envelope, address), None
            case Closed(mailboxes):
                return self._note(mailboxes, Verdict.CLOSED, envelope, address), None
            case Unknown():
                return Verdict.UNKNOWN, None

    def _note(self, mailboxes: Sequence[int], verdict: Verdict, envelope: Envelope, address: str) -> Verdict:
        """Record a refusal for the owners of these mailboxes: "he sent it, and I haven't got it"."""
        for mailbox in mailboxes:
            refusal = Refusal(mailbox, verdict.reply, envelope.sender, octets=envelope.size, recipient=address)
            self.store.refused.ask(refusal, ignore)
        return verdict

    # DATA

    def _begin(self, request: Begin) -> bool:
        self._forget()
        takers: Sequence[Taker] = request.recipients
        apart = any(self.store.mark.is_of(taker.address) for taker in takers)
        self._takers, self._envelope = Takers(takers, apart=apart), request.envelope
        return len(self.store.deliveries) < MESSAGES_WAITING

    def _take(self, octets: bytes) -> Steps[None]:
        self._octets += len(octets)
        if not self._first:
            self._first, self._headers, self._way = octets, scan(octets), passing.scan(octets)
            self._marked = self.store.mark.is_in(octets)
        elif self._takers.to and not self._broken:
            self._broken = not (yield from self._stage(octets))

    def _stage(self, octets: bytes) -> Steps[bool]:
        """Write a chunk of a large message, before the first one those that it begins with; False: that failed."""
        key = next(iter(self._takers.to))
        chunks = [octets]
        if not self._bodies:
            made = yield from ask(self.store.new_bodies, 1)
            if isinstance(made, Unavailable):
                return False
            self._bodies[key] = made[0]
            chunks = [self._trace(key), self._first, octets]
        for chunk in chunks:
            staged = yield from ask(self.store.staging, Chunk(self._bodies[key], self._sequence, chunk))
            if staged is not True:
                return False
            self._sequence += 1
        return True

    def _deliver(self) -> Steps[list[Verdict]]:
        """Deliver to each mailbox once; return what became of each recipient."""
        self._onward = self._takers.onward(self._bar)
        keys = [key for key in self._takers.to if key > ELSEWHERE or key in self._onward]
        if self._broken or not keys:
            outcomes: dict[int, Outcome | None] = {}
        elif self._bodies:
            outcomes = yield from self._deliver_staged(keys)
        else:
            outcomes = yield from self._deliver_at_hand(keys)
        verdicts = self._takers.verdicts(outcomes, self._bar)
        for place, taker in enumerate(self._takers.all):
            if taker.returns:
                verdicts[place] = yield from self._take_back(taker)
        self._discard([body for key, body in self._bodies.items() if verdict_of(outcomes.get(key)) is not Verdict.OK])
        self._tell(verdicts)
        self._forget()
        return verdicts

    def _bar(self, taker: Taker) -> Verdict | None:
        """Say why nothing of a recipient leaves for elsewhere, None where it does."""
        if self._is_spam(taker.address):
            return Verdict.SPAM
        return Verdict.LOOP if self._way.leads_back(taker.address) else None

    def _is_spam(self, address: str) -> bool:
        return self._marked or self.store.mark.is_of(address)

    def _take_back(self, taker: Taker) -> Steps[Verdict]:
        """Take a bounce to a sender that we rewrote; what has a sender is none."""
        if self._envelope.sender:
            return Verdict.UNKNOWN
        bounce = Bounce(taker.address, self._first, whole=self._octets == len(self._first))
        taken = yield from ask(self.store.returns, bounce)
        return Verdict.FAULT if isinstance(taken, Unavailable) else Verdict.OK

    def _deliver_at_hand(self, keys: Sequence[int]) -> Steps[dict[int, Outcome | None]]:
        """Deliver a small message; to very many mailboxes in several calls, so that their copies stay few megabytes."""
        outcomes: dict[int, Outcome | None] = {}
        at_once = max(1, BATCH_OCTETS // (len(self._first) + 1024))
        for start in range(0, len(keys), at_once):
            some = keys[start : start + at_once]
            message = [self._delivery(key, in_chunks(self._trace(key) + self._first)) for key in some]
            result = yield from ask(self.store.deliveries, message)
            outcomes |= dict.fromkeys(some) if isinstance(result, Unavailable) else dict(zip(some, result, strict=True))
        return outcomes

    def _deliver_staged(self, keys: Sequence[int]) -> Steps[dict[int, Outcome | None]]:
        source = next(iter(self._bodies))
        for key in keys:
            if key != source and not (yield from self._copy(self._bodies[source], key)):
                return {}
        message = [self._delivery(key, (), self._bodies[key]) for key in keys]
        result = yield from ask(self.store.deliveries, message)
        return {} if isinstance(result, Unavailable) else dict(zip(keys, result, strict=True))

    def _copy(self, source: int, key: int) -> Steps[bool]:
        made = yield from ask(self.store.new_bodies, 1)
        if isinstance(made, Unavailable):
            return False
        self._bodies[key] = made[0]
        staged = yield from ask(self.store.staging, Chunk(made[0], 0, self._trace(key)))
        if staged is not True:
            return False
        return (yield from ask(self.store.copies, (source, made[0]))) is True

    def _trace(self, key: int) -> bytes:
        return trace_header(self._envelope.sender, self._takers.to[key])

    def _delivery(self, key: int, chunks: Sequence[bytes], body: int | None = None) -> Delivery:
        trace = self._trace(key)
        head = len(trace)
        return Delivery(
            mailbox_id=key,
            octets=head + self._octets,
            chunks=chunks,
            body=body,
            sender=self._envelope.sender,
            recipient=self._takers.to[key],
            passing=Passing(self._way, head, self._onward.get(key, ())),
            raw_header=raw_header(trace, self._first),
            spam=self._is_spam(self._takers.to[key]),
            **self._headers._asdict(),
        )

    def _tell(self, verdicts: Sequence[Verdict]) -> None:
        said = {
            "event": "message",
            "peer": self.line.address,
            "sender": self._envelope.sender,
            "message_id": self._headers.message_id,
            "octets": self._octets,
            "to": ",".join(taker.address for taker in self._takers.all[:20]),
            "recipients": len(verdicts),
            "delivered": verdicts.count(Verdict.OK),
        }
        log.info(logfmt(said))

    def _abort(self) -> None:
        self._discard(list(self._bodies.values()))
        self._forget()

    def _discard(self, bodies: list[int]) -> None:
        if bodies:
            self.store.discards.ask(bodies, ignore)
