"""`manage.py import_mailboxes`, for who moves thousands on a Monday."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from controlpanel.importing.models import Import
from controlpanel.mailboxes.models import Mailbox
from tests.store.factories import make_domain, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def passwd(tmp_path: Path) -> Path:
    make_domain("example.org")
    file = tmp_path / "users"
    file.write_text("ana:{PLAIN}four ripe green mangoes\nleo@example.org::::\n")
    return file


def test_a_passwd_file_becomes_mailboxes_and_again_changes_nothing(passwd: Path, capsys: Any) -> None:
    call_command("import_mailboxes", str(passwd), domain="example.org")
    assert "2 to be made, 0 there already, 0 wrong.\n2 mailboxes made." in capsys.readouterr().out
    assert Mailbox.objects.get(address_text="ana@example.org").user.check_password("four ripe green mangoes")
    call_command("import_mailboxes", str(passwd), domain="example.org")
    assert "0 to be made, 2 there already, 0 wrong." in capsys.readouterr().out
    assert Import.objects.count() == 1


def test_a_dry_run_makes_nothing(passwd: Path, capsys: Any) -> None:
    call_command("import_mailboxes", str(passwd), domain="example.org", dry_run=True)
    assert "2 to be made" in capsys.readouterr().out
    assert not Mailbox.objects.exists()
    assert not Import.objects.exists()


def test_what_is_wrong_is_said_and_nothing_is_made_unless_it_is_asked_for(passwd: Path, capsys: Any) -> None:
    passwd.write_text("address,quota\nana@example.org,\nleo@example.org,lots\n")
    with pytest.raises(CommandError, match=r"1 rows are wrong. Nothing was made\."):
        call_command("import_mailboxes", str(passwd))
    assert "line 3, leo@example.org, quota: Write a number" in capsys.readouterr().err
    assert not Mailbox.objects.exists()
    call_command("import_mailboxes", str(passwd), skip_wrong=True)
    assert Mailbox.objects.count() == 1


@pytest.mark.parametrize(
    ("file", "domain", "words"),
    [
        ("nowhere", None, "No such file"),
        ("users", "nowhere.example", "is not here"),
        ("users", "x", "A domain has a dot"),
        ("empty", None, "This file is empty"),
    ],
)
def test_faults_are_one_line(passwd: Path, file: str, domain: str | None, words: str) -> None:
    (passwd.parent / "empty").touch()
    make_mailbox()
    with pytest.raises(CommandError, match=words):
        call_command("import_mailboxes", str(passwd.parent / file), domain=domain)
