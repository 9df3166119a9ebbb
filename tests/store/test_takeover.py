"""Nobody takes over a User with wider rights: by password, address, second factor, link, alias or a new mailbox."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password

from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Address, Domain, Letter, Mailbox
from controlpanel.mailboxes.people_lists import read
from controlpanel.mailboxes.rules import NotAllowed
from tests.store.changing import HOME, STRONG, acting
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db

OTHER = "un caballo correcto"


@cache
def stored() -> str:
    """What is stored for STRONG: made once, as each hash is meant to take its time."""
    return make_password(STRONG)


class House:
    """A domain with an administrator, and in it everybody whose rights are wider than the administrator's."""

    def __init__(self) -> None:
        self.here, self.there = make_domain("here.example"), make_domain("there.example")
        self.administrator = make_mailbox("admin@here.example").user
        self.here.administrators.add(self.administrator)
        make_mailbox("ana@here.example")
        User.objects.filter(pk=make_mailbox("operator@here.example").user_id).update(is_operator=True)
        self.there.administrators.add(make_mailbox("runs-more@here.example").user)
        info = make_mailbox("info@there.example")
        info.accesses.create(user=make_mailbox("opens-more@here.example").user)
        User.objects.create_user("boxless-operator@here.example", is_operator=True)
        self.there.administrators.add(User.objects.create_user("boxless@here.example"))
        User.objects.update(password=stored())
        for user in User.objects.all():
            Authenticator.objects.create(user=user, type="totp", data={})

    def actor(self, role: str) -> Actor:
        return acting(
            {"administrator": self.administrator, "owner": User.objects.get(address="ana@here.example")}[role]
        )


@pytest.fixture
def house(settings: Any) -> House:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://127.0.0.1:9", "panel@mail.example"
    return House()


WIDER = ["operator", "runs-more", "opens-more", "boxless-operator", "boxless"]
Way = Callable[[House, User, Actor], object]


def mailbox_of(user: User) -> Mailbox:
    found = Mailbox.objects.filter(user=user).first()
    if found is None:
        raise NotAllowed
    return found


def domain_of(house: House) -> Domain:
    return Domain.objects.get(pk=house.here.pk)


def by_device(house: House, user: User, actor: Actor) -> object:
    return changes.create_device_password(mailbox_of(user), "Mine", actor=actor)


def by_access(house: House, user: User, actor: Actor) -> object:
    """Whoever rules a mailbox lets another in."""
    return changes.grant_access(mailbox_of(user), "luis@here.example", actor=actor)


def by_alias(house: House, user: User, actor: Actor) -> object:
    Address.objects.filter(mailbox=None, local=user.address.partition("@")[0]).delete()
    return changes.create_alias(
        domain_of(house), user.address.partition("@")[0], [house.administrator.address], actor=actor
    )


def by_renaming(house: House, user: User, actor: Actor) -> object:
    """Take the address with a mailbox of one's own."""
    return changes.rename_mailbox(mailbox_of(house.administrator), user.address, actor=actor)


def by_list(house: House, user: User, actor: Actor) -> object:
    return changes.create_mailboxes(domain_of(house), read(user.address, "here.example"), actor=actor)


