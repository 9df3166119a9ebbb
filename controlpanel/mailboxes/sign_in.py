"""Signing in to a mailbox from a mail client: who is meant, is the secret right, does policy let them in.

The door calls, in this order:

    [account] = find_accounts([name])               one statement for many names
    proof = try_remembered(account, secret)         cheap, on the loop's thread
    [wait] = throttle.waits([attempt(…)])           only when nothing is remembered
    proof = prove(account, name, secret)            slow, in the hash lane
    refusal = judge(account, proof, peer)           pure
    record_uses([Use(…)])                           after a right one that may come in
    throttle.record_failures([attempt(…)])          after a wrong one

An unknown name goes the same way with None for its account, and costs the same time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import starmap
from typing import Any

from django.utils.crypto import salted_hmac

from controlpanel import database
from controlpanel.accounts import passwords, throttle
from controlpanel.accounts.addresses import canonical_or_none
from controlpanel.accounts.models import User
from controlpanel.accounts.remembered import Remembered
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.models import State

_remembered = Remembered()


class Purpose(Enum):
    """What a sign-in is for."""

    FETCH = "fetch"
    SEND = "send"


class Refusal(StrEnum):
    """Why a sign-in to mail is refused. All but WRONG and what is of the line are said only to a right secret."""

    WRONG = "wrong"
    DEVICE_PASSWORD_NEEDED = "device_password_needed"
    DEVICE_PASSWORD_EXPIRED = "device_password_expired"
    DEVICE_PASSWORD_PURPOSE = "device_password_purpose"  # it fetches and does not send, or the other way round
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    POP3_OFF = "pop3_off"
    MAY_NOT_SEND = "may_not_send"
    TLS_NEEDED = "tls_needed"  # said to anybody: before the password, if the client lets us
    NEWER_TLS_NEEDED = "newer_tls_needed"


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """A device password that is not revoked, as of one moment by the database's clock."""

    id: int
    name: str
    stored_key: bytes
    server_key: bytes
    networks: tuple[str, ...]  # CIDR texts; empty: from anywhere
    expired: bool
    may_fetch: bool
    may_send: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A mailbox and who signs in to it, as one statement read them. Deleted mailboxes and domains have none."""

    mailbox: int
    user: int
    address: str  # canonical
    password: str  # the User's stored hash; "!…" where no password is set
    salt: bytes  # for every device password of the mailbox
    state: str  # mailboxes.models.State: the stricter of the mailbox's and the domain's
    pop3: bool
    main_password: bool  # whether the person's own password may open a mail client
    language: str  # of the owner, or of the domain
    devices: tuple[Device, ...]
    exclusive: bool = False  # the domain's policies that a POP3 session needs
    login_delay: int = 0  # seconds
    expire_days: int | None = None
    send_enabled: bool = True
    recorded: bool = False  # its dialogues are written down, see dialogues.py
    ascii_headers: bool = False
    plain_login: bool = False  # without TLS, today
    old_tls: bool = False  # with TLS 1.0 or 1.1, today


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What a secret proved: nothing, a device's password, or (device None) the person's own, or who they are.

    `replacement` is the hash that shall stand in the place of the one in `Account.password`.
    """

    right: bool
    device: Device | None = None
    replacement: str | None = None
    token: bool = False  # an issuer that we trust vouches for the owner


WRONG = Proof(False)


@dataclass(frozen=True, slots=True)
class Use:
    """A right sign-in that policy let through, to be recorded."""

    account: Account
    proof: Proof
    peer: str | None


def find_accounts(names: Sequence[str]) -> list[Account | None]:
    """Return the account of each name as a client sent it, in order, by one statement."""
    canonical = [canonical_or_none(name) or "" for name in names]
    accounts: list[Account | None] = [None] * len(names)
    if any(canonical):
        for place, *row in database.rows(_ACCOUNTS, names=canonical):
            accounts[place - 1] = _account(row)
    return accounts


