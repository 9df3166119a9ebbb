"""A Maildir of another server comes in with the unique ids that its clients know."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import Mailbox, Usage
from controlpanel.mailstore import bringing, maildir
from controlpanel.mailstore.maildir import MaildirError, messages
from controlpanel.mailstore.models import Message, MessageChunk, StagedBody
from tests.store.factories import make_mailbox, make_message, remove

VALIDITY = 1275660208
FIRST = f"00000005{VALIDITY:08x}"
LETTER = make_message("hello").replace(b"\r\n", b"\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    keep(tmp_path, "cur/100.a.host,S=50,W=52:2,S", LETTER)
    keep(tmp_path, "cur/200.b.host:2,", LETTER.replace(b"hello", b"second"))
    keep(tmp_path, "new/300.c.host", LETTER.replace(b"hello", b"new"))
    uidlist(tmp_path, "7 W52 :200.b.host", "5 :100.a.host,S=50,W=52:2,", "6 :150.expunged.host:2,")
    return tmp_path


def keep(folder: Path, name: str, octets: bytes) -> None:
    (folder / name).write_bytes(octets)
    os.utime(folder / name, (1764000000, 1764000000))


def uidlist(folder: Path, *lines: str) -> None:
    header = f"3 V{VALIDITY} N25022 G3085f01b7f11094c501100008c4a11c1"
    (folder / "dovecot-uidlist").write_text("\n".join([header, *lines]) + "\n")


def ids(folder: Path, *form: str) -> list[str]:
    return [kept.uidl for kept in messages(folder, *form)]


def test_ids_are_made_as_dovecot_makes_them_in_the_order_of_its_numbers(folder: Path) -> None:
    first, second, unseen = ids(folder)
    assert (first, second) == (FIRST, f"00000007{VALIDITY:08x}")
    assert len(unseen) == 25


@pytest.mark.parametrize(
    ("form", "first"),
    [("%v.%u", f"{VALIDITY}.5"), ("%u%v", f"5{VALIDITY}"), ("UID%u-%v", f"UID5-{VALIDITY}"), ("%08xu", "00000005")],
)
def test_other_formats(folder: Path, form: str, first: str) -> None:
    assert ids(folder, form)[0] == first


def test_what_an_older_migration_gave_stays(folder: Path) -> None:
    uidlist(folder, "5 :100.a.host,S=50,W=52", "7 PUIDL-of-1999 O1 :200.b.host")
    assert ids(folder)[:2] == ["UIDL-of-1999", FIRST]


def test_file_names_need_no_list(folder: Path) -> None:
    (folder / "dovecot-uidlist").unlink()
    with pytest.raises(MaildirError, match="downloads everything again"):
        messages(folder)
    assert len(ids(folder, "%f")) == 3


@pytest.mark.parametrize("lines", ["", "1 1275660208 6\n", "garbage\n"])
def test_a_list_that_is_none(folder: Path, lines: str) -> None:
    (folder / "dovecot-uidlist").write_text(lines)
    with pytest.raises(MaildirError):
        messages(folder)


def test_an_id_that_pop3_forbids(folder: Path) -> None:
    with pytest.raises(MaildirError, match="no unique id"):
        messages(folder, "%u and %v")


def test_a_home_does_for_its_maildir_and_nothing_else(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("home")
    with pytest.raises(MaildirError, match="There is no Maildir"):
        messages(home)
    folder.rename(home / "Maildir")
    assert len(messages(home)) == 3


@pytest.fixture
def ana(db: None) -> Mailbox:
    return make_mailbox("ana@example.org", quota=10)


@pytest.mark.django_db
def test_mail_comes_in_whole_and_in_order(folder: Path, ana: Mailbox, capsys: Any) -> None:
    call_command("import_maildir", "ana@example.org", str(folder))
    assert capsys.readouterr().out == "ana@example.org: 3 brought, 0 there already.\n"
    first, second, _unseen = Message.objects.filter(mailbox=ana).order_by("added")
    assert (first.uidl, first.subject, second.subject) == (FIRST, "hello", "second")
    assert first.received == datetime.fromtimestamp(1764000000, UTC)
    assert first.octets == len(make_message("hello"))
    assert Usage.objects.get(mailbox=ana).messages == 3
    assert Activity.objects.get(act="import_maildir").details == {"count": 3}


@pytest.mark.django_db
def test_a_second_run_brings_what_is_missing_and_nothing_that_was_removed(
    folder: Path, ana: Mailbox, capsys: Any
) -> None:
    keep(folder, "cur/150.x.host:2,", LETTER)
    call_command("import_maildir", "ana@example.org", str(folder))
    remove(ana, Message.objects.get(uidl=FIRST).pk)
    keep(folder, "cur/400.d.host:2,", LETTER)
    call_command("import_maildir", "ana@example.org", str(folder))
    assert "1 brought, 4 there already" in capsys.readouterr().out
    assert Usage.objects.get(mailbox=ana).messages == 4


@pytest.mark.django_db
def test_large_and_packed_messages(folder: Path, ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringing, "STAGED_FROM", 1000)
    large = LETTER + b"a line\n" * 100_000 + b"the last one"
    keep(folder, "cur/100.a.host,S=50,W=52:2,S", gzip.compress(large))
    call_command("import_maildir", "ana@example.org", str(folder))
    message = Message.objects.get(uidl=FIRST)
    kept = b"".join(
        MessageChunk.objects.filter(body=message.body).order_by("sequence").values_list("octets", flat=True)
    )
    assert kept == large.replace(b"\n", b"\r\n") + b"\r\n"
    assert message.octets == len(kept)
    assert not StagedBody.objects.exists()


@pytest.mark.django_db
@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(folder: Path, ana: Mailbox) -> None:
    (folder / "new/300.c.host").chmod(0)
    with pytest.raises(CommandError, match=r"Not readable: 300\.c\.host"):
        call_command("import_maildir", "ana@example.org", str(folder))
    assert Usage.objects.get(mailbox=ana).messages == 2


@pytest.mark.django_db
def test_a_damaged_file_is_told_and_stops_nothing(folder: Path, ana: Mailbox) -> None:
    keep(folder, "new/300.c.host", gzip.compress(LETTER)[:20])
    with pytest.raises(CommandError, match=r"Not readable: 300\.c\.host"):
        call_command("import_maildir", "ana@example.org", str(folder))
    assert Usage.objects.get(mailbox=ana).messages == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "words"), [("nobody@example.org", "There is no mailbox"), ("x", "An address has the form")]
)
def test_no_such_mailbox(folder: Path, address: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("import_maildir", address, str(folder))


@pytest.mark.django_db
def test_what_is_no_file_of_the_maildir_is_not_read(folder: Path, ana: Mailbox, tmp_path_factory: Any) -> None:
    """Root brings what a user of the old server wrote: a link would bring what that user may not read."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_bytes(LETTER.replace(b"hello", b"secret"))
    (folder / "cur/400.link").symlink_to(secret)
    os.mkfifo(folder / "cur/500.pipe")
    keep(folder, "cur/600.broken", gzip.compress(LETTER)[:10] + b"\xff" * 40)
    with pytest.raises(CommandError, match=r"400\.link.*500\.pipe.*600\.broken"):
        call_command("import_maildir", "ana@example.org", str(folder))
    assert Message.objects.filter(mailbox=ana).count() == 3
    assert not Message.objects.filter(subject="secret").exists()


def test_a_small_file_does_not_become_an_endless_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildir, "LARGEST", 2**20)
    keep(folder, "new/700.bomb", gzip.compress(b"x" * 2**22))
    bomb = next(kept for kept in messages(folder) if kept.file.name == "700.bomb")
    with pytest.raises(OSError, match="larger than 1 MiB"):
        bomb.octets()


@pytest.mark.parametrize("name", ["cur", "new"])
def test_a_folder_that_leads_elsewhere_is_none(folder: Path, tmp_path_factory: Any, name: str) -> None:
    (folder / name).rename(tmp_path_factory.mktemp("elsewhere") / name)
    (folder / name).symlink_to(next(tmp_path_factory.getbasetemp().glob("elsewhere*")) / name)
    with pytest.raises(MaildirError, match="is a link"):
        messages(folder)


def test_numbers_that_are_none(folder: Path) -> None:
    uidlist(folder, "\u00b2 :100.a.host,S=50,W=52:2,", "9" * 5000 + " :200.b.host:2,", f"8 O{'9' * 5000} :300.c.host")
    os.utime(folder / "new/300.c.host", (-5, -5))
    first = messages(folder)[0]
    assert (first.uidl, first.received.year) == (f"00000008{VALIDITY:08x}", 1970)
