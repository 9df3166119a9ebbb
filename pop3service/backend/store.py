"""The lanes of a process, and the gatherer that leads to each set-based call of the panel's rooms."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import uuid4

from django.db.models import Max, Min

from controlpanel.accounts import issuer, throttle
from controlpanel.accounts.throttle_rules import NETWORK
from controlpanel.journal import record
from controlpanel.mailboxes import dialogues, line_policy, recipients, sending, sign_in
from controlpanel.mailboxes.line_policy import Allowed
from controlpanel.mailboxes.models import Domain
from controlpanel.mailstore import delivery, maildrop, spam
from controlpanel.mailstore.models import CHUNK_OCTETS
from controlpanel.mailstore.onward import is_returned_to, returned
from pop3service.backend.lanes import Gatherer, Lane
from pop3service.backend.steps import Clock
from pop3service.backend.turns import Turns
from pop3service.requests import Unavailable

if TYPE_CHECKING:
    from pop3service.backend.pop3_door import Pop3Door

UNAVAILABLE = Unavailable()
READ_AHEAD_OCTETS = 64 * 2**20  # of all sessions together
HASHES_WAITING = 200  # two threads check these in some seconds; longer no client waits
TOKENS_WAITING = 500
TRIES_WAITING = 20  # of one network for one name, which are looked at one after the other
CLOSE_AGAIN_SECONDS = 5
CLOSE_TRIES = 60
REST_AGAIN_SECONDS = 0.05
LINGER_SECONDS = 0.05  # what no client waits for comes together meanwhile

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password to be checked for a name, whose account may not exist."""

    account: sign_in.Account | None
    name: str
    secret: str


@dataclass(frozen=True, slots=True)
class Bodies:
    """Messages that one session wants whole, and their octets together."""

    ids: Sequence[int]
    octets: int


@dataclass(frozen=True, slots=True)
class Count:
    """A message that a mailbox sends to so many recipients, and the most it may have on a day, None for any number."""

    mailbox: int
    recipients: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Returning:
    """The address is a sender that we rewrote: a bounce comes back."""


@dataclass(frozen=True, slots=True)
class Policies:
    """What CAPA announces before anybody is known (RFC 2449 sections 6.5 and 6.7).

    `login_delay`: the longest of any domain, in seconds. `expire`: the shortest, in days, None for never. `lines`:
    which domains still allow sign-in without TLS, and with an old one.
    """

    login_delay: int = 0
    expire: int | None = None
    lines: Allowed = field(default_factory=Allowed)


class Reads(NamedTuple):
    """Where a session reads from: messages as they came, or under headers in ASCII."""

    listings: Gatherer[maildrop.Wanted, maildrop.Listing, Unavailable]
    bodies: Gatherer[Bodies, dict[int, bytes], Unavailable]
    chunks: Gatherer[tuple[int, int], bytes, Unavailable]


