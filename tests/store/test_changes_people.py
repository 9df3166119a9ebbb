from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import signing
from django.test import Client
from django.utils import timezone

from controlpanel.accounts import throttle
from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes, device_passwords
from controlpanel.mailboxes.models import Access, DevicePassword, Domain, Mailbox
from tests.store.changing import HOME, STRONG, acting, administrator, not_allowed, operator, refused, told
from tests.store.factories import make_domain, make_mailbox
from tests.store.test_changes_domains import ended

pytestmark = pytest.mark.django_db
__all__ = ["ended"]

OTHER = "un caballo correcto"


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org")


@pytest.fixture
def ana(domain: Domain) -> Mailbox:
    return changes.create_mailbox(domain, "ana", actor=SHELL, password=STRONG)


# Operators and administrators


def test_an_operator_is_made_once() -> None:
    user = changes.create_operator("Boss@Elsewhere.example", actor=SHELL, password=STRONG, name="Boss")
    user.refresh_from_db()
    assert (user.address, user.is_operator, user.check_password(STRONG)) == ("boss@elsewhere.example", True, True)
    assert told("create_operator").subject == "boss@elsewhere.example"
    with refused("address", "signs in with this address"):
        changes.create_operator("boss@elsewhere.example", actor=SHELL)
    with refused("password", "at least 10"):
        changes.create_operator("new@elsewhere.example", actor=SHELL, password="short")
    with refused("address", "name@domain"):
        changes.create_operator("boss", actor=SHELL)


def test_who_signs_in_already_can_be_made_an_operator_and_dismissed(ana: Mailbox) -> None:
    actor = operator()
    changes.appoint_operator(ana.user, actor=actor)
    changes.appoint_operator(ana.user, actor=actor)
    assert User.objects.get(pk=ana.user_id).is_operator
    assert Activity.objects.filter(act="appoint_operator").count() == 1
    changes.dismiss_operator(ana.user, actor=actor)
    assert not User.objects.get(pk=ana.user_id).is_operator
    with refused("", "last operator"):
        changes.dismiss_operator(actor.user, actor=actor)


def test_only_operators_make_operators_and_administrators(domain: Domain, ana: Mailbox) -> None:
    for actor in (administrator(domain), acting(ana.user)):
        with not_allowed():
            changes.create_operator("x@elsewhere.example", actor=actor)
        with not_allowed():
            changes.appoint_operator(ana.user, actor=actor)
        with not_allowed():
            changes.dismiss_operator(ana.user, actor=actor)
        with not_allowed():
            changes.appoint_administrator(domain, "x@elsewhere.example", actor=actor)
        with not_allowed():
            changes.dismiss_administrator(domain, ana.user, actor=actor)


def test_an_administrator_is_appointed_whether_known_or_not(domain: Domain, ana: Mailbox) -> None:
    actor = operator()
    known = changes.appoint_administrator(domain, "ANA@example.org", actor=actor, password=OTHER, name="Not Ana")
    assert known == ana.user
    assert not User.objects.get(pk=known.pk).has_usable_password()
    new = changes.appoint_administrator(domain, "eva@elsewhere.example", actor=actor, password=OTHER, name="Eva")
    assert (new.name, new.check_password(OTHER)) == ("Eva", True)
    without = changes.appoint_administrator(domain, "leo@elsewhere.example", actor=actor)
    assert not without.has_usable_password()
    assert set(domain.administrators.all()) == {known, new, without}
    before = Activity.objects.count()
    changes.appoint_administrator(domain, "eva@elsewhere.example", actor=actor)
    assert Activity.objects.count() == before
    changes.dismiss_administrator(domain, new, actor=actor)
    assert told("dismiss_administrator").subject == "eva@elsewhere.example"
    assert User.objects.filter(pk=new.pk).exists()
    assert new not in domain.administrators.all()


# Passwords


