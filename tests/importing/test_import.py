"""From a file to mailboxes: what is wrong is said before, what is good is made once, whatever breaks off."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.accounts.models import User
from controlpanel.importing import changes, making
from controlpanel.importing.checking import check_some
from controlpanel.importing.making import make_some
from controlpanel.importing.models import Import, Row, RowState, State
from controlpanel.importing.running import advance, forget
from controlpanel.importing.secrets import Box
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.changes import ChangeRefused
from controlpanel.mailboxes.models import GIB, Alias, Domain, Mailbox
from controlpanel.mailboxes.rules import NotAllowed
from tests.store.factories import age, make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db
PASSWORD = "four ripe green mangoes"
HASH = "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/"


@pytest.fixture
def domain() -> Domain:
    return make_domain("example.org")


@pytest.fixture
def lucia(domain: Domain) -> User:
    user = User.objects.create_user("lucia@estudio.example")
    domain.administrators.add(user)
    return user


def start(text: str, actor: Actor = SHELL, **options: Any) -> Import:
    return changes.start_import(text.encode(), "list.csv", actor=actor, language="en", **options)


def checked(text: str, actor: Actor = SHELL, **options: Any) -> Import:
    held = start(text, actor, **options)
    while check_some(held.pk):
        pass
    held.refresh_from_db()
    assert held.state == State.CHECKED
    return held


def make(held: Import, actor: Actor = SHELL) -> None:
    changes.confirm_import(held.pk, actor=actor)
    while make_some(held.pk):
        pass


def faults(held: Import) -> list[str]:
    return [
        f"{row.line} {column}: {sentence}".replace("\u00a0", " ")
        for row in held.rows.filter(state__in=(RowState.BAD, RowState.FAILED)).order_by("line")
        for column, sentence in row.faults
    ]


def test_a_table_becomes_mailboxes(domain: Domain) -> None:
    held = checked(
        "address,name,password,quota,language,aliases,note\n"
        f"ana@example.org,Ana Pérez,{PASSWORD},2 GB,es,info ventas@example.org,rings at noon\n"
        f"leo,Leo,{HASH},none,,,\n"
        "eva@example.org,Eva,,,,,\n",
        domain=domain,
    )
    assert faults(held) == []
    assert not Mailbox.objects.exists()
    make(held)
    ana, eva, leo = Mailbox.objects.select_related("user").order_by("address_text")
    assert (ana.name, ana.quota, ana.note, ana.user.language) == ("Ana Pérez", 2 * GIB, "rings at noon", "es")
    assert ana.user.password.startswith("argon2$")
    assert ana.user.check_password(PASSWORD)
    assert {str(alias.address) for alias in Alias.objects.filter(mailbox=ana)} == {
        "info@example.org",
        "ventas@example.org",
    }
    assert (leo.quota, leo.user.password) == (None, f"foreign${HASH}")
    assert not eva.user.has_usable_password()
    assert eva.quota == domain.default_quota
    held.refresh_from_db()
    assert held.state == State.DONE


def test_the_import_and_each_mailbox_leave_a_row(domain: Domain, lucia: User) -> None:
    actor = Actor(lucia, "192.0.2.7")
    make(checked("address\nana@example.org\nleo@example.org\n", actor), actor)
    rows = Activity.objects.order_by("pk").values_list("act", "actor", "subject", "domain_id", "address")
    assert list(rows) == [
        ("import_mailboxes", lucia.address, "list.csv", domain.pk, "192.0.2.7"),
        ("create_mailbox", lucia.address, "ana@example.org", domain.pk, "192.0.2.7"),
        ("create_mailbox", lucia.address, "leo@example.org", domain.pk, "192.0.2.7"),
    ]


def test_everything_that_is_wrong_is_said_row_by_row_and_nothing_is_made(domain: Domain) -> None:
    make_alias("taken@example.org", make_mailbox("here@example.org"))
    make_domain("small.example", limit_mailboxes=1, limit_octets=GIB, largest_quota=GIB)
    User.objects.create_user("boss@example.org")
    held = checked(
        "address;password;quota;language;aliases;name\n"
        ";x;;;;\n"
        "ana@nowhere.example;;;;;\n"
        "a b@example.org;;;;;\n"
        "taken@example.org;;;;;\n"
        "boss@example.org;;;;;\n"
        "here@example.org;;;;;\n"
        "leo@example.org;12345;lots;fr;;\n"
        "eva@example.org;{SHA}xyz=;;;eva2@other.example eva@example.org taken@example.org;\n"
        "ana@example.org;;;;;\n"
        "Ana@Example.ORG;;;;;\n"
        "one@small.example;;2 GB;;;\n"
        "two@small.example;;none;;;\n"
        "three@small.example;;900 MB;;;\n"
        "four@small.example;;900 MB;;;\n"
        "five@small.example;;1 MB;;;\n"
        f"long@example.org;;;;;{'x' * 121}\n"
    )
    said = "\n".join(faults(held))
    for words in (
        "2 address: An address has the form name@domain.",
        "3 address: You run no domain nowhere.example here.",
        "4 address: The character",
        "5 address: This address is taken.",
        "6 address: Somebody signs in with this address already.",
        "8 quota: Write a number and a unit",
        "8 language: Write en or es.",
        "8 password: ",
        "9 hash: This hash has no salt",
        "9 aliases: eva2@other.example: An alias stands in the domain of its mailbox.",
        "9 aliases: eva@example.org: This is the mailbox itself.",
        "9 aliases: taken@example.org: This address is taken.",
        "11 address: Line 10 has this address too.",
        "12 quota: The largest quota here is 1 GB.",
        "13 quota: The largest quota here is 1 GB.",
        "15 quota: This domain has 124 MB left to give.",
        "16 address: This domain has room for 1 mailbox, and has it.",
        "17 name: Use at most 120 characters.",
    ):
        assert words in said
    assert changes.counts(held) == {RowState.GOOD: 2, RowState.BAD: 13, RowState.THERE: 1}
    assert Mailbox.objects.count() == 1
    assert not Row.objects.filter(state=RowState.BAD, secret__isnull=False).exists()


def test_an_alias_stands_once_in_the_file(domain: Domain) -> None:
    held = checked(
        "address,aliases\nana@example.org,info\nleo@example.org,info\ninfo@example.org,\nana2@example.org,leo2 leo2\n"
    )
    assert faults(held) == [
        "3 aliases: info@example.org: Line 2 has this address too.",
        "4 address: Line 2 has this address too.",
    ]


def test_batches_count_what_came_before(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controlpanel.importing.checking.ROWS_A_STEP", 1)
    Domain.objects.update(limit_mailboxes=2)
    held = checked("address\na@example.org\na@example.org\nb@example.org\nc@example.org\n")
    assert faults(held) == [
        "3 address: Line 2 has this address too.",
        "5 address: This domain has room for 2 mailboxes, and has them.",
    ]


def test_a_batch_asks_the_same_however_many_rows(domain: Domain) -> None:
    def asked(number: int) -> int:
        rows = "\n".join(f"box{n}@example.org,Ana,{HASH},info{n}" for n in range(number))
        held = start(f"address,name,password,aliases\n{rows}\n")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            check_some(held.pk)
        return len(asked)

    assert asked(1) == asked(150)


def test_a_password_lies_enciphered_and_only_until_it_is_hashed(domain: Domain) -> None:
    held = checked(f"address,password\nana@example.org,{PASSWORD}\nleo@example.org,{HASH}\n")
    with connection.cursor() as cursor:
        cursor.execute("SELECT importing_row::text FROM importing_row")
        assert not any(PASSWORD in text for (text,) in cursor.fetchall())
    ana = held.rows.get(address="ana@example.org")
    assert Box().deciphered(bytes(ana.secret or b"")) == "p" + PASSWORD
    make(held)
    assert not Row.objects.exclude(secret=None, stored="").exists()


def test_a_new_secret_key_is_said(domain: Domain, settings: Any) -> None:
    held = checked(f"address,password\nana@example.org,{PASSWORD}\n")
    settings.SECRET_KEY = "another"
    make(held)
    assert "SECRET_KEY has changed" in faults(held)[0]
    again = start(f"address,password\nana@example.org,{PASSWORD}\n")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a third", ["another"]
    check_some(again.pk)
    assert changes.counts(again) == {RowState.GOOD: 1}


def test_labels_come_along_and_alias_domains_take_no_address(domain: Domain) -> None:
    make_domain("old.example", alias_of=domain)
    text = "address;label\nana@example.org;Ventas, Planta 2\nleo@example.org;ventas\neva@old.example;\n"
    held = checked(text + f"mia@example.org;{'x' * 41}\n")
    assert faults(held) == [
        "4 address: This domain is an alias of example.org: addresses are made there.",
        "5 label: Use at most 40 characters.",
    ]
    make(held)
    labels = Mailbox.objects.order_by("address_text").values_list("address_text", "labels__name")
    assert set(labels) == {
        ("ana@example.org", "Planta 2"),
        ("ana@example.org", "Ventas"),
        ("leo@example.org", "Ventas"),
    }


def test_mail_is_forwarded_where_the_service_sends_mail(domain: Domain, settings: Any) -> None:
    text = "address,forward\nana@example.org,ana@elsewhere.example luz@elsewhere.example\nleo@example.org,x\n"
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@example.org"
    held = checked(text)
    assert faults(held) == ["3 forward: An address has the form name@domain."]
    make(held)
    ana = Mailbox.objects.get()
    assert (ana.forward_to, ana.forward_keep) == (["ana@elsewhere.example", "luz@elsewhere.example"], True)
    settings.RELAY_URL = ""
    assert "RELAY_URL is not set" in faults(checked(text.replace("ana@example", "eva@example")))[0]


class Killed(BaseException):
    """What kill -9 does to the code that it hits."""


def test_who_dies_in_the_middle_goes_on_without_doubles(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "\n".join(f"box{n:03}@example.org,{PASSWORD} {n},also{n:03}" for n in range(10))
    held = checked(f"address,password,aliases\n{rows}\n")
    changes.confirm_import(held.pk, actor=SHELL)
    monkeypatch.setattr(making, "ROWS_A_STEP", 4)
    made = making._made

    def dying(row: Row, actor: Actor) -> int:
        number = made(row, actor)
        if row.address.startswith("box005"):
            raise Killed
        return number

    monkeypatch.setattr(making, "_made", dying)
    make_some(held.pk)
    with pytest.raises(Killed):
        make_some(held.pk)
    assert Mailbox.objects.count() == 4
    monkeypatch.setattr(making, "_made", made)
    while make_some(held.pk):
        pass
    assert Mailbox.objects.count() == 10
    assert Activity.objects.filter(act="create_mailbox").count() == 10
    assert changes.counts(held) == {RowState.MADE: 10}


def test_what_another_took_meanwhile_is_refused_alone(domain: Domain) -> None:
    held = checked("address,aliases\nana@example.org,\nleo@example.org,info\neva@example.org,\n")
    make_mailbox("info@example.org")
    make(held)
    assert [row.address for row in held.rows.filter(state=RowState.FAILED)] == ["leo@example.org"]
    assert set(Mailbox.objects.values_list("address_text", flat=True)) == {
        "ana@example.org",
        "eva@example.org",
        "info@example.org",
    }


def test_limits_hold_also_where_they_were_lowered_after_the_check(domain: Domain) -> None:
    held = checked("address\na@example.org\nb@example.org\n")
    Domain.objects.update(limit_mailboxes=1)
    make(held)
    assert Mailbox.objects.count() == 1
    assert "room for 1 mailbox" in faults(held)[0]


@pytest.mark.parametrize("end", ["dismissed", "inactive", "gone"])
def test_who_may_no_longer_makes_no_more(domain: Domain, lucia: User, end: str) -> None:
    held = checked("address\na@example.org\n", Actor(lucia))
    changes.confirm_import(held.pk, actor=Actor(lucia))
    if end == "dismissed":
        domain.administrators.remove(lucia)
    elif end == "inactive":
        User.objects.update(is_active=False)
    else:
        lucia.delete()
    while make_some(held.pk):
        pass
    assert not Mailbox.objects.exists()
    assert "may not make mailboxes here now" in faults(held)[0]


def test_an_administrator_stays_in_their_domains(domain: Domain, lucia: User) -> None:
    make_domain("other.example")
    held = checked("address\na@example.org\nb@other.example\n", Actor(lucia))
    assert faults(held) == ["3 address: You run no domain other.example here."]
    with pytest.raises(NotAllowed):
        start("address\nb\n", Actor(lucia), domain=Domain.objects.get(name="other.example"))
    with pytest.raises(NotAllowed):
        start("address\nb@x.org\n", Actor(make_mailbox("own@example.org").user))


def test_imports_are_their_beginners_and_the_operators(domain: Domain, lucia: User) -> None:
    held = checked("address\na@example.org\n", Actor(lucia))
    pedro = User.objects.create_user("pedro@estudio.example")
    domain.administrators.add(pedro)
    for change in (changes.confirm_import, changes.discard_import):
        with pytest.raises(NotAllowed):
            change(held.pk, actor=Actor(pedro))
    changes.discard_import(held.pk, actor=Actor(User.objects.create_user("op@x.org", is_operator=True)))
    assert not Row.objects.exists()


def test_nothing_is_confirmed_twice_or_thrown_away_under_way(domain: Domain) -> None:
    held = checked("address\na@example.org\n")
    changes.confirm_import(held.pk, actor=SHELL)
    for change in (changes.confirm_import, changes.discard_import):
        with pytest.raises(ChangeRefused):
            change(held.pk, actor=SHELL)


def test_jobs_go_on_with_every_import_in_turn(domain: Domain) -> None:
    one, two = start("address\na@example.org\n"), start("address\nb@example.org\n")
    list(advance())
    assert set(Import.objects.values_list("state", flat=True)) == {State.CHECKED}
    for held in (one, two):
        changes.confirm_import(held.pk, actor=SHELL)
    list(advance())
    assert Mailbox.objects.count() == 2


def test_what_nobody_confirms_is_forgotten_with_its_passwords(domain: Domain) -> None:
    checked(f"address,password\na@example.org,{PASSWORD}\n")
    assert not forget()
    age("importing_import", created="25 hours")
    while forget():
        pass
    assert not Import.objects.exists()
    assert not Row.objects.exists()
