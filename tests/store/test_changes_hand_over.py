"""Somebody leaves, and another mailbox takes over."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.jobs.owner_notices import tell_owners
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Access, Address, DevicePassword, Domain, HandOver, Mailbox
from controlpanel.mailboxes.recipients import Accepted, Recipient, find_recipients
from controlpanel.mailstore import moving, retention
from controlpanel.mailstore.checking import check
from controlpanel.mailstore.models import Message
from tests.store.changing import STRONG, acting, administrator, not_allowed, refused, told
from tests.store.factories import (
    age,
    counters,
    listed,
    make_alias,
    make_domain,
    make_mailbox,
    open_session,
    put,
    remove,
)
from tests.store.test_changes_domains import ended

pytestmark = pytest.mark.django_db
__all__ = ["ended"]


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org")


@pytest.fixture
def ana(domain: Domain) -> Mailbox:
    return changes.create_mailbox(domain, "ana", actor=SHELL, password=STRONG)


@pytest.fixture
def luis(domain: Domain) -> Mailbox:
    return changes.create_mailbox(domain, "luis", actor=SHELL, password=STRONG)


def takes(address: str) -> tuple[int, ...]:
    [found] = find_recipients([Recipient(address)])
    assert isinstance(found, Accepted)
    assert not found.closed
    return found.mailboxes


def hand_over(box: Mailbox, target: Mailbox, move: bool = True) -> HandOver:
    return changes.hand_over(box, target.address_text, actor=administrator(box.domain), move=move)


def test_every_way_in_ends_and_mail_goes_on(domain: Domain, ana: Mailbox, luis: Mailbox, ended: Any) -> None:
    info = changes.create_mailbox(domain, "info", actor=SHELL)
    changes.grant_access(info, "ana@example.org", actor=SHELL)
    there, _ = changes.create_device_password(info, "Ana's laptop", actor=acting(ana.user))
    own, _ = changes.create_device_password(ana, "Laptop", actor=acting(ana.user))
    Authenticator.objects.create(user=ana.user, type="totp", data={})
    token = changes.invite(ana.user, actor=SHELL)
    handed = hand_over(ana, luis)
    row = told("hand_over")
    assert (row.subject, row.mailbox_id, row.details) == (
        "ana@example.org",
        ana.pk,
        {"to": "luis@example.org", "moved": True},
    )
    user = User.objects.get(pk=ana.user_id)
    assert not user.has_usable_password()
    assert not Authenticator.objects.exists()
    assert not Access.objects.exists()
    assert changes.invited(token) is None
    assert not DevicePassword.objects.filter(pk__in=[there.pk, own.pk], revoked=None).exists()
    assert (None, info.pk, there.pk) in ended
    assert (None, ana.pk, None) in ended
    assert takes("ana@example.org") == (luis.pk,)
    assert takes("ana+news@example.org") == (luis.pk,)
    assert handed.address_text == "ana@example.org"
    ana.refresh_from_db()
    assert (ana.state, ana.address_text) == ("deleted", f"ana~{ana.pk}@example.org")
    with refused("local", "taken"):
        changes.create_mailbox(domain, "ana", actor=SHELL)
    list(tell_owners())
    assert Message.objects.filter(mailbox=luis, uidl__startswith="notice-").count() == 1


def test_what_waits_is_moved_as_new_mail_in_its_order(ana: Mailbox, luis: Mailbox, monkeypatch: Any) -> None:
    monkeypatch.setattr(moving, "MESSAGES_A_STEP", 2)
    there = put(luis, b"old\r\n")
    ids = put(ana, b"1\r\n", b"22\r\n", b"333\r\n", b"gone\r\n")
    remove(ana, ids[3])
    before = dict(Message.objects.filter(pk__in=ids).values_list("body", "uidl"))
    session = open_session(luis)
    hand_over(ana, luis)
    assert [moving.move_waiting() for _ in range(3)] == [True, True, False]
    assert listed(luis, session) == there
    new = list(Message.objects.filter(mailbox=luis, removed=None).order_by("added"))
    assert [message.octets for message in new] == [5, 3, 4, 5]
    assert all(before[message.body] != message.uidl for message in new[1:])
    assert counters(luis) == (4, 17, 0, 0)
    assert counters(ana) == (0, 0, 1, 6)
    assert HandOver.objects.get().moved == 3
    assert Message.objects.filter(mailbox=ana, removed_how="moved", restored_as__isnull=False).count() == 3
    assert not list(check())


def test_moved_mail_outlives_the_mailbox_that_it_came_from(ana: Mailbox, luis: Mailbox) -> None:
    put(ana, b"kept\r\n")
    hand_over(ana, luis)
    moving.move_waiting()
    age("mailboxes_mailbox", f"id = {ana.pk}", state_since="31 days")
    while retention.erase_deleted():
        pass
    assert changes.drop_mailbox(ana.pk)
    assert not list(check())
    assert counters(luis)[0] == 1
    assert takes("ana@example.org") == (luis.pk,)
    assert not User.objects.filter(pk=ana.user_id).exists()


def test_what_waits_may_stay_and_comes_back_with_the_address(ana: Mailbox, luis: Mailbox, domain: Domain) -> None:
    make_alias("ventas@example.org", ana)
    make_alias("todos@example.org", ana, luis)
    put(ana, b"waits\r\n")
    hand_over(ana, luis, move=False)
    assert not moving.move_waiting()
    assert takes("ventas@example.org") == takes("todos@example.org") == (luis.pk,)
    back = changes.undelete_mailbox(ana, actor=SHELL)
    assert (back.state, back.address_text, back.user.address) == ("active", "ana@example.org", "ana@example.org")
    assert takes("ana@example.org") == takes("ventas@example.org") == (ana.pk,)
    assert set(takes("todos@example.org")) == {ana.pk, luis.pk}
    assert counters(ana)[0] == 1
    assert not HandOver.objects.exists()
    assert not Address.objects.filter(local__contains="~").exists()
    assert not back.user.has_usable_password()
    hand_over_again = changes.hand_over(ana, "luis@example.org", actor=SHELL, move=False)
    assert hand_over_again.address_text == "ana@example.org"


def test_an_address_that_is_taken_by_now_does_not_come_back(ana: Mailbox, luis: Mailbox, domain: Domain) -> None:
    hand_over(ana, luis)
    changes.delete_alias(Address.objects.get(local="ana"), actor=SHELL)
    new = changes.create_mailbox(domain, "ana", actor=SHELL)
    with refused("", "address is taken by now"):
        changes.undelete_mailbox(ana, actor=SHELL)
    changes.rename_mailbox(new, "ana2@example.org", actor=SHELL)
    assert changes.undelete_mailbox(ana, actor=SHELL).address_text == "ana@example.org"


def test_an_undone_hand_over_moves_no_further(ana: Mailbox, luis: Mailbox) -> None:
    put(ana, b"1\r\n")
    hand_over(ana, luis)
    changes.undelete_mailbox(ana, actor=SHELL)
    assert not moving.move_waiting()
    assert counters(ana)[0] == 1


def test_the_mailbox_that_takes_over_needs_the_room(ana: Mailbox, luis: Mailbox) -> None:
    put(ana, b"12345678\r\n")
    Mailbox.objects.filter(pk=luis.pk).update(quota=9)
    with refused("move", "luis@example.org has 9 B left, and 10 B wait."):
        hand_over(ana, luis)
    changes.hand_over(ana, "luis@example.org", actor=SHELL, move=False)


def test_who_takes_over_is_another_mailbox_of_those_one_runs(ana: Mailbox, luis: Mailbox) -> None:
    eva = make_mailbox("eva@other.example")
    admin = administrator(ana.domain)
    for target, sentence in (
        ("eva@other.example", "There is no mailbox"),
        ("nobody@example.org", "There is no mailbox"),
        ("nobody", "name@domain"),
        ("ana@example.org", "the mailbox itself"),
    ):
        with refused("target", sentence):
            changes.hand_over(ana, target, actor=admin, move=False)
    changes.delete_mailbox(luis, actor=SHELL)
    with refused("target", "There is no mailbox"):
        changes.hand_over(ana, "luis@example.org", actor=admin, move=False)
    assert changes.hand_over(ana, eva.address_text, actor=SHELL, move=False).target == eva


def test_nobody_takes_anothers_mail_for_themselves(ana: Mailbox, luis: Mailbox) -> None:
    ana.domain.administrators.add(luis.user)
    with refused("move", "moves another's mail to themselves"):
        changes.hand_over(ana, "luis@example.org", actor=acting(luis.user), move=True)
    changes.hand_over(ana, "luis@example.org", actor=acting(luis.user), move=False)


def test_who_runs_a_domain_is_dismissed_first(ana: Mailbox, luis: Mailbox) -> None:
    ana.domain.administrators.add(ana.user)
    with refused("", "Whoever appointed them ends that first"):
        hand_over(ana, luis)


def test_only_who_rules_a_mailbox_hands_it_over(ana: Mailbox, luis: Mailbox) -> None:
    for actor in (acting(ana.user), acting(luis.user), administrator(make_domain("other.example"))):
        with not_allowed():
            changes.hand_over(ana, "luis@example.org", actor=actor, move=False)


def test_a_long_name_leaves_room_for_its_mark(domain: Domain, luis: Mailbox) -> None:
    box = changes.create_mailbox(domain, "ñ" * 32, actor=SHELL)
    hand_over(box, luis)
    box.refresh_from_db()
    assert len(box.address_text.rpartition("@")[0].encode()) <= 64
