"""From a shell: each command is safe to repeat, and clear about what is wrong."""

import io
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import GIB, Domain, Mailbox
from tests.store.changing import STRONG
from tests.store.factories import make_alias, make_mailbox

pytestmark = pytest.mark.django_db

OTHER = "un caballo correcto"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    def command(*words: str, given: str | bytes = "") -> str:
        octets = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    return command


def wrong(run: Any, *words: str, given: str | bytes = "") -> str:
    with pytest.raises(CommandError) as error:
        run(*words, given=given)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_domain_is_made_once(run: Any) -> None:
    assert run("add_domain", "M\u00fcnchen.example") == "m\u00fcnchen.example is made.\n"
    assert run("add_domain", "xn--mnchen-3ya.example") == "m\u00fcnchen.example is already there.\n"
    Domain.objects.update(state="deleted")
    assert run("add_domain", "m\u00fcnchen.example") == "m\u00fcnchen.example is already there (deleted).\n"
    assert Activity.objects.count() == 1
    assert "a dot in it" in wrong(run, "add_domain", "localhost")


def test_a_mailbox_is_made_once_and_no_repeat_changes_its_password(run: Any) -> None:
    run("add_domain", "example.org")
    command = ("add_mailbox", "Ana@example.org", "--password-stdin", "--quota", "1,5 GB", "--name", "Ana")
    assert run(*command, given=f"{STRONG}\n") == "ana@example.org is made.\n"
    assert run(*command, given=f"{OTHER}\n") == "ana@example.org is already there.\n"
    assert run(*command) == "ana@example.org is already there.\n"
    box = Mailbox.objects.get()
    assert (box.quota, box.name) == (GIB * 3 // 2, "Ana")
    assert box.user.check_password(STRONG)


def test_a_mailbox_comes_in_with_its_hash(run: Any) -> None:
    run("add_domain", "example.org")
    ssha = "{SSHA}hLrfNmiMsMyIZ5YhLhRFzdRwmEbHW5sD"
    run("add_mailbox", "ana@example.org", "--hash-stdin", "--quota", "none", given=f"{ssha}\r\n")
    box = Mailbox.objects.get()
    assert (box.user.password, box.quota) == (f"foreign${ssha}", None)


def test_what_is_wrong_with_a_mailbox_is_said_in_a_line(run: Any) -> None:
    password = ("add_mailbox", "ana@example.org", "--password-stdin")
    assert "add_domain makes it" in wrong(run, *password, given=STRONG)
    run("add_domain", "example.org")
    assert "Standard input is empty" in wrong(run, *password)
    assert "not UTF-8" in wrong(run, *password, given=b"\xff\xfe\n")
    assert "at least 10 characters" in wrong(run, *password, given="short")
    assert "a number and a unit" in wrong(run, *password, "--quota", "lots", given=STRONG)
    assert "in clear" in wrong(run, "add_mailbox", "ana@example.org", "--hash-stdin", given="{PLAIN}x")
    assert "name@domain" in wrong(run, "add_mailbox", "ana", "--password-stdin", given=STRONG)
    assert "plus sign" in wrong(run, "add_mailbox", "a+b@example.org", "--password-stdin", given=STRONG)
    make_alias("ventas@example.org", "x@elsewhere.example")
    assert "taken" in wrong(run, "add_mailbox", "ventas@example.org", "--password-stdin", given=STRONG)
    assert "required" in wrong(run, "add_mailbox", "ana@example.org")
    assert "not allowed with" in wrong(run, *password, "--hash-stdin")
    assert not Mailbox.objects.exists()


def test_an_operator_is_made_once_and_no_repeat_changes_their_password(run: Any) -> None:
    command = ("add_operator", "Boss@elsewhere.example", "--password-stdin")
    assert run(*command, given=STRONG) == "boss@elsewhere.example is made.\n"
    assert run(*command, given=OTHER) == "boss@elsewhere.example is already there.\n"
    user = User.objects.get()
    assert user.is_operator
    assert user.check_password(STRONG)
    assert "required" in wrong(run, "add_operator", "boss@elsewhere.example")


def test_who_signs_in_already_becomes_an_operator_with_the_password_that_is_given(run: Any) -> None:
    user = make_mailbox("ana@example.org").user
    user.set_password(STRONG)
    user.save()
    said = run("add_operator", "ana@example.org", "--password-stdin", given=OTHER)
    assert said == "ana@example.org is an operator now, and signs in with this password.\n"
    user.refresh_from_db()
    assert user.is_operator
    assert user.check_password(OTHER)


def test_a_password_that_is_refused_appoints_nobody(run: Any) -> None:
    user = make_mailbox("ana@example.org").user
    assert "at least 10" in wrong(run, "add_operator", "ana@example.org", "--password-stdin", given="short")
    user.refresh_from_db()
    assert not user.is_operator


def test_a_password_is_set_and_the_same_one_is_left_alone(run: Any) -> None:
    user = make_mailbox("ana@example.org").user
    command = ("set_password", "ANA@example.org", "--password-stdin")
    assert run(*command, given=STRONG) == "ana@example.org has a new password.\n"
    user.refresh_from_db()
    changed = user.password_changed
    assert user.check_password(STRONG)
    assert run(*command, given=STRONG) == "ana@example.org has this password already.\n"
    user.refresh_from_db()
    assert user.password_changed == changed
    assert "at least 10 characters" in wrong(run, *command, given="short")
    assert "Nobody signs in" in wrong(run, "set_password", "x@example.org", "--password-stdin", given=STRONG)
    assert "name@domain" in wrong(run, "set_password", "x", "--password-stdin", given=STRONG)


def test_a_second_factor_is_taken_away(run: Any) -> None:
    user = make_mailbox("ana@example.org").user
    Authenticator.objects.create(user=user, type="totp", data={})
    assert "by password alone" in run("reset_second_factor", "ana@example.org")
    assert run("reset_second_factor", "ana@example.org") == "ana@example.org has no second factor.\n"
    assert "Nobody signs in" in wrong(run, "reset_second_factor", "x@example.org")


def test_a_password_is_in_no_output(run: Any) -> None:
    run("add_domain", "example.org")
    said = run("add_mailbox", "ana@example.org", "--password-stdin", given=STRONG)
    said += wrong(run, "set_password", "ana@example.org", "--password-stdin", given="hunter2")
    assert STRONG not in said
    assert "hunter2" not in said
    assert not any(STRONG in str(vars(row)) for row in Activity.objects.all())
