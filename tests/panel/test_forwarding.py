"""The forwarding page: for its owner, for who rules the mailbox, and what each of them sees."""

from typing import Any

import pytest

from controlpanel.mailstore.beside import Fate, Outgoing
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.onward import Onward, Passing, queue
from controlpanel.mailstore.onward.passing import Way
from tests.panel.conftest import People
from tests.store.factories import make_delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def relay(settings: Any) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@example.org"


def where(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/forwarding/"


@pytest.mark.parametrize("role", ["owner", "administrator"])
def test_it_is_chosen_and_shown(people: People, role: str) -> None:
    client = people.client(role)
    answer = client.post(where(people), {"targets": "luz@elsewhere.example\nsol@elsewhere.example"}, follow=True)
    page = answer.content.decode()
    assert "Mail is forwarded from now on." in page
    assert "luz@elsewhere.example\nsol@elsewhere.example" in page
    people.mailbox.refresh_from_db()
    assert (people.mailbox.forward_to, people.mailbox.forward_keep) == (
        ["luz@elsewhere.example", "sol@elsewhere.example"],
        False,
    )


def test_what_is_wrong_stands_beside_the_field(people: People) -> None:
    page = people.client("owner").post(where(people), {"targets": "nobody"}).content.decode()
    assert "An address has the form name@domain." in page


def test_without_a_relay_the_page_says_so(people: People, settings: Any) -> None:
    settings.RELAY_URL = ""
    page = people.client("owner").get(where(people)).content.decode()
    assert "sends no mail out" in page
    assert "<textarea" not in page


def forwarded(people: People) -> None:
    """A message is refused elsewhere, forwarded by the mailbox and by an alias."""
    people.mailbox.forward_to = ["gone@elsewhere.example"]
    people.mailbox.save()
    onward = [Onward("lost@elsewhere.example", f"info@{people.domain.name}")]
    deliver([make_delivery(people.mailbox, sender="eva@example.net", passing=Passing(Way(), 0, onward))])
    for _ in range(2):
        claimed = queue.claim()
        assert claimed is not None
        queue.end(claimed, Fate.REFUSED, "550 5.1.1 nobody is there")
    assert Outgoing.objects.count() == 2


def test_only_the_owner_sees_whose_mail_it_was(people: People) -> None:
    forwarded(people)
    page = people.client("owner").get(where(people)).content.decode()
    for words in ("gone@elsewhere.example", "550 5.1.1 nobody is there", "hello", "Ana", "in this mailbox"):
        assert words in page
    assert "lost@" not in page
    page = people.client("administrator").get(where(people)).content.decode()
    assert "550 5.1.1" not in page
    assert "hello" not in page


def test_an_administrator_sees_what_aliases_could_not_hand_on(people: People) -> None:
    forwarded(people)
    page = people.client("administrator").get(f"/domains/{people.domain.name}/aliases/").content.decode()
    assert "lost@elsewhere.example" in page
    assert "550 5.1.1 nobody is there" in page
    assert "gone@" not in page
    assert "hello" not in page
    assert "eva@" not in page
