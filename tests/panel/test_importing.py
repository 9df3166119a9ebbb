"""The pages of an import, and export."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.importing.models import Import, Row
from controlpanel.importing.running import advance
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Mailbox
from tests.panel.conftest import People
from tests.store.factories import make_alias, make_mailbox

pytestmark = pytest.mark.django_db


def upload(client: Client, text: str, where: str = "/domains/papelera.example/import/") -> str:
    answer = client.post(where, {"file": SimpleUploadedFile("gente.csv", text.encode())})
    assert answer.status_code == 302, answer.content.decode()
    list(advance())
    return str(answer["Location"])


def words(answer: Any) -> str:
    return str(answer.content.decode())


def table(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_file_is_seen_before_it_is_made(people: People) -> None:
    client = people.client("administrator")
    there = upload(client, "address;name;extra\nleo;Leo;1\nana;Ana;2\nx y;;3\n")
    page = words(client.get(there))
    assert "Read as UTF-8, cells divided by semicolons." in page
    assert "Not read: extra." in page
    assert "1 row is wrong" in page
    assert "1 mailbox is here already" in page
    assert "Make 1 mailbox" in page
    assert not Mailbox.objects.filter(address_text="leo@papelera.example").exists()
    client.post(there + "confirm/")
    assert "hx-trigger" in words(client.get(there))
    list(advance())
    assert Mailbox.objects.filter(address_text="leo@papelera.example").exists()
    page = words(client.get(there))
    assert "1 mailbox was made." in page
    assert 'hx-trigger="every' not in page


def test_faults_and_invitations_come_as_files(people: People) -> None:
    client = people.client("administrator")
    there = upload(client, "address,name\nleo,Leo\nx y,\n=1+1@x,\n")
    [_headings, *rows] = table(client.get(there + "faults.csv"))
    assert [row[:3] for row in rows] == [["3", "x y", "address"], ["4", "'=1+1@x", "address"]]
    client.post(there + "confirm/")
    list(advance())
    answer = client.post(there + "invitations.csv")
    assert "no-store" in answer["Cache-Control"]
    [_headings, [address, name, link]] = table(answer)
    assert (address, name) == ("leo@papelera.example", "Leo")
    assert client.get(link.replace("http://localhost", "")).status_code == 200
    changes.set_password(Mailbox.objects.get(address_text=address).user, "four ripe green mangoes", actor=SHELL)
    assert table(client.post(there + "invitations.csv"))[1:] == []


def test_a_file_that_is_none_is_said_beside_its_field(people: People) -> None:
    client = people.client("administrator")
    answer = client.post("/imports/", {"file": SimpleUploadedFile("x.xlsx", b"PK\0\0")})
    assert "This is no text file" in words(answer)
    assert "This field is required" in words(client.post("/imports/", {}))
    assert Import.objects.count() == 1


def test_a_checked_file_is_thrown_away(people: People) -> None:
    client = people.client("administrator")
    there = upload(client, "address\nleo\n")
    assert client.post(there + "discard/")["Location"] == "/domains/papelera.example/import/"
    assert client.get(there).status_code == 404


def test_sentences_are_in_the_language_of_who_imports(people: People) -> None:
    client = Client(headers={"host": "localhost", "accept-language": "es"})
    client.force_login(people.administrator)
    there = upload(client, "correo\nx y\n")
    assert "El carácter" in words(client.get(there))


def test_an_export_holds_no_secret_and_no_formula_and_comes_back(people: People) -> None:
    box = make_mailbox("zoe@papelera.example", name="=HYPERLINK(1)", note="+57 300", quota=1536 * 2**20)
    make_alias("hola@papelera.example", box)
    changes.label_mailbox(box, ["Planta 2", "Ventas"], actor=SHELL)
    box.user.language = "es"
    box.user.save()
    answer = people.client("administrator").get("/domains/papelera.example/export/?q=zoe")
    assert answer["Content-Disposition"] == 'attachment; filename="papelera.example.csv"'
    [headings, row] = table(answer)
    exported = dict(zip(headings, row, strict=True))
    assert (exported["name"], exported["note"]) == ("'=HYPERLINK(1)", "'+57 300")
    assert (exported["quota"], exported["language"], exported["aliases"]) == ("1536 MB", "es", "hola@papelera.example")
    assert not {"password", "hash"} & exported.keys()
    assert exported["label"] == "Planta 2, Ventas"
    row[headings.index("label")] = "Planta 2|Ventas"
    text = "\n".join(",".join(line) for line in (headings, row)).replace("zoe@", "zoe2@").replace("hola@", "hola2@")
    client = people.client("operator")
    there = upload(client, text, "/imports/")
    client.post(there + "confirm/")
    list(advance())
    back = Mailbox.objects.select_related("user").get(address_text="zoe2@papelera.example")
    assert (back.name, back.note, back.quota, back.user.language) == (box.name, box.note, box.quota, "es")
    assert back.labels.count() == 2


def test_an_import_tells_nobody_who_is_in_domains_of_others(people: People) -> None:
    there = ("eva@otra.example", "nobody@otra.example", "mesa@hosting.example", "nobody@hosting.example", "a@b.example")
    number = upload(people.client("administrator"), "\n".join(["address", *there])).rstrip("/").rpartition("/")[2]
    rows = Row.objects.filter(belongs=number)
    said = [(row.state, column, sentence[:18]) for row in rows for column, sentence in row.faults]
    assert said == [("bad", "address", "You run no domain ")] * 5


@pytest.mark.parametrize("wider", ["operator", "administrator", "access"])
def test_an_export_tells_no_forwarding_of_who_has_wider_rights(people: People, wider: str) -> None:
    box = make_mailbox("zoe@papelera.example", forward_to=["zoe@elsewhere.example"])

    def told(role: str) -> str:
        headings, row = table(people.client(role).get("/domains/papelera.example/export/?q=zoe"))
        return dict(zip(headings, row, strict=True))["forward"]

    assert told("administrator") == "zoe@elsewhere.example"
    if wider == "operator":
        User.objects.filter(pk=box.user_id).update(is_operator=True)
    elif wider == "administrator":
        people.other_owner.mailbox.domain.administrators.add(box.user)
    else:
        people.other_owner.mailbox.accesses.create(user=box.user)
    assert told("administrator") == ""
    assert told("operator") == "zoe@elsewhere.example"


def test_spreadsheets_in_spanish_want_semicolons(people: People) -> None:
    client = Client(headers={"host": "localhost", "accept-language": "es"})
    client.force_login(people.administrator)
    answer: HttpResponse = client.get(reverse("mailboxes-export"))
    assert b"address;name;quota" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_an_export_asks_no_more_for_many(people: People, django_assert_max_num_queries: Any) -> None:
    for _number in range(30):
        make_mailbox(f"box{_number}@papelera.example")
    client = people.client("administrator")
    with django_assert_max_num_queries(12):
        assert len(table(client.get("/domains/papelera.example/export/"))) == 32