class Store:
    """What the doors of one process share. Made on the loop's thread, after the fork."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.clock = Clock(loop)
        self.mark = spam.operators_mark()
        self.process = maildrop.MailProcess(uuid4(), socket.gethostname(), os.getpid())
        self.sessions: dict[int, Pop3Door] = {}
        self.per_mailbox: Counter[int] = Counter()  # sessions that are open or being opened
        self.policies = Policies()
        self.read_ahead = READ_AHEAD_OCTETS  # octets that may still be read before they are asked for
        short, ends, bodies, incoming = [Lane(loop, name) for name in ("short", "ends", "bodies", "incoming")]
        hashes = Lane(loop, "hashes", width=2)
        tokens = Lane(loop, "tokens")  # their issuer may be asked for its keys, and may be slow
        self._lanes = [short, ends, bodies, incoming, hashes, tokens]

        self.accounts = Gatherer(short, sign_in.find_accounts, UNAVAILABLE, again=True)
        self.waits = Gatherer(short, throttle.waits, UNAVAILABLE, again=True)
        self.proofs = Gatherer(hashes, prove, UNAVAILABLE, items=1, backlog=HASHES_WAITING)
        self.tokens = Gatherer(tokens, read_tokens, UNAVAILABLE, items=1, backlog=TOKENS_WAITING)
        self.names_tried = Turns(loop, at_once=1, line=TRIES_WAITING)
        self.networks_tried = Turns(loop, at_once=NETWORK.free, line=HASHES_WAITING)
        self.failures = Gatherer(short, nothing(throttle.record_failures), None)
        self.attempts = Gatherer(ends, nothing(record.attempts), None)
        self.uses = Gatherer(ends, nothing(sign_in.record_uses), None, linger=LINGER_SECONDS)
        self.sent_in = Gatherer(ends, nothing(record.finished), None, linger=LINGER_SECONDS)
        self.senders = Gatherer(short, sending.find_senders, UNAVAILABLE, again=True)
        self.counts = Gatherer(ends, count_sent, UNAVAILABLE, items=1)  # one failing never counts another twice
        self.dialogues = Gatherer(ends, nothing(dialogues.keep), None)
        self.turns = Gatherer(short, maildrop.take_turns, UNAVAILABLE)
        self.turns_back = Gatherer(ends, nothing(maildrop.give_back_turns), None)
        self.wanted = Gatherer(short, nothing(maildrop.ask_to_give_way), None)
        self.openings = Gatherer(short, maildrop.open_maildrops, UNAVAILABLE)
        self.listings = Gatherer(short, maildrop.list_maildrops, UNAVAILABLE, again=True)
        self.unique_id_pages = Gatherer(short, maildrop.unique_id_pages, UNAVAILABLE, again=True)
        self.unique_ids = Gatherer(short, maildrop.unique_ids, UNAVAILABLE, again=True)
        self.closings = Gatherer(ends, maildrop.close_maildrops, UNAVAILABLE, again=True)
        self.endings = Gatherer(ends, maildrop.close_maildrops, UNAVAILABLE, again=True, linger=LINGER_SECONDS)
        self.beats = Gatherer(short, renew, UNAVAILABLE, again=True)
        self.drops = Gatherer(ends, nothing(drop_processes), None)
        self.policy = Gatherer(short, read_policies, UNAVAILABLE, again=True)
        self.sweeps = Gatherer(short, sweep_dead, UNAVAILABLE, again=True)
        self.re_takes = Gatherer(ends, re_take, UNAVAILABLE, again=True)

        self.bodies = Gatherer(bodies, read_bodies, UNAVAILABLE, again=True, weigh=lambda wanted: wanted.octets)
        self.chunks = Gatherer(bodies, maildrop.read_chunks, UNAVAILABLE, again=True, weigh=lambda _: CHUNK_OCTETS)
        self.reads = Reads(self.listings, self.bodies, self.chunks)
        self.ascii_reads = Reads(
            Gatherer(short, maildrop.list_in_ascii, UNAVAILABLE, again=True),
            Gatherer(bodies, read_bodies_in_ascii, UNAVAILABLE, again=True, weigh=lambda wanted: wanted.octets),
            Gatherer(bodies, maildrop.read_chunks_in_ascii, UNAVAILABLE, again=True, weigh=lambda _: CHUNK_OCTETS),
        )

        self.recipients = Gatherer(short, find_recipients, UNAVAILABLE, again=True)
        self.returns = Gatherer(incoming, take_back, UNAVAILABLE, items=1)
        self.refused = Gatherer(ends, nothing(record.refusals), None)
        self.new_bodies = Gatherer(incoming, new_bodies, UNAVAILABLE, again=True)
        self.staging = Gatherer(incoming, stage_chunks, UNAVAILABLE, weigh=lambda chunk: len(chunk.octets))
        self.copies = Gatherer(incoming, copy_chunks, UNAVAILABLE, items=1)
        self.discards = Gatherer(incoming, nothing(discard_bodies), None, again=True)
        self.deliveries = Gatherer(incoming, deliver, UNAVAILABLE, weigh=octets_at_hand)

    async def rest(self, seconds: float) -> None:
        """Wait until nothing is under way, at most so long."""
        for _ in range(int(seconds / REST_AGAIN_SECONDS)):
            if all(lane.resting for lane in self._lanes):
                return
            await asyncio.sleep(REST_AGAIN_SECONDS)

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()

    def leave_mailbox(self, mailbox: int) -> None:
        self.per_mailbox[mailbox] -= 1
        if not self.per_mailbox[mailbox]:
            del self.per_mailbox[mailbox]

    def finish(self, closing: maildrop.Closing, tries: int = CLOSE_TRIES) -> None:
        """End a session that nobody waits for; where the store cannot be reached now, try again for five minutes."""

        def closed(result: maildrop.Closed | maildrop.LeaseLost | Unavailable) -> None:
            if isinstance(result, Unavailable) and tries:
                self.loop.call_later(CLOSE_AGAIN_SECONDS, self.finish, closing, tries - 1)

        self.endings.ask(closing, closed)


def nothing(call: Callable[[Sequence[Request]], None]) -> Callable[[Sequence[Request]], list[None]]:
    """Turn a call that returns nothing into one that returns nothing for each request."""

    def made(requests: Sequence[Request]) -> list[None]:
        call(requests)
        return [None] * len(requests)

    made.__name__ = call.__name__
    return made


def read_policies(asked: Sequence[None]) -> list[Policies]:
    found = Domain.objects.aggregate(login_delay=Max("login_delay"), expire=Min("expire_days"))
    return [Policies(found["login_delay"] or 0, found["expire"], line_policy.allowed())] * len(asked)


def count_sent(counts: Sequence[Count]) -> list[bool]:
    return [sending.count(each.mailbox, each.recipients, each.limit) for each in counts]


def prove(secrets: Sequence[Secret]) -> list[sign_in.Proof]:
    return [sign_in.prove(each.account, each.name, each.secret) for each in secrets]


def read_tokens(tokens: Sequence[str]) -> list[str | Unavailable | None]:
    """Return whose mailbox each token opens, None for nobody's."""
    try:
        return [issuer.address_of(token) for token in tokens]
    except issuer.IssuerAwayError:
        return [UNAVAILABLE] * len(tokens)


