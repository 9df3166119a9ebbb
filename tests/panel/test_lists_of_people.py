"""A list becomes mailboxes: looked at, made, a slip for each; and slips again for those that are selected."""

import re
from html import unescape

from django.test import Client

from controlpanel.accounts.actor import Actor
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain, Mailbox
from tests.panel.conftest import People
from tests.panel.reading import above, beside

LIST = "/domains/papelera.example/mailboxes/list/"
TWO = "Eva Gómez, eva\nluis"


def links(page: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'data-copy="([^"]+/invitation/[^"]+)"', page)]


def test_a_list_is_looked_at_before_anything_is_made(people: People) -> None:
    page = people.client("administrator").post(LIST, {"people": TWO}).text
    assert "2 mailboxes can be made" in page
    assert "eva@papelera.example" in page
    assert "Create 2 mailboxes" in page
    assert Mailbox.objects.filter(domain=people.domain).count() == 1


def test_faults_are_said_beside_their_lines_and_nothing_is_made(people: People) -> None:
    client = people.client("administrator")
    page = client.post(LIST, {"people": TWO + "\nana\nsin <b>coma", "make": "1"}).text
    assert above(page) == "Some lines cannot become mailboxes. Nothing was made."
    assert "Somebody signs in with this address already." in page
    assert "sin &lt;b&gt;coma" in page
    assert "2 lines have faults." in page
    assert 'name="make"' not in page
    assert Mailbox.objects.filter(domain=people.domain).count() == 1
    assert beside(client.post(LIST, {"people": " \n"}).text, "people") == "Write at least one line."
    Domain.objects.filter(pk=people.domain.pk).update(limit_mailboxes=2)
    page = client.post(LIST, {"people": TWO}).text
    assert above(page) == "This domain has room for 1 more mailbox."
    assert 'name="make"' not in page


def test_everybody_gets_a_slip_whose_link_works_once(people: People) -> None:
    Domain.objects.filter(pk=people.domain.pk).update(language="es")
    answer = people.client("administrator").post(LIST, {"people": TWO, "make": "1", "quota": "2 GB"})
    assert "no-store" in answer["Cache-Control"]
    page = answer.text
    assert page.count('<section class="slip" lang="es"') == 2
    assert page.count("<svg role=") == 2
    assert "http://localhost:8000/help/papelera.example/es/" in page
    first, second = links(page)
    guest = Client(headers={"host": "localhost", "accept-language": "en"})
    assert "eva@papelera.example" in guest.get(first).text
    guest.post(first, {"password": "tres tristes tigres"})
    assert Mailbox.objects.get(address_text="eva@papelera.example").user.check_password("tres tristes tigres")
    assert guest.get(first).status_code == 404
    assert guest.get(second).status_code == 200
    assert Activity.objects.filter(act="invite").count() == 2


def test_slips_again_for_those_that_are_selected(people: People) -> None:
    box = changes.create_mailbox(people.domain, "eva", actor=Actor(people.operator))
    stranger = people.other_owner.mailbox.pk
    chosen = {"act": "invite", "mailbox": [box.pk, people.mailbox.pk, stranger], "next": "/mailboxes/"}
    page = people.client("administrator").post("/mailboxes/selected/", chosen).text
    assert len(links(page)) == 2
    assert "eva@otra.example" not in page
    people.owner.is_operator = True
    people.owner.save()
    page = people.client("administrator").post("/mailboxes/selected/", chosen).text
    assert len(links(page)) == 1


def test_slips_for_nobody(people: People) -> None:
    client = people.client("administrator")
    answer = client.post("/mailboxes/selected/", {"act": "invite", "next": "/mailboxes/"}, follow=True)
    assert "Select mailboxes first." in answer.text
    people.owner.is_operator = True
    people.owner.save()
    chosen = {"act": "invite", "mailbox": [people.mailbox.pk], "next": "/mailboxes/"}
    assert "wider rights" in client.post("/mailboxes/selected/", chosen, follow=True).text
