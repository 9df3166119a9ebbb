"""Open the maildrop for a client whose secret was right, or say why not."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controlpanel.mailboxes import sign_in
from controlpanel.mailboxes.sign_in import Account, Proof
from controlpanel.mailstore.maildrop import Crowded, InUse, Opened, Opening, Taken, TooSoon, Turn
from pop3service.backend import refusals
from pop3service.backend.proving import refuse
from pop3service.backend.safety import unsafe
from pop3service.backend.steps import Steps, ask, ignore
from pop3service.backend.store import Store
from pop3service.requests import LoggedIn, LoginAnswer, Refused, Unavailable

if TYPE_CHECKING:
    from pop3service.backend.pop3_door import Pop3Door

IN_USE_SECONDS = 10  # how long a login waits for an exclusive maildrop
IN_USE_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Live:
    """An open maildrop: whose, how it was opened, and as what."""

    address: str
    opening: Opening
    opened: Opened
    started: datetime


def enter(door: "Pop3Door", account: Account, proof: Proof, mechanism: str) -> Steps[LoginAnswer]:
    """Apply policy to a right secret, and open the maildrop."""
    store = door.store
    refusal = sign_in.judge(account, proof, door.line.address or None) or unsafe(door, account, mechanism)
    if refusal is not None:
        return refuse(door, account, mechanism, refusal)
    store.per_mailbox[account.mailbox] += 1
    answer = yield from let_in(door, account, proof, mechanism)
    if not isinstance(answer, LoggedIn):
        store.leave_mailbox(account.mailbox)
    return answer


def let_in(door: "Pop3Door", account: Account, proof: Proof, mechanism: str) -> Steps[LoginAnswer]:
    """Open the maildrop in its turn, unless the mailbox has too many sessions, or one that excludes this."""
    store, line = door.store, door.line
    beside = store.per_mailbox[account.mailbox] - 1
    turn = yield from take_turn(store, account)
    if isinstance(turn, Unavailable):
        return turn
    if isinstance(turn, TooSoon):
        return refuse(door, account, mechanism, "login_delay", refusals.login_delay(turn.seconds))
    opening = Opening(
        mailbox_id=account.mailbox,
        process=store.process.id,
        device_id=None if proof.device is None else proof.device.id,
        device=proof.device.name if proof.device is not None else mechanism if proof.token else "",
        address=line.address or None,
        tls=line.tls,
        mechanism=mechanism,
        exclusive=account.exclusive,
        beside=beside,
    )
    opened = yield from open_maildrop(door, opening)
    if not isinstance(opened, Opened):
        if turn is not None:
            store.turns_back.ask(turn, ignore)
        return not_opened(door, account, mechanism, opened)
    door.enter(Live(account.address, opening, opened, datetime.now(UTC)))
    store.uses.ask(sign_in.Use(account, proof, line.address or None), ignore)
    return LoggedIn(opened.messages, opened.octets, account.login_delay, account.expire_days, account.ascii_headers)


def take_turn(store: Store, account: Account) -> Steps[Taken | TooSoon | Unavailable | None]:
    """Take the mailbox's turn, where its domain has chosen a LOGIN-DELAY."""
    if not account.login_delay:
        return None
    return (yield from ask(store.turns, Turn(account.mailbox, account.login_delay)))


def not_opened(
    door: "Pop3Door", account: Account, mechanism: str, found: InUse | Crowded | Unavailable
) -> Refused | Unavailable:
    if isinstance(found, InUse):
        return refuse(door, account, mechanism, "in_use", refusals.in_use(found.seconds))
    if isinstance(found, Crowded):
        return refuse(door, account, mechanism, "too_many_sessions", refusals.TOO_MANY_SESSIONS)
    return found


def open_maildrop(door: "Pop3Door", opening: Opening) -> Steps[Opened | InUse | Crowded | Unavailable]:
    """Open, and where an exclusive session has the maildrop try again for ten seconds, holding no lane meanwhile.

    Who has it is told that somebody waits, and gives way if it is idle.
    """
    until = door.store.loop.time() + IN_USE_SECONDS
    while True:
        opened = yield from ask(door.store.openings, opening)
        if not isinstance(opened, InUse) or door.closed or door.store.loop.time() >= until:
            return opened
        door.store.wanted.ask(opening.mailbox_id, ignore)
        yield from ask(door.store.clock, IN_USE_AGAIN_SECONDS)