def renew(processes: Sequence[maildrop.MailProcess]) -> list[maildrop.Renewed]:
    return [maildrop.renew(process) for process in processes]


def drop_processes(processes: Sequence[maildrop.MailProcess]) -> None:
    for process in processes:
        maildrop.drop_process(process.id)


def sweep_dead(asked: Sequence[None]) -> list[int]:
    return [maildrop.sweep_dead()] * len(asked)


def re_take(sessions: Sequence[Sequence["Pop3Door"]]) -> list[list[int]]:
    """Take the sessions of these doors anew.

    What they hold is looked at here, on the lane where sessions are closed: one that is on its way out is left alone,
    and one that goes out from now on comes behind us.
    """
    held = [[each for door in doors if (each := door.held()) is not None] for doors in sessions]
    return [maildrop.re_take(each) for each in held]


def read_bodies(wanted: Sequence[Bodies]) -> list[dict[int, bytes]]:
    return _shared_out(maildrop.read_bodies(_all_ids(wanted)), wanted)


def read_bodies_in_ascii(wanted: Sequence[Bodies]) -> list[dict[int, bytes]]:
    return _shared_out(maildrop.read_bodies_in_ascii(_all_ids(wanted)), wanted)


def _all_ids(wanted: Sequence[Bodies]) -> list[int]:
    return [number for each in wanted for number in each.ids]


def _shared_out(bodies: dict[int, bytes], wanted: Sequence[Bodies]) -> list[dict[int, bytes]]:
    return [{number: bodies[number] for number in each.ids if number in bodies} for each in wanted]


def find_recipients(wanted: Sequence[Sequence[recipients.Recipient]]) -> list[list[recipients.Target | Returning]]:
    """Find the recipients of each session's RCPT commands."""
    found = iter(recipients.find_recipients([recipient for each in wanted for recipient in each]))
    return [
        [Returning() if is_returned_to(it.address) else target for it, target in zip(each, found, strict=False)]
        for each in wanted
    ]


def take_back(bounces: Sequence[returned.Bounce]) -> list[bool]:
    return [returned.take(bounce) for bounce in bounces]


def new_bodies(numbers: Sequence[int]) -> list[list[int]]:
    made = iter(delivery.new_bodies(sum(numbers)))
    return [[next(made) for _ in range(number)] for number in numbers]


def stage_chunks(chunks: Sequence[delivery.Chunk]) -> list[bool]:
    delivery.stage_chunks(chunks)
    return [True] * len(chunks)


def copy_chunks(bodies: Sequence[tuple[int, int]]) -> list[bool]:
    """Copy all but the first chunk, which names the recipient, from one staged body to another."""
    for source, target in bodies:
        delivery.copy_chunks(source, target, first=1)
    return [True] * len(bodies)


def discard_bodies(bodies: Sequence[Sequence[int]]) -> None:
    delivery.discard_bodies([body for each in bodies for body in each])


Outcome = delivery.Result


def deliver(messages: Sequence[Sequence[delivery.Delivery]]) -> list[list[Outcome]]:
    """Deliver each message to all its mailboxes."""
    outcomes = iter(delivery.deliver([each for message in messages for each in message]))
    return [[next(outcomes) for _ in message] for message in messages]


def octets_at_hand(message: Sequence[delivery.Delivery]) -> int:
    return sum(len(chunk) for each in message for chunk in each.chunks)