def test_an_owner_sets_their_own_password_and_keeps_their_session(ana: Mailbox, ended: Any, settings: Any) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    here, elsewhere = Client(SERVER_NAME="localhost"), Client(SERVER_NAME="localhost")
    for browser in (here, elsewhere):
        browser.post("/sign-in/", {"login": "ana@example.org", "password": STRONG})
    changes.set_password(ana.user, OTHER, actor=acting(ana.user), keep_session=here.session.session_key)
    assert here.get("/account/second-factor/").status_code == 200
    assert elsewhere.get("/account/second-factor/").status_code == 302
    assert User.objects.get(pk=ana.user_id).check_password(OTHER)
    assert told("set_password").mailbox_id == ana.pk
    assert ended == [(None, ana.pk, 0)]


def test_the_present_password_is_asked_and_slowed(ana: Mailbox) -> None:
    actor = acting(ana.user)
    with refused("present", "not the present password"):
        changes.set_password(ana.user, OTHER, actor=actor, present="wrong")
    for number in range(6):
        throttle.record_failures([throttle.attempt(HOME, "ana@example.org", f"guess {number}")])
    with refused("present", "Try again in"):
        changes.set_password(ana.user, OTHER, actor=actor, present=STRONG)
    throttle.clear(f"pair:{HOME} ana@example.org")
    throttle.clear(f"ip:{HOME}")
    changes.set_password(ana.user, OTHER, actor=actor, present=STRONG)
    with refused("password", "at least 10"):
        changes.set_password(ana.user, "short", actor=actor)
    with refused("password", "password of a device"):
        changes.set_password(ana.user, device_passwords.generate(), actor=actor)


def test_an_administrator_sets_the_password_of_who_has_no_wider_rights(domain: Domain, ana: Mailbox) -> None:
    admin = administrator(domain)
    changes.set_password(ana.user, OTHER, actor=admin)
    assert User.objects.get(pk=ana.user_id).check_password(OTHER)
    domain.administrators.add(ana.user)
    changes.set_password(ana.user, STRONG, actor=admin)
    make_domain("other.example").administrators.add(ana.user)
    with not_allowed():
        changes.set_password(ana.user, OTHER, actor=admin)
    with not_allowed():
        changes.set_password(admin.user, OTHER, actor=acting(make_mailbox("luis@example.org").user))
    changes.set_password(ana.user, OTHER, actor=operator())


def test_who_has_no_mailbox_is_an_operators_affair(domain: Domain) -> None:
    admin, other = administrator(domain), administrator(domain, address="second@elsewhere.example")
    with not_allowed():
        changes.set_password(other.user, OTHER, actor=admin)
    changes.set_password(other.user, OTHER, actor=operator())
    changes.set_password(admin.user, OTHER, actor=admin)


# Invitations


def test_an_invitation_sets_a_password_once(domain: Domain) -> None:
    admin = administrator(domain)
    box = changes.create_mailbox(domain, "ana", actor=admin)
    token = changes.invite(box.user, actor=admin)
    told("invite")
    assert changes.invited(token) == box.user
    with refused("password", "at least 10"):
        changes.accept_invitation(token, "short", address=HOME)
    assert changes.accept_invitation(token, STRONG, address=HOME).check_password(STRONG)
    row = told("accept_invitation")
    assert (row.actor, row.address) == ("ana@example.org", HOME)
    assert changes.invited(token) is None
    with refused("", "has been used, or is too old"):
        changes.accept_invitation(token, OTHER, address=HOME)


def test_an_invitation_ends_with_time_change_and_the_givers_rights(domain: Domain, monkeypatch) -> None:
    admin = administrator(domain)
    box = changes.create_mailbox(domain, "ana", actor=admin)
    token = changes.invite(box.user, actor=admin)
    for damage in ("", "x", token[:-1], token + "x"):
        assert changes.invited(damage) is None
    with monkeypatch.context() as patch:
        now = signing.time.time()
        patch.setattr(signing.time, "time", lambda: now + 7 * 24 * 3600 + 2)
        assert changes.invited(token) is None
    User.objects.filter(pk=box.user_id).update(is_active=False)
    assert changes.invited(token) is None
    User.objects.filter(pk=box.user_id).update(is_active=True, is_operator=True)
    assert changes.invited(token) is None
    User.objects.filter(pk=box.user_id).update(is_operator=False)
    assert changes.invited(token) == box.user
    domain.administrators.remove(admin.user)
    assert changes.invited(token) is None
    domain.administrators.add(admin.user)
    User.objects.filter(pk=admin.user.pk).update(is_active=False)
    assert changes.invited(token) is None