_ACCOUNTS = """
SELECT tried.place, mailbox.id, owner.id, mailbox.address_text, owner.password, mailbox.scram_salt,
       ARRAY[mailbox.state, domain.state, CASE WHEN owner.is_active THEN 'active' ELSE 'suspended' END],
       mailbox.pop3_enabled AND domain.pop3_enabled,
       NOT ((domain.device_passwords_only
             AND coalesce(domain.device_passwords_from <= (statement_timestamp() AT TIME ZONE 'UTC')::date, true))
            OR owner.is_operator
            OR EXISTS (SELECT FROM mailboxes_domain_administrators AS runs WHERE runs.user_id = owner.id)
            OR EXISTS (SELECT FROM mfa_authenticator AS factor
                       WHERE factor.user_id = owner.id AND factor.type <> 'recovery_codes')),
       coalesce(nullif(owner.language, ''), domain.language),
       domain.exclusive_lock, domain.login_delay, domain.expire_days, mailbox.send_enabled,
       mailbox.record_sessions > 0 AND coalesce(mailbox.record_until > statement_timestamp(), false),
       domain.ascii_headers,
       coalesce(domain.plain_login_until > (statement_timestamp() AT TIME ZONE 'UTC')::date, false),
       coalesce(domain.old_tls_until > (statement_timestamp() AT TIME ZONE 'UTC')::date, false),
       devices.ids, devices.names, devices.stored_keys, devices.server_keys, devices.networks, devices.expired,
       devices.may_fetch, devices.may_send
FROM unnest(%(names)s::text[]) WITH ORDINALITY AS tried (name, place)
JOIN mailboxes_mailbox AS mailbox ON mailbox.address_text = tried.name AND mailbox.state <> 'deleted'
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id AND domain.state <> 'deleted'
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
CROSS JOIN LATERAL (
    SELECT array_agg(id ORDER BY id) AS ids, array_agg(name ORDER BY id) AS names,
           array_agg(stored_key ORDER BY id) AS stored_keys, array_agg(server_key ORDER BY id) AS server_keys,
           array_agg(networks::text ORDER BY id) AS networks,
           array_agg(coalesce(expires <= statement_timestamp(), false) ORDER BY id) AS expired,
           array_agg(may_fetch ORDER BY id) AS may_fetch, array_agg(may_send ORDER BY id) AS may_send
    FROM mailboxes_devicepassword AS device WHERE device.mailbox_id = mailbox.id AND device.revoked IS NULL
) AS devices
"""


def _account(row: Sequence[Any]) -> Account:
    mailbox, user, address, password, salt, states, pop3, main_password, language, *rest = row
    policies, columns = rest[:8], rest[8:]
    return Account(
        mailbox,
        user,
        address,
        password,
        bytes(salt),
        max(states, key=_STRICTNESS.index),
        pop3,
        main_password,
        language,
        tuple(starmap(_device, zip(*columns, strict=True))) if columns[0] else (),
        *policies,
    )


def _device(number: int, name: str, stored_key: bytes, server_key: bytes, networks: str, *rest: bool) -> Device:
    allowed = () if networks == "[]" else tuple(json.loads(networks))
    return Device(number, name, bytes(stored_key), bytes(server_key), allowed, *rest)


def names(name: str, account: Account) -> bool:
    """Whether `name`, as a client sent it, is the account's."""
    return canonical_or_none(name) == account.address


_STRICTNESS = [State.ACTIVE, State.SUSPENDED, State.CLOSED]


def attempt(name: str, peer: str | None, secret: str | None) -> throttle.Attempt:
    """Return a try as the throttle takes it. `secret` is None in SCRAM, where a wrong one is like any other."""
    guess = secret is None or not device_passwords.well_formed(secret)
    return throttle.attempt(peer, canonical_or_none(name), secret, guess=guess)


def token_attempt(name: str, peer: str | None, token: str) -> throttle.Attempt:
    """Return a try with a bearer token. Nobody guesses a signature, so it never slows the mailbox for others."""
    return throttle.attempt(peer, canonical_or_none(name), token, guess=False)


def salt_of(name: str, account: Account | None) -> bytes:
    """Return the SCRAM salt for a name: its mailbox's, or one derived from the name that looks the same every time."""
    if account is not None:
        return account.salt
    digest = salted_hmac("casilla.scram", canonical_or_none(name) or name, algorithm="sha256").digest()
    return digest[: device_passwords.SALT_OCTETS]


