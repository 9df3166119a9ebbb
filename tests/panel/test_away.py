"""The page of the automatic reply."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import AwayReply
from tests.panel.conftest import People

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.now().date()
WORDS = {"subject": "Away", "text": "Back <soon>"}


@pytest.fixture(autouse=True)
def relay(settings: Any) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@example.org"


def where(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/away/"


def days(first: int, last: int) -> dict[str, str]:
    return {"first_day": str(TODAY + timedelta(days=first)), "last_day": str(TODAY + timedelta(days=last))}


@pytest.mark.parametrize("role", ["owner", "administrator"])
def test_it_is_written_shown_and_ended(people: People, role: str) -> None:
    client = people.client(role)
    page = client.post(where(people), days(-1, 3) | WORDS, follow=True).content.decode()
    assert "Mail is answered now" in page
    assert "Back &lt;soon&gt;" in page
    people.mailbox.refresh_from_db()
    assert people.mailbox.away_from < timezone.now() < people.mailbox.away_until
    page = client.post(where(people), {"act": "end"}, follow=True).content.decode()
    assert "Nothing is answered from now on." in page
    assert not AwayReply.objects.exists()
    acts = Activity.objects.filter(act="change_away")
    assert acts.count() == 2
    assert "soon" not in str([row.details for row in acts])


def test_what_begins_later_says_so(people: People) -> None:
    page = people.client("owner").post(where(people), days(2, 3) | WORDS, follow=True).content.decode()
    assert "It begins on" in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (days(3, 2) | WORDS, "The last day is before the first."),
        (days(0, 400) | WORDS, "A year is the most."),
        (days(-9, -5) | WORDS, "This day is over."),
        (days(0, 1) | {"subject": "x", "text": " "}, "This field is required."),
        (days(0, 1) | {"subject": "x", "text": "y" * 10_001}, "10,000 characters"),
        ({"first_day": "soon", **WORDS}, "Enter a valid date."),
    ],
)
def test_what_is_wrong_stands_beside_the_field(people: People, asked: dict[str, str], words: str) -> None:
    assert words in people.client("owner").post(where(people), asked).content.decode()
    assert not AwayReply.objects.exists()


def test_without_a_relay_the_page_says_so(people: People, settings: Any) -> None:
    settings.RELAY_URL = ""
    page = people.client("owner").get(where(people)).content.decode()
    assert "nothing is answered" in page
    assert "<textarea" not in page
    people.client("owner").post(where(people), days(0, 1) | WORDS)
    assert not AwayReply.objects.exists()
