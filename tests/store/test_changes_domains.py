from typing import Any

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes, signals
from controlpanel.mailboxes.models import GIB, Domain, OverQuota
from tests.store.changing import HOME, administrator, not_allowed, operator, refused, told
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended() -> Any:
    """Whose sign-in the store is told to end."""
    heard: list[tuple[Any, Any, Any]] = []

    def hear(sender: Any, *, domain: Any, mailbox: Any, device: Any, **_rest: Any) -> None:
        heard.append((domain, mailbox, device))

    signals.sign_in_ended.connect(hear)
    yield heard
    signals.sign_in_ended.disconnect(hear)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("example.org", "example.org"),
        (" Example.ORG. ", "example.org"),
        ("M\u00fcnchen.example", "xn--mnchen-3ya.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("\u4f8b\u3002\u5929\u732b", "xn--fsq.xn--rss281d"),
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
    ],
)
def test_a_domain_is_kept_in_one_form(name: str, kept: str) -> None:
    actor = operator()
    domain = changes.create_domain(name, actor=actor, limit_mailboxes=20)
    assert domain.name == kept
    row = told("create_domain")
    assert (row.domain_id, row.subject, row.actor, row.address) == (domain.pk, kept, actor.user.address, HOME)
    assert row.details == {"limit_mailboxes": 20}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("localhost", "has a dot"),
        ("example..org", "at least one character"),
        ("-example.org", "letters, digits"),
        ("exa mple.org", "letters, digits"),
        ("exa_mple.org", "letters, digits"),
        ("192.0.2.1", "does not end in a number"),
        ("a" * 64 + ".org", "63 characters"),
        (".".join(["a" * 60] * 5), "253 characters"),
        ("xn--zz--zz.org", "encoded form of any name"),
        ("ab--cd.org", "anyone can own"),
        ("\u2665.example", "not allowed"),
        ("\u00b7a.example", "not allowed"),
        ("\u0301a.example", "anyone can own"),
        ("", "at least one character"),
    ],
)
def test_what_is_no_domain_has_its_sentence(name: str, sentence: str) -> None:
    with refused("name", sentence):
        changes.create_domain(name, actor=SHELL)


def test_a_domain_is_here_once() -> None:
    changes.create_domain("example.org", actor=SHELL)
    with refused("name", "here already"):
        changes.create_domain("EXAMPLE.org", actor=SHELL)


def test_only_what_differs_is_changed_and_told() -> None:
    domain = make_domain(restore_days=14)
    stale = Domain.objects.get(pk=domain.pk)
    changes.change_domain(domain, actor=SHELL, restore_days=30, language="es")
    assert told("change_domain").details == {"restore_days": [14, 30], "language": ["en", "es"]}
    changed = changes.change_domain(stale, actor=SHELL, exclusive_lock=True)
    assert (changed.restore_days, changed.exclusive_lock) == (30, True)
    before = Activity.objects.count()
    changes.change_domain(domain, actor=SHELL, restore_days=30)
    assert Activity.objects.count() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"language": "fr"},
        {"time_zone": "Mars/Olympus"},
        {"restore_days": 366},
        {"restore_days": -1},
        {"over_quota": "explode"},
        {"login_delay": -1},
        {"expire_days": 0},
        {"limit_mailboxes": -1},
        {"limit_octets": 0},
        {"largest_quota": 0},
        {"default_quota": 0},
        {"default_quota": 2**60},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    domain = make_domain()
    with refused(next(iter(wrong)), "cannot be chosen"):
        changes.change_domain(domain, actor=SHELL, **wrong)
    with refused(next(iter(wrong)), "cannot be chosen"):
        changes.create_domain("new.example", actor=SHELL, **wrong)


@pytest.mark.parametrize("choice", OverQuota.values)
def test_what_a_full_mailbox_answers_is_a_choice(choice: str) -> None:
    assert changes.change_domain(make_domain(), actor=SHELL, over_quota=choice).over_quota == choice


