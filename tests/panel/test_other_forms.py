"""Domains, administrators, aliases, operators, one's own password: refused in words, and secrets shown once."""

from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes.models import GIB, Address, Domain
from tests.panel.conftest import People
from tests.panel.reading import beside, secret


def test_a_domain_with_its_administrator_is_made_whole_or_not_at_all(people: People) -> None:
    client = people.client("operator")
    typed = {"name": "nueva.example", "default_quota": "1 GB", "limit_octets": "50 GB", "administrator": "no address"}
    page = client.post("/domains/new/", typed).text
    assert beside(page, "administrator") == "An address has the form name@domain."
    assert 'value="50 GB"' in page
    assert not Domain.objects.filter(name="nueva.example").exists()
    password = secret(client.post("/domains/new/", typed | {"administrator": "sol@estudio.example"}).text)
    domain = Domain.objects.get(name="nueva.example")
    assert (domain.limit_octets, domain.limit_mailboxes) == (50 * GIB, None)
    assert domain.administrators.get().check_password(password)


def test_an_administrator_of_another_domain_chooses_a_new_password_by_a_link(people: People) -> None:
    people.other_administrator.set_password("nueve remos en la barca")
    people.other_administrator.save()
    client = people.client("operator")
    where = "/domains/papelera.example/administrators/new/"
    assert "/invitation/" in secret(client.post(where, {"address": "PEDRO@estudio.example"}).text)
    assert people.domain.administrators.count() == 2
    assert not User.objects.get(pk=people.other_administrator.pk).has_usable_password()
    client.post(f"/domains/papelera.example/administrators/{people.administrator.pk}/dismiss/")
    assert list(people.domain.administrators.all()) == [people.other_administrator]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("papelera.example", "This domain is here already."),
        ("PAPELERA.example.", "This domain is here already."),
        ("nowhere", "A domain has a dot in it, as in example.org."),
        ("a_b.example", "“a_b” is not part of a domain: it has letters, digits and, between them, hyphens."),
    ],
)
def test_domains_that_cannot_be(people: People, name: str, sentence: str) -> None:
    page = people.client("operator").post("/domains/new/", {"name": name, "default_quota": "1 GB"}).text
    assert beside(page, "name") == sentence
    assert f'value="{name}"' in page


def test_a_foreign_name_is_shown_as_people_read_it(people: People) -> None:
    client = people.client("operator")
    client.post("/domains/new/", {"name": "Peña.example", "default_quota": "1 GB"})
    assert "<h1>peña.example</h1>" in client.get("/domains/xn--pea-8ma.example/").text


def test_policies_are_changed_without_touching_limits(people: People) -> None:
    Domain.objects.filter(pk=people.domain.pk).update(limit_mailboxes=25)
    where = "/domains/papelera.example/edit/"
    client = people.client("administrator")
    assert "limit_mailboxes" not in client.get(where).text
    typed = {
        "default_quota": "500 MB",
        "language": "es",
        "time_zone": "America/Lima",
        "restore_days": "30",
        "over_quota": "refuse",
        "pop3_enabled": "on",
        "login_delay": "0",
        "limit_mailboxes": "9999",
    }
    assert client.post(where, typed).status_code == 302
    people.domain.refresh_from_db()
    assert (people.domain.default_quota, people.domain.restore_days) == (500 * 2**20, 30)
    assert people.domain.limit_mailboxes == 25


def test_a_domain_that_allows_unsafe_lines_shows_who_uses_them(people: People) -> None:
    client, where = people.client("administrator"), "/domains/papelera.example/"
    told = {
        "default_quota": "500 MB",
        "language": "es",
        "time_zone": "America/Lima",
        "restore_days": "30",
        "over_quota": "refuse",
        "pop3_enabled": "on",
        "login_delay": "0",
    }
    came = {"device_id": None, "device": "", "mechanism": "USER", "started": timezone.now(), "ended_by": "quit"}
    moved = record.Finished(people.mailbox.pk, 1, address="192.0.2.77", tls="TLSv1", fetched=1, **came)
    record.finished([moved, replace(moved, session=2, tls="", address="192.0.2.78")])
    assert "192.0.2.77" not in client.get(where).text
    assert client.post(f"{where}edit/", told | {"old_tls_until": "2126-05-01"}).status_code == 302
    page = client.get(where).text
    assert "192.0.2.77" in page
    assert "TLSv1</td>" in page
    assert "192.0.2.78" in page
    assert 'value="2126-05-01"' in client.get(f"{where}edit/").text
    assert beside(client.post(f"{where}edit/", told | {"old_tls_until": "soon"}).text, "old_tls_until")


