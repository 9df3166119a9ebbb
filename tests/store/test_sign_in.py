"""Signing in to mail: the statement that finds an account, proofs, policy, and what is recorded."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlpanel import database
from controlpanel.accounts import passwords
from controlpanel.accounts.models import KnownNetwork, User
from controlpanel.mailboxes import device_passwords, sign_in
from controlpanel.mailboxes.models import DevicePassword, Mailbox, State
from controlpanel.mailboxes.sign_in import (
    Account,
    Proof,
    Purpose,
    Refusal,
    Use,
    attempt,
    find_accounts,
    judge,
    prove,
    record_uses,
    salt_of,
    try_remembered,
)
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db

HOME = "203.0.113.7"
SECRET = "tres tristes tigres"


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "_remembered", sign_in.Remembered())


@pytest.fixture
def box() -> Mailbox:
    box = make_mailbox("ana@example.org")
    User.objects.filter(pk=box.user_id).update(password=passwords.make(SECRET))
    return box


def give_device(box: Mailbox, name: str = "Laptop", **fields: Any) -> tuple[DevicePassword, str]:
    secret = device_passwords.generate()
    keys = device_passwords.keys(secret, bytes(box.scram_salt))
    device = DevicePassword.objects.create(
        mailbox=box, name=name, stored_key=keys.stored_key, server_key=keys.server_key, **fields
    )
    return device, secret


def found(name: str = "ana@example.org") -> Account:
    [account] = find_accounts([name])
    assert account is not None
    return account


def test_many_names_are_found_in_their_order_by_one_statement(box: Mailbox, monkeypatch) -> None:
    other = make_mailbox("luis@example.org")
    asked = []
    rows = database.rows
    monkeypatch.setattr(database, "rows", lambda *args, **values: asked.append(args) or rows(*args, **values))
    names = ["luis@example.org", "nobody@example.org", "ana@example.org", "no address", "luis@example.org", "\0"]
    accounts = find_accounts(names)
    assert [account and account.mailbox for account in accounts] == [other.pk, None, box.pk, None, other.pk, None]
    assert len(asked) == 1
    assert find_accounts([]) == []
    assert find_accounts(["no address"]) == [None]
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["ANA@Example.ORG", " ana@example.org ", "\uff41na@example.org", "ana@example.org."])
def test_a_name_is_prepared_before_it_is_looked_up(box: Mailbox, name: str) -> None:
    assert found(name).mailbox == box.pk


def test_an_international_name_is_found_in_either_form() -> None:
    box = make_mailbox("jos\u00e9@xn--mnchen-3ya.example")
    assert found("Jose\u0301@M\u00fcnchen.example").mailbox == box.pk
    assert found("JOS\u00c9@XN--MNCHEN-3YA.example").mailbox == box.pk


def test_an_account_has_what_a_login_needs(box: Mailbox) -> None:
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    laptop, _ = give_device(box, networks=networks)
    phone, _ = give_device(box, "Phone", may_send=False, expires=timezone.now() - timedelta(seconds=1))
    give_device(box, "Lost", revoked=timezone.now())
    box.domain.login_delay, box.domain.exclusive_lock, box.domain.expire_days = 60, True, 30
    box.domain.save()
    account = found()
    assert (account.mailbox, account.user, account.address) == (box.pk, box.user_id, "ana@example.org")
    assert account.salt == bytes(box.scram_salt)
    assert (account.state, account.pop3, account.main_password) == ("active", True, True)
    assert (account.login_delay, account.exclusive, account.expire_days) == (60, True, 30)
    assert [(device.id, device.name, device.expired) for device in account.devices] == [
        (laptop.pk, "Laptop", False),
        (phone.pk, "Phone", True),
    ]
    assert account.devices[0].networks == tuple(networks)
    assert account.devices[0].stored_key == bytes(laptop.stored_key)
    assert (account.devices[1].may_fetch, account.devices[1].may_send) == (True, False)
    assert "argon2" not in repr(account)


@pytest.mark.parametrize(
    ("of_box", "of_domain", "active", "state"),
    [
        ("active", "active", True, "active"),
        ("active", "active", False, "suspended"),
        ("suspended", "active", True, "suspended"),
        ("active", "closed", True, "closed"),
        ("closed", "suspended", False, "closed"),
        ("deleted", "active", True, None),
        ("active", "deleted", True, None),
    ],
)
def test_the_stricter_state_holds_and_what_is_deleted_is_not_there(
    box: Mailbox, of_box: str, of_domain: str, active: bool, state: str | None
) -> None:
    Mailbox.objects.filter(pk=box.pk).update(state=of_box)
    type(box.domain).objects.filter(pk=box.domain_id).update(state=of_domain)
    User.objects.filter(pk=box.user_id).update(is_active=active)
    [account] = find_accounts(["ana@example.org"])
    assert (account and account.state) == state


def second_factor(user: User, kind: str) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=user, type=kind, data={})


@pytest.mark.parametrize(
    ("case", "opens"),
    [
        ("nobody in particular", True),
        ("recovery_codes", True),
        ("totp", False),
        ("webauthn", False),
        ("operator", False),
        ("administrator", False),
        ("policy", False),
    ],
)
def test_whose_main_password_opens_a_mail_client(box: Mailbox, case: str, opens: bool) -> None:
    if case == "operator":
        User.objects.filter(pk=box.user_id).update(is_operator=True)
    elif case == "administrator":
        make_domain("another.example").administrators.add(box.user)
    elif case == "policy":
        type(box.domain).objects.update(device_passwords_only=True)
    elif case != "nobody in particular":
        second_factor(box.user, case)
    account = found()
    refusal = judge(account, prove(account, "ana@example.org", SECRET), HOME)
    assert refusal == (None if opens else Refusal.DEVICE_PASSWORD_NEEDED)


def test_the_main_password_proves_and_is_remembered_until_it_changes(box: Mailbox, monkeypatch) -> None:
    account = found()
    assert try_remembered(account, SECRET) is None
    assert prove(account, "ana@example.org", SECRET) == Proof(True)
    assert try_remembered(found(), SECRET) == Proof(True)
    assert try_remembered(found(), SECRET + "x") is None
    User.objects.filter(pk=box.user_id).update(password=passwords.make("another secret"))
    assert try_remembered(found(), SECRET) is None
    assert not prove(found(), "ana@example.org", SECRET).right


def test_a_device_password_proves_without_argon2_and_is_remembered_until_revoked(box: Mailbox, monkeypatch) -> None:
    give_device(box)
    device, secret = give_device(box, "Phone")
    monkeypatch.setattr(passwords, "check", lambda stored, secret: pytest.fail("reached Argon2"))
    account = found()
    proof = prove(account, "ana@example.org", secret)
    assert proof.right
    assert proof.device is not None
    assert proof.device.id == device.pk
    remembered = try_remembered(found(), secret)
    assert remembered is not None
    assert remembered.device == proof.device
    assert prove(account, "ana@example.org", secret.upper().replace("-", " ")).device == proof.device
    DevicePassword.objects.filter(pk=device.pk).update(revoked=timezone.now())
    assert try_remembered(found(), secret) is None
    assert not prove(found(), "ana@example.org", secret).right


def test_a_well_formed_device_password_of_nobody_never_reaches_argon2(box: Mailbox, monkeypatch) -> None:
    monkeypatch.setattr(passwords, "check", lambda stored, secret: pytest.fail("reached Argon2"))
    derived = []
    keys = device_passwords.keys
    monkeypatch.setattr(device_passwords, "keys", lambda *args: derived.append(args) or keys(*args))
    for account, name in ((found(), "ana@example.org"), (None, "nobody@example.org"), (None, "no address")):
        assert not prove(account, name, device_passwords.generate()).right
    assert len(derived) == 3  # the same work for each


def test_an_unknown_name_costs_what_a_known_one_costs(monkeypatch) -> None:
    spent = []
    monkeypatch.setattr(passwords.Argon2, "verify", lambda self, secret, encoded: spent.append(secret))
    assert not prove(None, "nobody@example.org", "guess").right
    assert spent == ["guess"]


def test_a_salt_of_an_unknown_name_is_its_own_and_stays(box: Mailbox, settings) -> None:
    salts = {name: salt_of(name, None) for name in ("nobody@example.org", "else@example.org", "no address")}
    assert len(set(salts.values())) == 3
    assert {len(salt) for salt in salts.values()} == {len(box.scram_salt)}
    assert salt_of("NOBODY@example.org", None) == salts["nobody@example.org"]
    assert salt_of("ana@example.org", found()) == bytes(box.scram_salt)
    settings.SECRET_KEY = "another"
    assert salt_of("nobody@example.org", None) != salts["nobody@example.org"]


ACCOUNT = Account(1, 2, "ana@example.org", "!", b"salt", State.ACTIVE, True, True, "en", ())
DEVICE = sign_in.Device(7, "Laptop", b"", b"", (), False, True, True)


@pytest.mark.parametrize(
    ("account", "proof", "peer", "refusal"),
    [
        ({}, Proof(True), HOME, None),
        ({}, Proof(True), None, None),
        ({}, Proof(False), HOME, Refusal.WRONG),
        ({"state": "suspended"}, Proof(False), HOME, Refusal.WRONG),
        ({"state": "suspended"}, Proof(True), HOME, Refusal.SUSPENDED),
        ({"state": "suspended"}, Proof(True, DEVICE), HOME, Refusal.SUSPENDED),
        ({"state": "closed"}, Proof(True), HOME, Refusal.CLOSED),
        ({"pop3": False}, Proof(True), HOME, Refusal.POP3_OFF),
        ({"main_password": False}, Proof(True), HOME, Refusal.DEVICE_PASSWORD_NEEDED),
        ({"main_password": False}, Proof(True, DEVICE), HOME, None),
        ({}, Proof(True, replace(DEVICE, expired=True)), HOME, Refusal.DEVICE_PASSWORD_EXPIRED),
        ({}, Proof(True, replace(DEVICE, may_fetch=False)), HOME, Refusal.DEVICE_PASSWORD_PURPOSE),
        ({}, Proof(True, replace(DEVICE, may_send=False)), HOME, None),
        ({}, Proof(True, replace(DEVICE, networks=("203.0.113.0/24",))), HOME, None),
        ({}, Proof(True, replace(DEVICE, networks=("203.0.113.0/24",))), f"::ffff:{HOME}", None),
        ({}, Proof(True, replace(DEVICE, networks=("2001:db8::/32", "203.0.113.7/32"))), "2001:db8::1", None),
        ({}, Proof(True, replace(DEVICE, networks=("203.0.113.0/24",))), "192.0.2.1", Refusal.NETWORK_NOT_ALLOWED),
        ({}, Proof(True, replace(DEVICE, networks=("203.0.113.0/24",))), "2001:db8::1", Refusal.NETWORK_NOT_ALLOWED),
        ({}, Proof(True, replace(DEVICE, networks=("203.0.113.0/24",))), None, Refusal.NETWORK_NOT_ALLOWED),
    ],
)
def test_what_policy_says_to_a_proof(account: dict[str, Any], proof: Proof, peer: str | None, refusal: Any) -> None:
    assert judge(replace(ACCOUNT, **account), proof, peer) == refusal


@pytest.mark.parametrize(
    ("account", "proof", "refusal"),
    [
        ({"pop3": False}, Proof(True), None),
        ({"main_password": False}, Proof(True), Refusal.DEVICE_PASSWORD_NEEDED),
        ({}, Proof(True, replace(DEVICE, may_fetch=False)), None),
        ({}, Proof(True, replace(DEVICE, may_send=False)), Refusal.DEVICE_PASSWORD_PURPOSE),
        ({"state": "suspended"}, Proof(True), Refusal.SUSPENDED),
    ],
)
def test_what_policy_says_to_who_sends(account: dict[str, Any], proof: Proof, refusal: Any) -> None:
    assert judge(replace(ACCOUNT, **account), proof, HOME, Purpose.SEND) == refusal


def test_a_foreign_hash_becomes_argon2_at_the_first_right_sign_in(box: Mailbox) -> None:
    salt = b"salt"
    ssha = "{SSHA}" + base64.b64encode(hashlib.sha1(SECRET.encode() + salt).digest() + salt).decode()
    User.objects.filter(pk=box.user_id).update(password=passwords.kept_as_it_came(ssha))
    account = found()
    assert not prove(account, "ana@example.org", "wrong").right
    proof = prove(account, "ana@example.org", SECRET)
    record_uses([Use(account, proof, HOME), Use(account, proof, HOME)])
    now = found()
    assert now.password.startswith("argon2$argon2id$")
    assert try_remembered(now, SECRET) == Proof(True)
    assert prove(now, "ana@example.org", SECRET) == Proof(True)


def test_a_renewed_hash_does_not_undo_a_change_of_password(box: Mailbox) -> None:
    account = found()
    changed = passwords.make("another secret")
    User.objects.filter(pk=box.user_id).update(password=changed)
    record_uses([Use(account, Proof(True, None, passwords.make(SECRET)), HOME)])
    assert found().password == changed


def test_a_devices_use_is_recorded_at_most_every_ten_minutes(box: Mailbox) -> None:
    device, secret = give_device(box)
    account = found()
    use = Use(account, prove(account, "ana@example.org", secret), HOME)
    record_uses([use, use, Use(account, Proof(True), HOME)])
    device.refresh_from_db()
    assert device.last_address == HOME
    first = device.last_used
    record_uses([replace(use, peer="192.0.2.1")])
    device.refresh_from_db()
    assert (device.last_used, device.last_address) == (first, HOME)
    DevicePassword.objects.update(last_used=timezone.now() - timedelta(minutes=11))
    record_uses([replace(use, peer="192.0.2.1")])
    device.refresh_from_db()
    assert device.last_address == "192.0.2.1"
    assert set(KnownNetwork.objects.values_list("network", flat=True)) == {HOME, "192.0.2.1"}


def test_a_use_without_a_peer_is_recorded(box: Mailbox) -> None:
    device, secret = give_device(box)
    account = found()
    record_uses([Use(account, prove(account, "ana@example.org", secret), None)])
    device.refresh_from_db()
    assert device.last_used is not None
    assert device.last_address is None
    record_uses([])


def test_a_try_is_told_to_the_throttle_by_canonical_address_and_shape() -> None:
    told = attempt("ANA@Example.org", "::ffff:203.0.113.7", "guess")
    assert (told.network, told.address, told.guess) == (HOME, "ana@example.org", True)
    assert not attempt("ana@example.org", HOME, device_passwords.generate()).guess
    assert attempt("no address", HOME, "guess").address == ""
    assert attempt("ana@example.org", HOME, None).mark == b""
