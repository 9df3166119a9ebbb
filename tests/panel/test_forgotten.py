"""A forgotten password: the same answer for everybody, and a second address that is set behind the password."""

import re
from typing import Any

import pytest
from django.test import Client

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import Letter
from tests.panel.conftest import People
from tests.panel.reading import above, beside

FORGOTTEN = "/sign-in/forgotten/"
SECOND = "/account/second-address/"


@pytest.fixture(autouse=True)
def relay(settings: Any) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://127.0.0.1:9", "panel@mail.example"


def stranger() -> Client:
    return Client(headers={"host": "localhost", "accept-language": "en"})


def without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_the_answer_is_the_same_for_everybody(people: People) -> None:
    User.objects.filter(pk=people.owner.pk).update(second_address="ana@elsewhere.example")
    known, unknown, wrong = (
        stranger().post(FORGOTTEN, {"address": address}) for address in ("ana@papelera.example", "x@y.example", "x")
    )
    assert without_token(known.text) == without_token(unknown.text) == without_token(wrong.text)
    assert "a link is on its way there" in known.text
    assert "no-store" in known["Cache-Control"]
    assert list(Letter.objects.values_list("about", "address")) == [
        ("forgotten", "ana@papelera.example"),
        ("forgotten", "x@y.example"),
    ]
    for number in range(20):
        page = stranger().post(FORGOTTEN, {"address": f"box{number}@x.example"}).text
    assert "Try again in" in above(page)
    assert 'value="box19@x.example"' in page


def test_without_a_relay_the_page_says_who_helps(people: People, settings: Any) -> None:
    settings.RELAY_URL = ""
    assert "Whoever runs your domain gives you a link" in stranger().get(FORGOTTEN).text
    stranger().post(FORGOTTEN, {"address": "ana@papelera.example"})
    assert not Letter.objects.exists()
    page = people.client("owner").get("/account/").text
    assert "whoever runs your domain gives you a link" in page
    assert SECOND not in page


def test_the_second_address_is_set_behind_the_password(people: People) -> None:
    people.owner.set_password("tres tristes tigres")
    people.owner.save()
    assert "/sign-in/again/" in people.client("owner").get(SECOND)["Location"]
    assert "/sign-in/?next=" in stranger().get(SECOND)["Location"]
    client = stranger()
    client.post("/sign-in/", {"login": "ana@papelera.example", "password": "tres tristes tigres"})
    client.post("/sign-in/again/", {"password": "tres tristes tigres"})
    page = client.post(SECOND, {"act": "set", "address": "ana@papelera.example"}).text
    assert "leads into the mailbox itself" in beside(page, "address")
    page = client.post(SECOND, {"act": "set", "address": "ana@elsewhere.example"}, follow=True).text
    assert "A message is on its way to ana@elsewhere.example." in page
    User.objects.filter(pk=people.owner.pk).update(second_address="ana@elsewhere.example")
    assert "ana@elsewhere.example" in client.get("/account/").text
    client.post(SECOND, {"act": "remove"})
    assert not User.objects.filter(second_address__gt="").exists()


def test_an_invitation_is_sent_from_its_slip(people: People) -> None:
    client = people.client("administrator")
    where = f"/mailboxes/{people.mailbox.pk}/invite/send/"
    assert where in client.post(f"/mailboxes/{people.mailbox.pk}/invite/").text
    page = client.post(where, {"address": "ana@papelera.example"}, headers={"hx-request": "true"}).text
    assert "leads into the mailbox itself" in page
    assert "<html" not in page
    page = client.post(where, {"address": "ana@elsewhere.example"}, headers={"hx-request": "true"}).text
    assert "On its way to ana@elsewhere.example." in page
    assert Letter.objects.get().address == "ana@elsewhere.example"
    assert "<html" in client.post(where, {"address": "eva@elsewhere.example"}).text


def test_without_a_relay_no_slip_offers_to_send(people: People, settings: Any) -> None:
    settings.RELAY_URL = ""
    page = people.client("administrator").post(f"/mailboxes/{people.mailbox.pk}/invite/").text
    assert "/invite/send/" not in page
