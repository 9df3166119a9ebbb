"""Who takes a message: recipients that RCPT accepted, and what became of each after the dot."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from controlpanel.mailstore.delivery import Closed, OverQuota
from controlpanel.mailstore.onward import Onward
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


Bar = Callable[[Taker], Verdict | None]


class Takers:
    """All takers of one message. Each has keys: its mailboxes, or a number below 0 where it has only elsewhere.

    `apart`: what leaves has such a number beside the mailboxes too, and so a body of its own.
    """

    __slots__ = ("_carriers", "_keys", "all", "to")

    def __init__(self, takers: Sequence[Taker] = (), *, apart: bool = False) -> None:
        self.all = takers
        self._keys = [() if it.returns else it.mailboxes or (-place,) for place, it in enumerate(takers, 1)]
        # Whose body what leaves is sent from.
        self._carriers = [
            (-place if apart or not it.mailboxes else it.mailboxes[0]) if it.outside else None
            for place, it in enumerate(takers, 1)
        ]
        self.to: dict[int, str] = {}  # by key, the address that brought it in
        for taker, keys, carrier in zip(takers, self._keys, self._carriers, strict=True):
            wanted = keys if carrier is None else (*keys, carrier)
            self.to |= {key: taker.address for key in wanted if key not in self.to}

    def onward(self, bar: Bar) -> dict[int, list[Onward]]:
        """Return by key what its body is sent on to; `bar` says why something of a taker does not leave."""
        found: dict[int, list[Onward]] = {}
        for taker, carrier in zip(self.all, self._carriers, strict=True):
            if carrier is not None and bar(taker) is None:
                forwarder = taker.address.lower()
                found.setdefault(carrier, []).extend(Onward(address, forwarder) for address in taker.outside)
        return found

    def verdicts(self, outcomes: Outcomes, bar: Bar) -> list[Verdict]:
        """Return what became of each recipient; of one that returns, what stands in `outcomes` for nobody: a fault."""
        several = zip(self.all, self._keys, self._carriers, strict=True)
        return [_verdict(taker, keys, carrier, outcomes, bar) for taker, keys, carrier in several]


def _verdict(taker: Taker, keys: Sequence[int], carrier: int | None, outcomes: Outcomes, bar: Bar) -> Verdict:
    here = best([verdict_of(outcomes.get(key)) for key in keys])
    if carrier is None:
        return here
    barred = bar(taker)
    if barred is None:
        return Verdict.FAULT if outcomes.get(carrier) is None else Verdict.OK
    return here if taker.mailboxes else barred


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