def try_remembered(account: Account | None, secret: str) -> Proof | None:
    """Return the proof of a secret that was right in the last 24 hours, its stored hash unchanged; None: `prove` it."""
    if account is None:
        return None
    stored_keys = [device.stored_key for device in account.devices]
    found = _remembered.find(account.mailbox, secret, [account.password, *stored_keys])
    if found is None:
        return None
    device = next((device for device in account.devices if device.stored_key == found), None)
    return Proof(True, device)


def prove(account: Account | None, name: str, secret: str) -> Proof:
    """Check a secret: 2 ms for what has the shape of a device password, 30 ms and more for all else."""
    password = device_passwords.read(secret)
    if password is None:
        return _prove_main(account, secret)
    devices = account.devices if account is not None else ()
    stored_keys = [device.stored_key for device in devices]
    place = device_passwords.matching(password, salt_of(name, account), stored_keys)
    if account is None or place is None:
        return WRONG
    _remembered.remember(account.mailbox, secret, stored_keys[place])
    return Proof(True, devices[place])


def _prove_main(account: Account | None, secret: str) -> Proof:
    verdict = passwords.check(account.password if account is not None else None, secret)
    if account is None or not verdict.right:
        return WRONG
    _remembered.remember(account.mailbox, secret, verdict.replacement or account.password)
    return Proof(True, None, verdict.replacement)


def judge(account: Account, proof: Proof, peer: str | None, purpose: Purpose = Purpose.FETCH) -> Refusal | None:
    """Pure: return why policy refuses a proof, None where it lets it in."""
    if not proof.right:
        return Refusal.WRONG
    if account.state != State.ACTIVE:
        return Refusal.CLOSED if account.state == State.CLOSED else Refusal.SUSPENDED
    if not account.pop3 and purpose is Purpose.FETCH:
        return Refusal.POP3_OFF
    if not account.send_enabled and purpose is Purpose.SEND:
        return Refusal.MAY_NOT_SEND
    if proof.device is None:
        return None if account.main_password or proof.token else Refusal.DEVICE_PASSWORD_NEEDED
    return _judge_device(proof.device, peer, purpose)


def _judge_device(device: Device, peer: str | None, purpose: Purpose) -> Refusal | None:
    if device.expired:
        return Refusal.DEVICE_PASSWORD_EXPIRED
    if not (device.may_fetch if purpose is Purpose.FETCH else device.may_send):
        return Refusal.DEVICE_PASSWORD_PURPOSE
    if device.networks and not device_passwords.within(peer, device.networks):
        return Refusal.NETWORK_NOT_ALLOWED
    return None


def record_uses(uses: Sequence[Use]) -> None:
    """Record right sign-ins: the device's last use, the peer as known, a renewed hash, what the throttle takes back."""
    for account, replacement in {use.account.user: (use.account, use.proof.replacement) for use in uses}.values():
        if replacement is not None:
            User.objects.filter(pk=account.user, password=account.password).update(password=replacement)
    devices = {use.proof.device.id: use.peer for use in uses if use.proof.device is not None}
    if devices:
        database.run(_DEVICES_USED, devices=list(devices), addresses=list(devices.values()))
    throttle.record_successes(
        [throttle.Success(throttle.network_of(use.peer), use.account.address, use.account.user) for use in uses]
    )


# Rows that another process writes just now are skipped: it writes the same, and nobody waits in a ring.
_DEVICES_USED = """
UPDATE mailboxes_devicepassword AS device SET last_used = statement_timestamp(), last_address = used.address::inet
FROM unnest(%(devices)s::bigint[], %(addresses)s::text[]) AS used (id, address)
WHERE device.id = used.id AND device.id IN (
    SELECT id FROM mailboxes_devicepassword AS stale
    WHERE stale.id = used.id
      AND (stale.last_used IS NULL OR stale.last_used < statement_timestamp() - interval '10 minutes')
    FOR NO KEY UPDATE SKIP LOCKED)
"""
