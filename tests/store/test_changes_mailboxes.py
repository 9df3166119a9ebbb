import threading
from typing import Any

import pytest
from django.db import connection

from controlpanel.accounts import passwords
from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes, device_passwords
from controlpanel.mailboxes.models import GIB, Address, Alias, Domain, Mailbox
from tests.store.changing import STRONG, acting, administrator, not_allowed, operator, refused, told
from tests.store.factories import make_alias, make_domain, make_mailbox
from tests.store.test_changes_domains import ended

pytestmark = pytest.mark.django_db
__all__ = ["ended"]

SSHA = "{SSHA}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD"


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org")


def test_a_mailbox_comes_with_its_user_address_and_usage(domain: Domain) -> None:
    admin = administrator(domain)
    box = changes.create_mailbox(
        domain, " Ana.P\u00e9rez ", actor=admin, name=" Ana  P\u00e9rez ", password=STRONG, note="2nd floor"
    )
    box = Mailbox.objects.select_related("user", "usage", "address").get(pk=box.pk)
    assert box.address_text == str(box.address) == box.user.address == "ana.p\u00e9rez@example.org"
    assert (box.name, box.user.name, box.note) == ("Ana P\u00e9rez", "Ana P\u00e9rez", "2nd floor")
    assert (box.quota, box.state, len(box.scram_salt)) == (GIB, "active", device_passwords.SALT_OCTETS)
    assert (box.usage.messages, box.usage.octets, box.usage.change) == (0, 0, 0)
    assert box.user.check_password(STRONG)
    assert not box.user.is_operator
    row = told("create_mailbox")
    assert (row.domain_id, row.mailbox_id, row.subject) == (domain.pk, box.pk, box.address_text)
    assert row.details == {"quota": GIB}


