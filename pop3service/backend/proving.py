"""Prove who signs in, for any protocol: password, SCRAM or token. Every refusal is recorded, and costs the same time.

What a right secret opens is the caller's affair: a maildrop (login.py), or the way out (auth_door.py).
"""

from typing import Any, Protocol

from controlpanel.accounts.throttle import Attempt
from controlpanel.journal.record import RefusedSignIn
from controlpanel.mailboxes import device_passwords, sign_in
from controlpanel.mailboxes.sign_in import Account, Proof, Refusal
from pop3service.backend import refusals
from pop3service.backend.steps import Steps, ask, ignore
from pop3service.backend.store import UNAVAILABLE, Secret, Store
from pop3service.backend.turns import Came, in_turn
from pop3service.requests import (
    Login,
    Refused,
    Request,
    ScramFailed,
    ScramKey,
    ScramKeys,
    ScramLogin,
    ScramLookup,
    TokenLogin,
    Unavailable,
)

PATIENCE_SECONDS = 4  # a throttled attempt is held this long; a longer wait is refused and named

Checked = Proof | Refused | Unavailable


class Origin(Protocol):
    """From where somebody signs in: an IP address or "", and the version of TLS or ""."""

    @property
    def address(self) -> str: ...
    @property
    def tls(self) -> str: ...


class Caller(Protocol):
    """Who signs in, as the steps here know them. `protocol` stands in the journal, `account` is SCRAM's meanwhile."""

    store: Store
    protocol: str
    account: Account | None
    refused: str

    @property
    def line(self) -> Origin: ...

    def listen(self, account: Account | None) -> None:
        """Hear whose sign-in this is, before anything is proved."""

    def come_in(self, account: Account, proof: Proof, mechanism: str) -> Steps[Any]:
        """Apply policy to a right secret, and open what it opens."""


def sign_in_steps(caller: Caller, request: Request[Any]) -> Steps[Any]:
    """Return the steps of a request that every protocol makes."""
    match request:
        case Login():
            return login(caller, request)
        case ScramLookup():
            return look_up_scram(caller, request)
        case ScramLogin():
            return scram_login(caller, request)
        case ScramFailed():
            return scram_failed(caller, request)
    raise TypeError(type(request).__name__)


def login(caller: Caller, request: Login) -> Steps[Any]:
    """Check a password, and let in who has the right one."""
    account = yield from ask(caller.store.accounts, request.name)
    if isinstance(account, Unavailable):
        return account
    caller.listen(account)
    proof = sign_in.try_remembered(account, request.secret) or (yield from check(caller, account, request))
    if not isinstance(proof, Proof):
        return proof
    if account is None or not proof.right:
        return refuse(caller, account, request.mechanism, Refusal.WRONG)
    return (yield from caller.come_in(account, proof, request.mechanism))


def check(caller: Caller, account: Account | None, request: Login) -> Steps[Checked]:
    """Prove a password in the hash lane, if the throttle lets it go there; an unknown name takes the same way.

    From one network for one name one is looked at after the other: what it failed is counted before the next has its
    turn. And from one network no more are under way than it has failures free.
    """
    attempt = sign_in.attempt(request.name, caller.line.address or None, request.secret)
    full: Checked = refusals.OVERLOADED

    def next_of_name(came: Came) -> Steps[Checked]:
        # Who was first in line may have shown the same secret, and been right.
        proof = sign_in.try_remembered(account, request.secret) if came is Came.LATER else None
        if proof is not None:
            return proof
        refused = yield from throttle(caller.store, attempt)
        if refused is not None:
            return refuse(caller, account, request.mechanism, "throttled", refused)
        return (yield from in_turn(caller.store.networks_tried, attempt.network, next_of_network, full))

    def next_of_network(came: Came) -> Steps[Checked]:
        refused = (yield from throttle(caller.store, attempt, hold=False)) if came is Came.LATER else None
        if refused is not None:
            return refuse(caller, account, request.mechanism, "throttled", refused)
        proof = yield from ask(caller.store.proofs, Secret(account, request.name, request.secret))
        if isinstance(proof, Unavailable):
            return refusals.OVERLOADED
        if not proof.right:
            yield from ask(caller.store.failures, attempt)
        return proof

    return (yield from in_turn(caller.store.names_tried, attempt.turn_key, next_of_name, full))


