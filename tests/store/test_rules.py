"""Who may do what: the whole table, role by role."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Access, Domain, Mailbox
from controlpanel.mailboxes.rules import (
    Act,
    Rights,
    may,
    opened_mailboxes,
    rights,
    visible_domains,
    visible_mailboxes,
)
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db

ROLES = ("operator", "administrator", "other_administrator", "owner", "guest", "neighbour", "nobody")


class House:
    """Two domains and everybody who may have to do with the mailbox ana@here.example."""

    def __init__(self) -> None:
        self.here, self.there = make_domain("here.example"), make_domain("there.example")
        self.box = make_mailbox("ana@here.example")
        self.boss_box = make_mailbox("boss@here.example")
        User.objects.filter(pk=self.boss_box.user_id).update(is_operator=True)
        self.users: dict[str, User | AnonymousUser] = {
            "operator": User.objects.create_user("operator@elsewhere.example", is_operator=True),
            "administrator": User.objects.create_user("admin@elsewhere.example"),
            "other_administrator": User.objects.create_user("other@elsewhere.example"),
            "owner": self.box.user,
            "guest": make_mailbox("guest@there.example").user,
            "neighbour": make_mailbox("luis@here.example").user,
            "nobody": AnonymousUser(),
        }
        self.here.administrators.add(self.users["administrator"])
        self.there.administrators.add(self.users["other_administrator"])
        Access.objects.create(user=self.users["guest"], mailbox=self.box)

    def who_may(self, act: Act, subject: Model | None) -> set[str]:
        return {role for role, user in self.users.items() if may(user, act, subject)}


@pytest.fixture
def house() -> House:
    return House()


def test_the_table_for_what_has_no_object(house: House) -> None:
    assert house.who_may(Act.CREATE_DOMAIN, None) == {"operator"}
    assert house.who_may(Act.RUN_SERVICE, None) == {"operator"}


def test_the_table_for_a_domain(house: House) -> None:
    runs = {"operator", "administrator"}
    for act in (Act.SEE_DOMAIN, Act.CHANGE_DOMAIN, Act.CREATE_MAILBOX, Act.CHANGE_ALIASES):
        assert house.who_may(act, house.here) == runs, act
    assert house.who_may(Act.LIMIT_DOMAIN, house.here) == {"operator"}


def test_the_table_for_a_mailbox(house: House) -> None:
    runs, opens = {"operator", "administrator"}, {"owner", "guest"}
    assert house.who_may(Act.SEE_MAILBOX, house.box) == runs | opens
    assert house.who_may(Act.CHANGE_MAILBOX, house.box) == runs
    assert house.who_may(Act.RULE_MAILBOX, house.box) == runs
    assert house.who_may(Act.OPEN_MAILBOX, house.box) == opens
    assert house.who_may(Act.MAKE_DEVICE_PASSWORD, house.box) == opens
    assert house.who_may(Act.REVOKE_DEVICE_PASSWORD, house.box) == runs | opens


def test_the_table_for_the_mailbox_of_who_has_wider_rights(house: House) -> None:
    assert house.who_may(Act.SEE_MAILBOX, house.boss_box) == {"operator", "administrator"}
    assert house.who_may(Act.CHANGE_MAILBOX, house.boss_box) == {"operator", "administrator"}
    for act in (Act.RULE_MAILBOX, Act.REVOKE_DEVICE_PASSWORD):
        assert house.who_may(act, house.boss_box) == {"operator"}


def test_the_table_for_who_opens_a_mailbox_in_another_domain(house: House) -> None:
    guest = house.users["guest"]
    assert isinstance(guest, User)
    for act, subject in ((Act.RULE_MAILBOX, guest.mailbox), (Act.RULE_USER, guest)):
        assert house.who_may(act, subject) == {"operator"}  # a new password for the guest opens ana@here.example
    of_both = User.objects.create_user("both@elsewhere.example")
    of_both.domains.add(house.here, house.there)
    assert may(of_both, Act.RULE_USER, guest)


def test_the_table_for_a_user(house: House) -> None:
    assert house.who_may(Act.RULE_USER, house.box.user) == {"operator", "administrator"}
    assert house.who_may(Act.CHANGE_OWN, house.box.user) == {"owner"}
    assert house.who_may(Act.RULE_USER, house.boss_box.user) == {"operator"}
    assert house.who_may(Act.RULE_USER, house.users["administrator"]) == {"operator"}  # who has no mailbox


@pytest.mark.parametrize("act", Act)
def test_no_act_is_for_who_is_not_active_or_for_a_wrong_kind_of_object(house: House, act: Act) -> None:
    owner = house.users["owner"]
    assert isinstance(owner, User)
    owner.is_active = False
    for subject in (None, house.here, house.box, owner):
        assert not may(owner, act, subject)
    allowed = {role for role in ROLES for subject in (house.there,) if may(house.users[role], act, subject)}
    assert "owner" not in allowed
    assert "administrator" not in allowed


def test_rights_are_read_as_a_whole(house: House) -> None:
    guest, administrator = house.users["guest"], house.users["administrator"]
    assert isinstance(guest, User)
    assert isinstance(administrator, User)
    own = Mailbox.objects.get(user=guest).pk
    assert rights(guest) == Rights(
        guest.pk, False, frozenset(), frozenset({own, house.box.pk}), frozenset({house.here.pk})
    )
    assert rights(administrator) == Rights(administrator.pk, False, frozenset({house.here.pk}), frozenset())


@pytest.mark.parametrize(
    ("one", "other", "covers"),
    [
        (Rights(1, operator=True), Rights(2, operator=True), True),
        (Rights(1, operator=True), Rights(2, domains=frozenset({1, 2})), True),
        (Rights(1, domains=frozenset({1, 2})), Rights(2), True),
        (Rights(1, domains=frozenset({1, 2})), Rights(2, domains=frozenset({1})), True),
        (Rights(1, domains=frozenset({1})), Rights(2, domains=frozenset({1})), True),
        (Rights(1, domains=frozenset({1})), Rights(2, domains=frozenset({1, 2})), False),
        (Rights(1, domains=frozenset({1})), Rights(2, operator=True), False),
        (Rights(1), Rights(2, domains=frozenset({1})), False),
        (Rights(1, domains=frozenset({1})), Rights(2, mailboxes=frozenset({7}), reached=frozenset({1})), True),
        (Rights(1, domains=frozenset({1})), Rights(2, mailboxes=frozenset({7}), reached=frozenset({2})), False),
    ],
)
def test_rights_cover_what_is_not_wider(one: Rights, other: Rights, covers: bool) -> None:
    assert one.covers(other) is covers


def names(queryset) -> set[str]:
    return {str(row) for row in queryset}


def test_what_is_visible_to_whom(house: House) -> None:
    here = {"ana@here.example", "boss@here.example", "luis@here.example"}
    seen = {role: names(visible_mailboxes(user)) for role, user in house.users.items()}
    assert seen == {
        "operator": here | {"guest@there.example"},
        "administrator": here,
        "other_administrator": {"guest@there.example"},
        "owner": {"ana@here.example"},
        "guest": {"guest@there.example", "ana@here.example"},
        "neighbour": {"luis@here.example"},
        "nobody": set(),
    }
    domains = {role: names(visible_domains(user)) for role, user in house.users.items()}
    assert domains == {
        "operator": {"here.example", "there.example"},
        "administrator": {"here.example"},
        "other_administrator": {"there.example"},
        "owner": set(),
        "guest": set(),
        "neighbour": set(),
        "nobody": set(),
    }


def test_mail_is_read_by_owners_and_guests_alone(house: House) -> None:
    opened = {role: names(opened_mailboxes(user)) for role, user in house.users.items()}
    assert opened == {
        "operator": set(),
        "administrator": set(),
        "other_administrator": set(),
        "owner": {"ana@here.example"},
        "guest": {"guest@there.example", "ana@here.example"},
        "neighbour": {"luis@here.example"},
        "nobody": set(),
    }


def test_what_is_visible_is_what_may_be_seen(house: House) -> None:
    for role, user in house.users.items():
        visible = set(visible_mailboxes(user))
        assert visible == {box for box in Mailbox.objects.all() if may(user, Act.SEE_MAILBOX, box)}, role
        domains = set(visible_domains(user))
        assert domains == {domain for domain in Domain.objects.all() if may(user, Act.SEE_DOMAIN, domain)}, role


@pytest.mark.parametrize("of_domain", [False, True])
@pytest.mark.parametrize("state", ["suspended", "closed", "deleted"])
def test_who_opens_a_mailbox_opens_it_while_its_owner_may(house: House, state: str, of_domain: bool) -> None:
    where = Domain.objects.filter(pk=house.here.pk) if of_domain else Mailbox.objects.filter(pk=house.box.pk)
    where.update(state=state)
    box = Mailbox.objects.get(pk=house.box.pk)
    for act in (Act.OPEN_MAILBOX, Act.MAKE_DEVICE_PASSWORD):
        assert house.who_may(act, box) == set()
    assert house.who_may(Act.SEE_MAILBOX, box) <= {"operator", "administrator"}
    assert names(opened_mailboxes(house.users["guest"])) == {"guest@there.example"}
    assert names(visible_mailboxes(house.users["guest"])) == {"guest@there.example"}


def test_a_deleted_domain_is_seen_by_operators_alone(house: House) -> None:
    Domain.objects.filter(pk=house.here.pk).update(state="deleted")
    assert names(visible_domains(house.users["administrator"])) == set()
    assert names(visible_mailboxes(house.users["administrator"])) == set()
    assert "here.example" in names(visible_domains(house.users["operator"]))
    for act, subject in ((Act.SEE_DOMAIN, Domain.objects.get(pk=house.here.pk)), (Act.SEE_MAILBOX, house.boss_box)):
        if isinstance(subject, Mailbox):
            subject = Mailbox.objects.get(pk=subject.pk)
        assert house.who_may(act, subject) == {"operator"}