def test_without_a_password_nobody_signs_in_yet(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    assert not box.user.has_usable_password()
    assert box.scram_salt != changes.create_mailbox(domain, "luis", actor=SHELL).scram_salt


def test_a_hash_of_another_server_is_kept_as_it_came(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL, password_hash=SSHA)
    assert box.user.password == f"foreign${SSHA}"
    assert passwords.check(box.user.password, "clave\u2013\u00f1and\u00fa 1").right


@pytest.mark.parametrize(
    ("local", "sentence"),
    [
        ("", "no name before"),
        ("  ", "no name before"),
        ("a b", "“U+0020”"),
        ("ana@b", "“@”"),
        (".ana", "Dots stand between"),
        ("a..b", "Dots stand between"),
        ("ana+x", "plus sign"),
        ("x" * 65, "64 characters"),
        ("\u00f1" * 33, "64 characters"),
        ("ana\x00", "not allowed"),
        ("ana\u200b", "not allowed"),
        ('"a"', "not allowed"),
        ("\u2665", "not allowed"),
        ("*", ""),
    ],
)
def test_what_is_no_local_part_has_its_sentence(domain: Domain, local: str, sentence: str) -> None:
    if local == "*":
        changes.create_mailbox(domain, local, actor=SHELL)  # an atom like any other: the catch-all is an alias
        return
    with refused("local", sentence):
        changes.create_mailbox(domain, local, actor=SHELL)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("password", "short", "at least 10"),
        ("password", "ana.gomez.2024", "your name or address"),
        ("password_hash", "{PLAIN}secret", "in clear"),
        ("password_hash", "$6$rounds=999999999$a$" + "a" * 86, "rounds"),
        ("name", "x" * 121, "at most 120"),
        ("note", "x" * 501, "at most 500"),
        ("name", "a\x07b", "cannot be shown"),
        ("quota", 0, "between 1 octet"),
        ("quota", -5, "between 1 octet"),
        ("quota", 2**60, "between 1 octet"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(domain: Domain, field: str, value: Any, sentence: str) -> None:
    with refused(field, sentence):
        changes.create_mailbox(domain, "ana.gomez", actor=SHELL, **{field: value})
    assert not User.objects.exists()


def test_a_devices_password_is_not_a_persons(domain: Domain) -> None:
    with refused("password", "password of a device"):
        changes.create_mailbox(domain, "ana", actor=SHELL, password=device_passwords.generate())


def test_an_address_is_taken_once_by_mailbox_or_alias(domain: Domain) -> None:
    changes.create_mailbox(domain, "ana", actor=SHELL)
    make_alias("ventas@example.org", "x@elsewhere.example")
    for local in ("ana", "ANA", "ventas"):
        with refused("local", "taken by an alias" if local == "ventas" else "taken by a mailbox"):
            changes.create_mailbox(domain, local, actor=SHELL)


def test_nobody_makes_a_mailbox_on_an_address_that_signs_in(domain: Domain) -> None:
    admin = administrator(domain)
    boss = User.objects.create_user("boss@example.org", STRONG, is_operator=True)
    with refused("local", "signs in with this address"):
        changes.create_mailbox(domain, "Boss", actor=admin, password="otra clave muy larga")
    boss.refresh_from_db()
    assert boss.check_password(STRONG)
    with refused("local", "signs in with this address"):
        changes.create_mailbox(domain, "boss", actor=SHELL)


def test_a_domain_is_full_by_number() -> None:
    domain = make_domain("example.org", limit_mailboxes=2)
    changes.create_mailbox(domain, "ana", actor=SHELL)
    luis = changes.create_mailbox(domain, "luis", actor=SHELL)
    with refused("", "room for 2 mailboxes"):
        changes.create_mailbox(domain, "eva", actor=SHELL)
    changes.delete_mailbox(luis, actor=SHELL)
    changes.create_mailbox(domain, "eva", actor=SHELL)
    with refused("", "room for 2 mailboxes"):
        changes.undelete_mailbox(luis, actor=SHELL)


def test_a_domain_is_full_by_octets() -> None:
    domain = make_domain("example.org", limit_octets=3 * GIB, largest_quota=2 * GIB)
    with refused("quota", "largest quota here is 2 GB"):
        changes.create_mailbox(domain, "ana", actor=SHELL, quota=2 * GIB + 1)
    with refused("quota", "largest quota here is 2 GB"):
        changes.create_mailbox(domain, "ana", actor=SHELL, quota=None)
    ana = changes.create_mailbox(domain, "ana", actor=SHELL, quota=2 * GIB)
    with refused("quota", "1 GB left"):
        changes.create_mailbox(domain, "luis", actor=SHELL, quota=GIB + 1)
    luis = changes.create_mailbox(domain, "luis", actor=SHELL)
    with refused("quota", "0 B left"):
        changes.create_mailbox(domain, "eva", actor=SHELL)
    with refused("quota", "1 GB left"):
        changes.change_mailbox(luis, actor=SHELL, quota=GIB + 1)
    changes.change_mailbox(ana, actor=SHELL, quota=GIB)
    assert changes.change_mailbox(luis, actor=SHELL, quota=2 * GIB).quota == 2 * GIB


def test_where_octets_are_limited_each_mailbox_needs_a_quota() -> None:
    domain = make_domain("example.org", limit_octets=3 * GIB)
    with refused("quota", "each mailbox needs a quota"):
        changes.create_mailbox(domain, "ana", actor=SHELL, quota=None)


def test_an_over_allotted_domain_lets_a_quota_shrink(domain: Domain) -> None:
    box = make_mailbox("ana@example.org", quota=5 * GIB)
    Domain.objects.update(limit_octets=GIB)
    assert changes.change_mailbox(box, actor=SHELL, quota=4 * GIB).quota == 4 * GIB
    with refused("quota", "1 GB left"):
        changes.change_mailbox(box, actor=SHELL, quota=5 * GIB)


def test_without_limits_a_mailbox_may_be_unlimited(domain: Domain) -> None:
    assert changes.create_mailbox(domain, "ana", actor=SHELL, quota=None).quota is None


@pytest.mark.django_db(transaction=True)
def test_two_forms_that_take_the_last_place_do_not_both_get_it() -> None:
    domain = make_domain("example.org", limit_mailboxes=1)
    together, answers = threading.Barrier(2), []

    def form(local: str) -> None:
        together.wait()
        try:
            answers.append(changes.create_mailbox(domain, local, actor=SHELL).address_text)
        except changes.ChangeRefused as error:
            answers.append(error.field)
        connection.close()

    threads = [threading.Thread(target=form, args=(local,)) for local in ("ana", "luis")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Mailbox.objects.count() == 1
    assert sorted(answers)[0] == ""


def test_a_deleted_domain_takes_no_mailbox(domain: Domain) -> None:
    changes.delete_domain(domain, actor=SHELL)
    with refused("", "deleted"):
        changes.create_mailbox(domain, "ana", actor=SHELL)


def test_only_what_differs_is_changed_and_a_stale_form_overwrites_nothing(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL, name="Ana")
    stale = Mailbox.objects.get(pk=box.pk)
    changes.change_mailbox(box, actor=SHELL, quota=2 * GIB, note="moved")
    assert told("change_mailbox").details == {"quota": [GIB, 2 * GIB], "note": ["", "moved"]}
    changed = changes.change_mailbox(stale, actor=SHELL, name="Ana Mar\u00eda")
    assert (changed.quota, changed.note, changed.name) == (2 * GIB, "moved", "Ana Mar\u00eda")
    assert User.objects.get(pk=box.user_id).name == "Ana Mar\u00eda"
    before = Activity.objects.count()
    changes.change_mailbox(box, actor=SHELL, name="Ana Mar\u00eda")
    assert Activity.objects.count() == before
    with refused("removed_cap", "between 0"):
        changes.change_mailbox(box, actor=SHELL, removed_cap=-1)


def test_a_domains_default_quota_can_be_asked_for_again(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL, quota=5)
    assert changes.change_mailbox(box, actor=SHELL, quota=changes.DEFAULT).quota == GIB


def test_turning_pop3_off_ends_its_sessions(domain: Domain, ended: Any) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    changes.change_mailbox(box, actor=SHELL, pop3_enabled=False)
    assert ended == [(None, box.pk, None)]


def test_a_mailbox_is_suspended_closed_and_reopened(domain: Domain, ended: Any) -> None:
    admin = administrator(domain)
    box = changes.create_mailbox(domain, "ana", actor=admin)
    changes.suspend_mailbox(box, actor=admin, reason="on leave")
    box.refresh_from_db()
    assert (box.state, box.state_reason) == ("suspended", "on leave")
    changes.close_mailbox(box, actor=admin, reason="left")
    changes.reopen_mailbox(box, actor=admin)
    box.refresh_from_db()
    assert (box.state, box.state_reason) == ("active", "")
    assert ended == [(None, box.pk, None)] * 2
    assert list(Activity.objects.order_by("pk").values_list("act", flat=True))[1:] == [
        "suspend_mailbox",
        "close_mailbox",
        "reopen_mailbox",
    ]


def test_deleting_marks_keeps_the_address_taken_and_can_be_undone(domain: Domain, ended: Any) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL, password=STRONG)
    changes.suspend_mailbox(box, actor=SHELL, reason="on leave")
    deleted = changes.delete_mailbox(box, actor=SHELL)
    assert (deleted.state, deleted.state_before) == ("deleted", "suspended")
    with refused("local", "by a mailbox that was deleted: its deletion can be undone"):
        changes.create_mailbox(domain, "ana", actor=SHELL)
    with refused("", "deleted"):
        changes.reopen_mailbox(box, actor=SHELL)
    with refused("", "deleted"):
        changes.rename_mailbox(box, "eva@example.org", actor=SHELL)
    undone = changes.undelete_mailbox(box, actor=SHELL)
    assert (undone.state, undone.state_reason) == ("suspended", "on leave")
    assert undone.user.check_password(STRONG)
    before = Activity.objects.count()
    changes.undelete_mailbox(box, actor=SHELL)
    assert Activity.objects.count() == before


def test_a_renamed_mailbox_keeps_everything_but_its_address(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL, password=STRONG)
    device, secret = changes.create_device_password(box, "Laptop", actor=acting(box.user))
    renamed = changes.rename_mailbox(box, "Ana.Garc\u00eda@EXAMPLE.org", actor=SHELL)
    box = Mailbox.objects.select_related("user", "address").get(pk=box.pk)
    assert renamed.pk == box.pk
    assert box.address_text == str(box.address) == box.user.address == "ana.garc\u00eda@example.org"
    assert box.user.check_password(STRONG)
    assert device_passwords.matching(secret, bytes(box.scram_salt), [bytes(device.stored_key)]) == 0
    assert told("rename_mailbox").details == {"before": "ana@example.org", "alias": False}
    assert not Address.objects.filter(local="ana").exists()
    changes.create_mailbox(domain, "ana", actor=SHELL)


def test_the_old_address_may_stay_as_an_alias(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    changes.rename_mailbox(box, "eva@example.org", actor=SHELL, keep_alias=True)
    assert Alias.objects.get(address__local="ana").mailbox_id == box.pk
    with refused("address", "taken"):
        changes.rename_mailbox(box, "ana@example.org", actor=SHELL)


def test_a_rename_to_itself_is_nothing(domain: Domain) -> None:
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    before = Activity.objects.count()
    changes.rename_mailbox(box, "ANA@example.org", actor=SHELL)
    assert Activity.objects.count() == before


def test_a_rename_into_another_domain_needs_both_and_its_room(domain: Domain) -> None:
    other = make_domain("other.example", limit_mailboxes=1)
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    with refused("address", "You run no domain other.example"):
        changes.rename_mailbox(box, "ana@other.example", actor=administrator(domain))
    both = administrator(domain, other, address="both@elsewhere.example")
    with refused("address", "You run no domain nowhere.example"):
        changes.rename_mailbox(box, "ana@nowhere.example", actor=both)
    moved = changes.rename_mailbox(box, "ana@other.example", actor=both)
    assert (moved.domain_id, moved.address_text) == (other.pk, "ana@other.example")
    with refused("", "room for 1 mailbox"):
        luis = changes.create_mailbox(domain, "luis", actor=both)
        Activity.objects.filter(act="create_mailbox", mailbox_id=luis.pk).delete()
        changes.rename_mailbox(luis, "luis@other.example", actor=both)


@pytest.mark.parametrize("address", ["boss@example.org", "eva@example.org", "ventas@example.org"])
def test_a_rename_takes_no_address_that_is_taken_or_signs_in(domain: Domain, address: str) -> None:
    User.objects.create_user("boss@example.org", is_operator=True)
    changes.create_mailbox(domain, "eva", actor=SHELL)
    make_alias("ventas@example.org", "x@elsewhere.example")
    box = changes.create_mailbox(domain, "ana", actor=SHELL)
    with refused("address", "address"):
        changes.rename_mailbox(box, address, actor=SHELL)
    box.refresh_from_db()
    assert box.address_text == box.user.address == "ana@example.org"


def test_a_mailbox_is_made_and_changed_by_who_runs_its_domain(domain: Domain) -> None:
    stranger = administrator(make_domain("other.example"))
    owner = acting(make_mailbox("luis@example.org").user)
    box = make_mailbox("ana@example.org")
    for actor in (stranger, owner):
        with not_allowed():
            changes.create_mailbox(domain, "eva", actor=actor)
        for act in (
            changes.suspend_mailbox,
            changes.close_mailbox,
            changes.reopen_mailbox,
            changes.delete_mailbox,
            changes.undelete_mailbox,
            changes.change_mailbox,
        ):
            with not_allowed():
                act(box, actor=actor)
        with not_allowed():
            changes.rename_mailbox(box, "eva@example.org", actor=actor)
    changes.suspend_mailbox(box, actor=operator())


@pytest.mark.parametrize("wider", ["operator", "administrator of another domain"])
def test_an_administrator_does_not_touch_the_mailbox_of_who_has_wider_rights(domain: Domain, wider: str) -> None:
    admin = administrator(domain)
    box = make_mailbox("boss@example.org")
    if wider == "operator":
        User.objects.filter(pk=box.user_id).update(is_operator=True)
    else:
        make_domain("other.example").administrators.add(box.user)
    for act in (changes.suspend_mailbox, changes.close_mailbox, changes.delete_mailbox):
        with not_allowed():
            act(box, actor=admin)
    with not_allowed():
        changes.rename_mailbox(box, "eva@example.org", actor=admin)
    with not_allowed():
        changes.set_password(box.user, STRONG, actor=admin)
    with not_allowed():
        changes.invite(box.user, actor=admin)
    with not_allowed():
        changes.reset_second_factor(box.user, actor=admin)
    with not_allowed():
        changes.grant_access(box, "luis@example.org", actor=admin)
    assert changes.change_mailbox(box, actor=admin, quota=2 * GIB).quota == 2 * GIB