def look_up_scram(caller: Caller, request: ScramLookup) -> Steps[ScramKeys | Refused | Unavailable]:
    """Name the salt and the keys that a SCRAM exchange is checked against; an unknown name has a salt of its own."""
    attempt = sign_in.attempt(request.name, caller.line.address or None, None)
    refused = yield from throttle(caller.store, attempt)
    if refused is not None:
        return refused
    account = yield from ask(caller.store.accounts, request.name)
    if isinstance(account, Unavailable):
        return account
    caller.listen(account)
    caller.account = account
    devices = () if account is None else account.devices
    keys = [ScramKey(device, device.stored_key, device.server_key) for device in devices]
    return ScramKeys(sign_in.salt_of(request.name, account), device_passwords.ITERATIONS, keys)


def scram_login(caller: Caller, request: ScramLogin) -> Steps[Any]:
    account, device = caller.account, request.device
    if account is None or not isinstance(device, sign_in.Device):
        return UNAVAILABLE
    return (yield from caller.come_in(account, Proof(True, device), request.mechanism))


def scram_failed(caller: Caller, request: ScramFailed) -> Steps[Refused | Unavailable]:
    yield from ask(caller.store.failures, sign_in.attempt(request.name, caller.line.address or None, None))
    return refuse(caller, caller.account, request.mechanism, Refusal.WRONG, refusals.SCRAM_FAILED)


def token_login(caller: Caller, request: TokenLogin) -> Steps[Any]:
    """Have the issuer's signature checked. Refused tokens slow the network that they come from."""
    attempt = sign_in.token_attempt(request.name, caller.line.address or None, request.token)
    refused = yield from throttle(caller.store, attempt)
    if refused is not None:
        return refuse(caller, None, request.mechanism, "throttled", refused)
    address = yield from ask(caller.store.tokens, request.token)
    if isinstance(address, Unavailable):
        return address
    account = yield from ask(caller.store.accounts, address or request.name)
    if isinstance(account, Unavailable):
        return account
    caller.listen(account)
    if account is None or not address or not sign_in.names(request.name or address, account):
        yield from ask(caller.store.failures, attempt)
        return refuse(caller, account, request.mechanism, "token_refused", refusals.TOKEN_REFUSED)
    return (yield from caller.come_in(account, Proof(True, token=True), request.mechanism))


def throttle(store: Store, attempt: Attempt, *, hold: bool = True) -> Steps[Refused | Unavailable | None]:
    """Hold a throttled attempt for a short wait; return why it may not go on, None where it may."""
    wait = yield from ask(store.waits, attempt)
    if hold and not isinstance(wait, Unavailable) and 0 < wait <= PATIENCE_SECONDS:
        yield from ask(store.clock, wait)
        wait = yield from ask(store.waits, attempt)
    if isinstance(wait, Unavailable):
        return wait
    return refusals.throttled(wait) if wait > 0 else None


def refuse(
    caller: Caller, account: Account | None, mechanism: str, outcome: str, answer: Refused | Unavailable | None = None
) -> Refused | Unavailable:
    """Record a refused sign-in with the mailbox whose owner may want to know, and return what the client is told."""
    if account is not None:
        attempt = RefusedSignIn(
            account.mailbox, caller.protocol, caller.line.address or None, outcome, mechanism, caller.line.tls
        )
        caller.store.attempts.ask(attempt, ignore)
    caller.refused = outcome
    return refusals.REFUSED[Refusal(outcome)] if answer is None else answer