WAYS: dict[str, Way] = {
    "password": lambda house, user, actor: changes.set_password(user, OTHER, actor=actor),
    "link": lambda house, user, actor: changes.invite(user, actor=actor),
    "second factor": lambda house, user, actor: changes.reset_second_factor(user, actor=actor),
    "address": lambda house, user, actor: changes.rename_mailbox(mailbox_of(user), "x@here.example", actor=actor),
    "deletion": lambda house, user, actor: changes.delete_mailbox(mailbox_of(user), actor=actor),
    "suspension": lambda house, user, actor: changes.suspend_mailbox(mailbox_of(user), actor=actor),
    "hand-over": lambda house, user, actor: changes.hand_over(
        mailbox_of(user), house.administrator.address, actor=actor, move=False
    ),
    "sent link": lambda house, user, actor: changes.send_invitation(user, "me@elsewhere.example", actor=actor),
    "second address": lambda house, user, actor: changes.ask_second_address(user, "me@elsewhere.example", actor=actor),
    "look": lambda house, user, actor: changes.look_as_owner(mailbox_of(user), actor=actor),
    "device": by_device,
    "access": by_access,
    "alias": by_alias,
    "renaming": by_renaming,
    "new mailbox": lambda house, user, actor: changes.create_mailbox(
        domain_of(house), user.address.partition("@")[0], actor=actor, password=OTHER
    ),
    "list": by_list,
    "preferences": lambda house, user, actor: changes.change_preferences(user, actor=actor, name="Somebody else"),
    "appointment": lambda house, user, actor: changes.appoint_administrator(house.here, user.address, actor=actor),
    "operator": lambda house, user, actor: changes.create_operator(user.address, actor=actor, password=OTHER),
}


@pytest.mark.parametrize("role", ["administrator", "owner"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("whose", WIDER)
def test_nobody_takes_over_a_user_with_wider_rights(house: House, whose: str, way: str, role: str) -> None:
    user = User.objects.get(address=f"{whose}@here.example")
    before = (user.address, user.password, user.password_changed, user.name, user.is_operator)
    with pytest.raises((NotAllowed, changes.ChangeRefused)):
        WAYS[way](house, user, house.actor(role))
    user.refresh_from_db()
    assert (user.address, user.password, user.password_changed, user.name, user.is_operator) == before
    assert Authenticator.objects.filter(user=user).exists()
    assert not Letter.objects.exists()
    assert not Address.objects.filter(aliases__isnull=False, local=whose, domain=house.here).exists()


@pytest.mark.parametrize("whose", WIDER)
def test_a_link_given_before_the_rights_were_wider_is_void(house: House, whose: str) -> None:
    user = User.objects.get(address=f"{whose}@here.example")
    if not Mailbox.objects.filter(user=user).exists():
        return
    Domain.administrators.through.objects.filter(user=user).delete()
    user.accesses.all().delete()
    User.objects.filter(pk=user.pk).update(is_operator=False)
    token = changes.invite(user, actor=house.actor("administrator"))
    assert changes.invited(token) == user
    if whose == "operator":
        changes.appoint_operator(user, actor=SHELL)
    elif whose == "runs-more":
        changes.appoint_administrator(house.there, user.address, actor=SHELL)
    else:
        changes.grant_access(Mailbox.objects.get(address_text="info@there.example"), user.address, actor=SHELL)
    assert changes.invited(token) is None
    with pytest.raises(changes.ChangeRefused):
        changes.accept_invitation(token, OTHER, address=HOME)


@pytest.mark.parametrize("appointment", ["operator", "administrator"])
def test_who_knew_the_password_of_a_mailbox_is_no_operator_with_it(house: House, appointment: str) -> None:
    """Nor with a second factor or a browser that they left there."""
    ana = User.objects.get(address="ana@here.example")
    moment = ana.get_session_auth_hash()
    if appointment == "operator":
        changes.appoint_operator(ana, actor=SHELL)
    else:
        changes.appoint_administrator(house.there, "ana@here.example", actor=SHELL)
    ana.refresh_from_db()
    assert not ana.has_usable_password()
    assert not ana.check_password(STRONG)
    assert not Authenticator.objects.filter(user=ana).exists()
    assert ana.get_session_auth_hash() != moment
    token = changes.invite(ana, actor=SHELL)
    assert changes.accept_invitation(token, OTHER, address=HOME).check_password(OTHER)


def test_who_runs_the_service_loses_nothing_by_a_domain(house: House) -> None:
    boss = User.objects.get(address="operator@here.example")
    changes.appoint_administrator(house.there, boss.address, actor=acting(boss))
    boss.refresh_from_db()
    assert boss.check_password(STRONG)
    assert Authenticator.objects.filter(user=boss).exists()
