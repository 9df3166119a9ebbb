"""Sign a client in and open its maildrop, or say why not. Every refusal is recorded, and costs the same time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controlpanel.accounts.throttle import Attempt
from controlpanel.journal.record import RefusedSignIn
from controlpanel.mailboxes import device_passwords, sign_in
from controlpanel.mailboxes.sign_in import Account, Proof, Refusal
from controlpanel.mailstore.maildrop import Crowded, InUse, Opened, Opening, Taken, TooSoon, Turn
from pop3service.backend import refusals
from pop3service.backend.steps import Steps, ask, ignore
from pop3service.backend.store import UNAVAILABLE, Secret, Store
from pop3service.requests import (
    LoggedIn,
    Login,
    LoginAnswer,
    Refused,
    ScramFailed,
    ScramKey,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    TokenLogin,
    Unavailable,
)

if TYPE_CHECKING:
    from pop3service.backend.pop3_door import Pop3Door

IN_USE_SECONDS = 10  # how long a login waits for an exclusive maildrop
IN_USE_AGAIN_SECONDS = 0.5
PATIENCE_SECONDS = 4  # a throttled attempt is held this long; a longer wait is refused and named


@dataclass(frozen=True, slots=True)
class Live:
    """An open maildrop: whose, how it was opened, and as what."""

    address: str
    opening: Opening
    opened: Opened
    started: datetime


def login(door: "Pop3Door", request: Login) -> Steps[LoginAnswer]:
    """Check a password and open the maildrop."""
    account = yield from ask(door.store.accounts, request.name)
    if isinstance(account, Unavailable):
        return account
    door.listen(account)
    proof = sign_in.try_remembered(account, request.secret) or (yield from check(door, account, request))
    if not isinstance(proof, Proof):
        return proof
    if account is None or not proof.right:
        return refuse(door, account, request.mechanism, Refusal.WRONG)
    return (yield from enter(door, account, proof, request.mechanism))


def check(door: "Pop3Door", account: Account | None, request: Login) -> Steps[Proof | Refused | Unavailable]:
    """Prove a password in the hash lane, if the throttle lets it go there; an unknown name takes the same way."""
    attempt = sign_in.attempt(request.name, door.line.address or None, request.secret)
    refused = yield from throttle(door.store, attempt)
    if refused is not None:
        return refuse(door, account, request.mechanism, "throttled", refused)
    proof = yield from ask(door.store.proofs, Secret(account, request.name, request.secret))
    if isinstance(proof, Unavailable):
        return refusals.OVERLOADED
    if not proof.right:
        yield from ask(door.store.failures, attempt)
    return proof


def look_up_scram(door: "Pop3Door", request: ScramLookup) -> Steps[ScramKeys | Refused | Unavailable]:
    """Name the salt and the keys that a SCRAM exchange is checked against; an unknown name has a salt of its own."""
    attempt = sign_in.attempt(request.name, door.line.address or None, None)
    refused = yield from throttle(door.store, attempt)
    if refused is not None:
        return refused
    account = yield from ask(door.store.accounts, request.name)
    if isinstance(account, Unavailable):
        return account
    door.listen(account)
    door.account = account
    devices = () if account is None else account.devices
    keys = [ScramKey(device, device.stored_key, device.server_key) for device in devices]
    return ScramKeys(sign_in.salt_of(request.name, account), device_passwords.ITERATIONS, keys)


def scram_login(door: "Pop3Door", request: ScramLogin) -> Steps[LoginAnswer]:
    account, device = door.account, request.device
    if account is None or not isinstance(device, sign_in.Device):
        return UNAVAILABLE
    return (yield from enter(door, account, Proof(True, device), request.mechanism))


def scram_failed(door: "Pop3Door", request: ScramFailed) -> Steps[Refused | Unavailable]:
    yield from ask(door.store.failures, sign_in.attempt(request.name, door.line.address or None, None))
    return refuse(door, door.account, request.mechanism, Refusal.WRONG, refusals.SCRAM_FAILED)


def token_login(door: "Pop3Door", request: TokenLogin) -> Steps[LoginAnswer]:
    """Have the issuer's signature checked. Refused tokens slow the network that they come from."""
    attempt = sign_in.token_attempt(request.name, door.line.address or None, request.token)
    refused = yield from throttle(door.store, attempt)
    if refused is not None:
        return refuse(door, None, request.mechanism, "throttled", refused)
    address = yield from ask(door.store.tokens, request.token)
    if isinstance(address, Unavailable):
        return address
    account = yield from ask(door.store.accounts, address or request.name)
    if isinstance(account, Unavailable):
        return account
    door.listen(account)
    if account is None or not address or not sign_in.names(request.name or address, account):
        yield from ask(door.store.failures, attempt)
        return refuse(door, account, request.mechanism, "token_refused", refusals.TOKEN_REFUSED)
    return (yield from enter(door, account, Proof(True, token=True), request.mechanism))


def throttle(store: Store, attempt: Attempt) -> Steps[Refused | Unavailable | None]:
    """Hold a throttled attempt for a short wait; return why it may not go on, None where it may."""
    wait = yield from ask(store.waits, attempt)
    if not isinstance(wait, Unavailable) and 0 < wait <= PATIENCE_SECONDS:
        yield from ask(store.clock, wait)
        wait = yield from ask(store.waits, attempt)
    if isinstance(wait, Unavailable):
        return wait
    return refusals.throttled(wait) if wait > 0 else None


def enter(door: "Pop3Door", account: Account, proof: Proof, mechanism: str) -> Steps[LoginAnswer]:
    """Apply policy to a right secret, and open the maildrop."""
    store, line = door.store, door.line
    refusal = sign_in.judge(account, proof, line.address or None)
    if refusal is not None:
        return refuse(door, account, mechanism, refusal)
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
    )
    opened = yield from open_maildrop(door, opening)
    if not isinstance(opened, Opened):
        if turn is not None:
            store.turns_back.ask(turn, ignore)
        return not_opened(door, account, mechanism, opened)
    door.enter(Live(account.address, opening, opened, datetime.now(UTC)))
    store.uses.ask(sign_in.Use(account, proof, line.address or None), ignore)
    return LoggedIn(opened.messages, opened.octets, account.login_delay, account.expire_days)


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


def note_in_clear(door: "Pop3Door", name: str) -> Steps[None]:
    """Record that a client would have sent a mailbox's password without TLS."""
    account = yield from ask(door.store.accounts, name)
    if isinstance(account, Account):
        door.listen(account)
        refuse(door, account, "USER", "tls_needed", refusals.TLS_NEEDED)


def refuse(
    door: "Pop3Door", account: Account | None, mechanism: str, outcome: str, answer: Refused | Unavailable | None = None
) -> Refused | Unavailable:
    """Record a refused sign-in with the mailbox whose owner may want to know, and return what the client is told."""
    if account is not None:
        attempt = RefusedSignIn(account.mailbox, "pop3", door.line.address or None, outcome, mechanism, door.line.tls)
        door.store.attempts.ask(attempt, ignore)
    door.refused = outcome
    return refusals.REFUSED[Refusal(outcome)] if answer is None else answer