def test_a_limit_below_what_is_given_is_refused(people: People) -> None:
    client = people.client("operator")
    typed = {
        "default_quota": "1 GB",
        "language": "es",
        "time_zone": "UTC",
        "restore_days": "14",
        "over_quota": "refuse",
        "login_delay": "0",
        "limit_mailboxes": "0",
        "pop3_enabled": "on",
    }
    page = client.post("/domains/papelera.example/edit/", typed).text
    assert beside(page, "limit_mailboxes") == "There are 1 mailboxes already."


def test_aliases(people: People) -> None:
    client = people.client("administrator")
    where = "/domains/papelera.example/aliases/new/"
    page = client.post(where, {"local": "ventas", "targets": "ana@papelera.example\n\nnobody@papelera.example"}).text
    assert beside(page, "targets") == "There is no mailbox nobody@papelera.example."
    assert "nobody@papelera.example</textarea>" in page
    assert client.post(where, {"local": "*", "targets": "ana@papelera.example"}).status_code == 302
    star = Address.objects.get(domain=people.domain, local="")
    assert "Everything else @papelera.example" in client.get("/domains/papelera.example/aliases/").text
    assert client.post(f"/aliases/{star.pk}/delete/").status_code == 302
    assert not Address.objects.filter(pk=star.pk).exists()
    assert beside(client.post(f"/aliases/{people.alias.pk}/", {"targets": "  \n"}).text, "targets")
    assert "ana@papelera.example</textarea>" in client.get(f"{where}?to=ana@papelera.example").text


def test_ones_own_password_wants_the_present_one(people: People) -> None:
    people.owner.set_password("una casilla bien guardada")
    people.owner.save()
    client, where = people.client("owner"), "/account/password/"
    page = client.post(where, {"present": "wrong", "password": "nueve remos en la barca"}).text
    assert beside(page, "present") == "This is not the present password."
    assert client.post(where, {"present": "una casilla bien guardada", "password": "ana"}).status_code == 200
    other = people.client("owner")
    assert (
        client.post(where, {"present": "una casilla bien guardada", "password": "nueve remos en la barca"}).status_code
        == 302
    )
    assert User.objects.get(pk=people.owner.pk).check_password("nueve remos en la barca")
    assert client.get("/account/").status_code == 200, "this browser stays"
    assert other.get("/account/").status_code == 302, "the others are signed out"


def test_how_strong_a_password_is_is_said_without_keeping_it(people: People) -> None:
    client = people.client("owner")
    assert "Hard to guess." in client.post("/account/password/strength/", {"password": "nueve remos en la barca"}).text
    weak = client.post("/account/password/strength/", {"password": "ana@papelera"}).text
    assert "It has your name or address in it." in weak
    assert "ana@papelera" not in weak


def test_operators_come_and_go_but_the_last(people: People) -> None:
    client = people.client("operator")
    dismiss = f"/service/operators/{people.operator.pk}/dismiss/"
    assert "This is the last operator." in client.post(dismiss, follow=True).text
    assert beside(client.post("/service/operators/new/", {"address": "nobody"}).text, "address")
    password = secret(client.post("/service/operators/new/", {"address": "sol@hosting.example"}).text)
    assert User.objects.get(address="sol@hosting.example", is_operator=True).check_password(password)
    assert "/invitation/" in secret(client.post("/service/operators/new/", {"address": "PEDRO@estudio.example"}).text)
    assert User.objects.get(pk=people.other_administrator.pk).is_operator
    client.post(dismiss)
    assert client.get("/service/").status_code == 404


def test_who_is_appointed_from_who_signs_in_gets_a_link(people: People) -> None:
    people.owner.set_password("tres tristes tigres")
    people.owner.save()
    for where, role in (("/service/operators/new/", "operator"), ("/domains/otra.example/administrators/new/", "")):
        person = people.owner if role else people.other_owner
        page = people.client("operator").post(where, {"address": person.address}).text
        link = secret(page)
        assert "What they signed in with until now is void" in page
        assert "/invitation/" in link
        person.refresh_from_db()
        assert not person.has_usable_password()
        guest = Client(headers={"host": "localhost"})
        assert guest.get(link).status_code == 200


def test_who_is_an_operator_already_keeps_the_password(people: People) -> None:
    people.operator.set_password("tres tristes tigres")
    people.operator.save()
    client = people.client("operator")
    answer = client.post("/service/operators/new/", {"address": people.operator.address}, follow=True)
    assert "is an operator already" in answer.text
    answer = client.post("/domains/otra.example/administrators/new/", {"address": people.operator.address}, follow=True)
    assert "runs this domain from now on" in answer.text
    people.operator.refresh_from_db()
    assert people.operator.check_password("tres tristes tigres")
