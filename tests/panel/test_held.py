"""What is held as spam, on its owner's page."""

from typing import Any

import pytest

from controlpanel.mailstore.beside import Held
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.models import Message
from tests.panel.conftest import People
from tests.store.factories import make_delivery, make_message

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def marked(settings: Any) -> None:
    settings.SPAM_HEADER = "X-Spam-Flag: YES"


@pytest.fixture
def numbers(people: People) -> list[int]:
    texts = [make_message(subject) for subject in ("<b>win</b>", "friend", "more")]
    deliver([make_delivery(people.mailbox, text, spam=True) for text in texts])
    return list(Held.objects.order_by("pk").values_list("pk", flat=True))


def where(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/held/"


def test_the_owner_sees_what_is_held(people: People, numbers: list[int]) -> None:
    page = people.client("owner").get(where(people)).content.decode()
    assert "&lt;b&gt;win&lt;/b&gt;" in page
    assert f'value="release:{numbers[1]}"' in page
    assert page.index("more") < page.index("friend")


def test_one_click_releases_one(people: People, numbers: list[int]) -> None:
    client = people.client("owner")
    answer = client.post(f"{where(people)}act/", {"act": f"release:{numbers[1]}", "message": numbers[0]}, follow=True)
    assert "1 message is in the mailbox now" in answer.content.decode()
    assert Message.objects.get(mailbox=people.mailbox).subject == "friend"
    assert Held.objects.count() == 2


def test_what_is_ticked_is_deleted_for_good(people: People, numbers: list[int]) -> None:
    client = people.client("owner")
    answer = client.post(f"{where(people)}act/", {"act": "delete", "message": numbers[:2]}, follow=True)
    assert "2 messages are gone for good." in answer.content.decode()
    assert Held.objects.get().subject == "more"
    assert not Message.objects.exists()


@pytest.mark.parametrize("asked", [{"act": "release"}, {"act": "eat", "message": 1}, {"act": "release:x"}, {}])
def test_what_makes_no_sense_changes_nothing(people: People, numbers: list[int], asked: dict[str, Any]) -> None:
    answer = people.client("owner").post(f"{where(people)}act/", asked, follow=True)
    assert "Select messages first." in answer.content.decode()
    assert Held.objects.count() == 3


@pytest.mark.parametrize("role", ["administrator", "operator", "other_owner"])
def test_nobody_else_releases_it(people: People, numbers: list[int], role: str) -> None:
    answer = people.client(role).post(f"{where(people)}act/", {"act": f"release:{numbers[0]}"})
    assert answer.status_code == 404
    assert Held.objects.count() == 3


def test_the_page_says_why_nothing_is_held(people: People, settings: Any) -> None:
    people.domain.hold_spam = False
    people.domain.save()
    assert "spam is not held" in people.client("owner").get(where(people)).content.decode()
    settings.SPAM_HEADER = ""
    assert "SPAM_HEADER" in people.client("owner").get(where(people)).content.decode()