def test_a_password_set_otherwise_ends_every_invitation(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    token = changes.invite(box.user, actor=SHELL)
    assert changes.invited(token) == box.user
    changes.set_password(box.user, STRONG, actor=SHELL)
    assert changes.invited(token) is None


# Second factors


def test_a_second_factor_is_reset_by_who_rules_the_user(domain: Domain, ana: Mailbox) -> None:
    Authenticator.objects.create(user=ana.user, type="totp", data={})
    Authenticator.objects.create(user=ana.user, type="recovery_codes", data={})
    with not_allowed():
        changes.reset_second_factor(ana.user, actor=acting(ana.user))
    assert changes.reset_second_factor(ana.user, actor=administrator(domain))
    assert not Authenticator.objects.exists()
    told("reset_second_factor")
    assert not changes.reset_second_factor(ana.user, actor=SHELL)


# Preferences


def test_preferences_are_ones_own(ana: Mailbox) -> None:
    actor = acting(ana.user)
    user = changes.change_preferences(
        ana.user, actor=actor, language="es", theme="dark", time_zone="America/Bogota", name="Ana  P\u00e9rez"
    )
    assert (user.language, user.theme, user.time_zone, user.name) == ("es", "dark", "America/Bogota", "Ana P\u00e9rez")
    assert Mailbox.objects.get(pk=ana.pk).name == "Ana P\u00e9rez"
    assert changes.change_preferences(ana.user, actor=actor, language="", time_zone="").language == ""
    wrong: dict[str, str] = {"language": "fr", "theme": "pink", "time_zone": "Mars/Olympus"}
    for field, value in wrong.items():
        with refused(field, "cannot be chosen"):
            changes.change_preferences(ana.user, actor=actor, **{field: value})
    with not_allowed():
        changes.change_preferences(ana.user, actor=operator(), language="es")


# Access and devices


def test_access_is_granted_to_who_signs_in(domain: Domain, ana: Mailbox) -> None:
    admin = administrator(domain)
    info = changes.create_mailbox(domain, "info", actor=admin)
    access = changes.grant_access(info, "ANA@example.org", actor=admin)
    assert told("grant_access").details == {"user": "ana@example.org"}
    with refused("address", "open this mailbox already"):
        changes.grant_access(info, "ana@example.org", actor=admin)
    with refused("address", "owner of the mailbox"):
        changes.grant_access(info, "info@example.org", actor=admin)
    with refused("address", "Nobody signs in"):
        changes.grant_access(info, "nobody@example.org", actor=admin)
    changes.revoke_access(access, actor=admin)
    assert not Access.objects.exists()
    told("revoke_access")


def test_nobody_grants_access_to_themselves(domain: Domain) -> None:
    box = make_mailbox("admin@example.org")
    domain.administrators.add(box.user)
    info = changes.create_mailbox(domain, "info", actor=SHELL)
    with refused("address", "to themselves"):
        changes.grant_access(info, "admin@example.org", actor=acting(box.user))
    boss = operator()
    with refused("address", "to themselves"):
        changes.grant_access(info, boss.user.address, actor=boss)


def test_an_administrator_does_not_learn_who_signs_in_elsewhere(domain: Domain) -> None:
    make_mailbox("stranger@other.example")
    info = changes.create_mailbox(domain, "info", actor=SHELL)
    with refused("address", "Nobody signs in"):
        changes.grant_access(info, "stranger@other.example", actor=administrator(domain))
    changes.grant_access(info, "stranger@other.example", actor=operator())


def test_who_loses_access_loses_the_devices_they_made(domain: Domain, ana: Mailbox, ended: Any) -> None:
    info = changes.create_mailbox(domain, "info", actor=SHELL)
    access = changes.grant_access(info, "ana@example.org", actor=SHELL)
    hers, _ = changes.create_device_password(info, "Ana's laptop", actor=acting(ana.user))
    owners, _ = changes.create_device_password(info, "Desk", actor=acting(info.user))
    with not_allowed():
        changes.revoke_access(access, actor=acting(info.user))
    changes.revoke_access(access, actor=acting(ana.user))
    assert DevicePassword.objects.get(pk=hers.pk).revoked
    assert not DevicePassword.objects.get(pk=owners.pk).revoked
    assert ended == [(None, info.pk, hers.pk)]


def test_a_device_password_is_shown_once_and_kept_as_keys(ana: Mailbox) -> None:
    expires = timezone.now() + timedelta(days=90)
    device, secret = changes.create_device_password(
        ana, " My  laptop ", actor=acting(ana.user), expires=expires, networks=["203.0.113.9/24", "2001:db8::1"]
    )
    device.refresh_from_db()
    assert (device.name, device.expires, device.made_by) == ("My laptop", expires, ana.user)
    assert device.networks == ["203.0.113.0/24", "2001:db8::1/128"]
    keys = device_passwords.keys(secret, bytes(ana.scram_salt))
    assert (bytes(device.stored_key), bytes(device.server_key)) == (keys.stored_key, keys.server_key)
    assert secret not in str(vars(told("create_device_password")))
    assert secret not in str(vars(device))


@pytest.mark.parametrize(
    ("field", "wrong", "sentence"),
    [
        ("name", {"name": "  "}, "needed"),
        ("name", {"name": "x" * 61}, "at most 60"),
        ("expires", {"expires": timezone.now() - timedelta(days=1)}, "over already"),
        ("networks", {"networks": ["home"]}, "“home” is no network"),
        ("networks", {"networks": [f"203.0.113.{n}" for n in range(21)]}, "at most twenty"),
        ("may_fetch", {"may_fetch": False, "may_send": False}, "what it is for"),
    ],
)
def test_what_is_wrong_with_a_device_password_is_said(
    ana: Mailbox, field: str, wrong: dict[str, Any], sentence: str
) -> None:
    with refused(field, sentence):
        changes.create_device_password(ana, **{"name": "Laptop", "actor": acting(ana.user), **wrong})


def test_a_mailbox_has_fifty_live_device_passwords_at_most(ana: Mailbox) -> None:
    actor = acting(ana.user)
    keys = {"stored_key": b"", "server_key": b""}
    DevicePassword.objects.bulk_create(DevicePassword(mailbox=ana, name=str(n), **keys) for n in range(50))
    with refused("", "fifty device passwords"):
        changes.create_device_password(ana, "Laptop", actor=actor)
    changes.revoke_device_password(DevicePassword.objects.all()[0], actor=actor)
    changes.create_device_password(ana, "Laptop", actor=actor)


def test_a_device_is_renamed_and_revoked(ana: Mailbox, ended: Any) -> None:
    actor = acting(ana.user)
    device, _ = changes.create_device_password(ana, "Laptop", actor=actor)
    assert changes.rename_device_password(device, "Phone", actor=actor).name == "Phone"
    assert told("rename_device_password").details == {"device": ["Laptop", "Phone"]}
    revoked = changes.revoke_device_password(device, actor=actor).revoked
    assert revoked is not None
    assert changes.revoke_device_password(device, actor=actor).revoked == revoked
    assert Activity.objects.filter(act="revoke_device_password").count() == 1
    assert ended == [(None, ana.pk, device.pk)]


def test_devices_are_made_by_who_opens_the_mailbox_and_revoked_by_who_rules_it(domain: Domain, ana: Mailbox) -> None:
    device, _ = changes.create_device_password(ana, "Laptop", actor=acting(ana.user))
    stranger = acting(make_mailbox("luis@example.org").user)
    for actor in (administrator(domain), operator(), stranger):
        with not_allowed():
            changes.create_device_password(ana, "Spy", actor=actor)
        with not_allowed():
            changes.rename_device_password(device, "Spy", actor=actor)
    with not_allowed():
        changes.revoke_device_password(device, actor=stranger)
    changes.revoke_device_password(device, actor=administrator(domain, address="second@elsewhere.example"))
