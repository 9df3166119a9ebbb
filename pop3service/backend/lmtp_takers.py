"""Who takes a message: recipients that RCPT accepted, and what became of each after the dot."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from controlpanel.mailstore.delivery import Closed, OverQuota
from controlpanel.mailstore.onward import Onward
from controlpanel.mailstore.onward.passing import Way
from pop3service.backend.store import Outcome
from pop3service.lmtp_requests import Verdict

FULL = {"defer": Verdict.FULL, "refuse": Verdict.FULL_FOR_GOOD}
# An alias with several targets answers for the luckiest; where none took it, a sender that tries again may fare better.
BEST_FIRST = (Verdict.OK, Verdict.FAULT, Verdict.FULL, Verdict.FULL_FOR_GOOD, Verdict.CLOSED)
Outcomes = Mapping[int, Outcome | None]


class Taker(NamedTuple):
    """A recipient that RCPT accepted: its address as it came, the mailboxes behind it, and addresses elsewhere.

    `returns`: a sender that we rewrote, to whom only bounces come.
    """

    address: str
    mailboxes: tuple[int, ...]
    outside: tuple[str, ...] = ()
    returns: bool = False


class Takers:
    """All takers of one message. Each has keys: its mailboxes, or a number below 0 where it has only elsewhere."""

    __slots__ = ("all", "keys", "to")

    def __init__(self, takers: Sequence[Taker] = ()) -> None:
        self.all = takers
        self.keys = [() if it.returns else it.mailboxes or (-place,) for place, it in enumerate(takers, 1)]
        self.to: dict[int, str] = {}  # by key, the address that brought it in
        for taker, keys in zip(takers, self.keys, strict=True):
            self.to |= {key: taker.address for key in keys if key not in self.to}

    def onward(self, way: Way) -> dict[int, list[Onward]]:
        """Return by key what its body is sent on to; what has been here before goes nowhere."""
        found: dict[int, list[Onward]] = {}
        for taker, keys in zip(self.all, self.keys, strict=True):
            if taker.outside and not way.leads_back(taker.address):
                forwarder = taker.address.lower()
                found.setdefault(keys[0], []).extend(Onward(address, forwarder) for address in taker.outside)
        return found

    def verdicts(self, outcomes: Outcomes, way: Way) -> list[Verdict]:
        """Return what became of each recipient; of one that returns, what stands in `outcomes` for nobody: a fault."""
        return [self._verdict(taker, keys, outcomes, way) for taker, keys in zip(self.all, self.keys, strict=True)]

    def _verdict(self, taker: Taker, keys: Sequence[int], outcomes: Outcomes, way: Way) -> Verdict:
        if not taker.outside:
            return best([verdict_of(outcomes.get(key)) for key in keys])
        if not way.leads_back(taker.address):
            return Verdict.FAULT if outcomes.get(keys[0]) is None else Verdict.OK
        return best([verdict_of(outcomes.get(key)) for key in keys]) if taker.mailboxes else Verdict.LOOP


def verdict_of(outcome: Outcome | None) -> Verdict:
    match outcome:
        case None:
            return Verdict.FAULT
        case OverQuota(policy):
            return FULL[policy]
        case Closed():
            return Verdict.CLOSED
    return Verdict.OK


def best(verdicts: Sequence[Verdict]) -> Verdict:
    return min(verdicts, key=BEST_FIRST.index, default=Verdict.FAULT)