def test_the_default_quota_is_not_above_the_largest() -> None:
    domain = make_domain()
    with refused("largest_quota", "larger than the largest"):
        changes.change_domain(domain, actor=SHELL, largest_quota=GIB // 2)
    changes.change_domain(domain, actor=SHELL, largest_quota=GIB // 2, default_quota=GIB // 4)
    with refused("default_quota", "larger than the largest"):
        changes.change_domain(domain, actor=SHELL, default_quota=GIB)


def test_a_limit_is_not_put_below_what_is_given() -> None:
    domain = make_domain("example.org")
    make_mailbox("ana@example.org", quota=3 * GIB)
    make_mailbox("luis@example.org", quota=2 * GIB)
    make_mailbox("gone@example.org", quota=9 * GIB, state="deleted")
    with refused("limit_octets", "5 GB are given"):
        changes.change_domain(domain, actor=SHELL, limit_octets=5 * GIB - 1)
    with refused("limit_mailboxes", "There are 2 mailboxes"):
        changes.change_domain(domain, actor=SHELL, limit_mailboxes=1)
    changes.change_domain(domain, actor=SHELL, limit_octets=5 * GIB, limit_mailboxes=2)
    make_mailbox("eva@example.org", quota=None)
    with refused("limit_octets", "without a quota"):
        changes.change_domain(domain, actor=SHELL, limit_octets=9 * GIB)


def test_limits_are_an_operators_and_policies_an_administrators() -> None:
    domain, other = make_domain(), make_domain()
    admin = administrator(domain)
    changes.change_domain(domain, actor=admin, restore_days=7, device_passwords_only=True)
    for limit in ("limit_mailboxes", "limit_octets", "largest_quota"):
        with not_allowed():
            changes.change_domain(domain, actor=admin, **{limit: 2**40})
    with not_allowed():
        changes.change_domain(other, actor=admin, restore_days=7)
    for act in (changes.suspend_domain, changes.close_domain, changes.reopen_domain, changes.delete_domain):
        with not_allowed():
            act(domain, actor=admin)
    with not_allowed():
        changes.create_domain("new.example", actor=admin)


def test_a_domain_is_suspended_closed_and_reopened(ended: Any) -> None:
    domain, actor = make_domain(), operator()
    since = Domain.objects.get(pk=domain.pk).state_since
    changes.suspend_domain(domain, actor=actor, reason=" unpaid  since May ")
    domain.refresh_from_db()
    assert (domain.state, domain.state_reason) == ("suspended", "unpaid since May")
    assert domain.state_since > since
    assert told("suspend_domain").details == {"reason": "unpaid since May"}
    before = Activity.objects.count()
    changes.suspend_domain(domain, actor=actor, reason="unpaid since May")
    assert Activity.objects.count() == before
    changes.close_domain(domain, actor=actor)
    assert changes.reopen_domain(domain, actor=actor).state == "active"
    told("reopen_domain")
    assert ended == [(domain.pk, None, None)] * 2
    with refused("reason", "at most 200"):
        changes.suspend_domain(domain, actor=actor, reason="x" * 201)


def test_deleting_marks_and_undoing_gives_back_what_was(ended: Any) -> None:
    domain, actor = make_domain(), operator()
    changes.suspend_domain(domain, actor=actor, reason="unpaid")
    changes.delete_domain(domain, actor=actor)
    changes.delete_domain(domain, actor=actor)
    domain.refresh_from_db()
    assert domain.state == "deleted"
    assert Activity.objects.filter(act="delete_domain").count() == 1
    with refused("", "deleted"):
        changes.reopen_domain(domain, actor=actor)
    with refused("name", "here already"):
        changes.create_domain(domain.name, actor=actor)
    undone = changes.undelete_domain(domain, actor=actor)
    assert (undone.state, undone.state_reason) == ("suspended", "unpaid")
    assert changes.undelete_domain(domain, actor=actor).state == "suspended"
    assert len(ended) == 2


def test_turning_pop3_off_ends_its_sessions(ended: Any) -> None:
    domain = make_domain()
    changes.change_domain(domain, actor=SHELL, pop3_enabled=False)
    changes.change_domain(domain, actor=SHELL, pop3_enabled=True)
    assert ended == [(domain.pk, None, None)]
