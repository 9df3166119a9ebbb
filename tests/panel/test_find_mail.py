"""What became of a message: for its owner in full, for who runs the domain without senders and subjects."""

from datetime import timedelta

import pytest
from django.utils import timezone

from controlpanel.journal import record
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import retention, tracing
from controlpanel.mailstore.models import Fetched, Message
from tests.panel.conftest import People
from tests.store.factories import age, make_mailbox, open_session, put, quit_session, remove


@pytest.fixture
def own(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/find/"


def sent(box: Mailbox, subject: str = "hello", **fields: object) -> int:
    text = f"From: Eva <eva@otra.example>\r\nSubject: {subject}\r\nMessage-ID: <{subject}@otra.example>\r\n\r\nx\r\n"
    [number] = put(box, text.encode(), **{"sender": "eva@otra.example", **fields})
    return number


def refuse(box: Mailbox, **fields: str) -> None:
    record.refusals([record.Refusal(box.pk, "552 5.2.2 Full", **{"sender": "jose@otra.example", **fields})])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", {"first", "second"}),
        ("EVA@otra", {"first"}),
        ("bounce@", {"second"}),
        ("info@papelera", {"second"}),
        ("<second@otra.example>", {"second"}),
        ("100%", set()),
        ("\0", {"first", "second"}),
    ],
)
def test_found_by_sender_recipient_and_message_id(people: People, own: str, asked: str, found: set[str]) -> None:
    sent(people.mailbox, "first", recipient="ana@papelera.example")
    second = sent(people.mailbox, "second", sender="bounce@list.example", recipient="info@papelera.example")
    Message.objects.filter(pk=second).update(from_header="list@list.example")
    sent(make_mailbox("zoe@papelera.example"), "another's")
    page = people.client("owner").get(own, {"q": asked}).text
    assert {subject for subject in ("first", "second", "another's") if f"<small>{subject}<" in page} == found


def test_found_by_the_day(people: People, own: str) -> None:
    sent(people.mailbox, "lately")
    sent(people.mailbox, "before", received=timezone.now() - timedelta(days=40))
    day = timezone.localdate() - timedelta(days=40)
    client = people.client("owner")
    for asked in ({"from": day, "to": day}, {"from": day + timedelta(days=1), "to": day - timedelta(days=1)}):
        page = client.get(own, asked).text
        assert "<small>before<" in page
        assert "<small>lately<" not in page
    assert "<small>lately<" in client.get(own, {"from": "9999-99-99", "to": "yesterday"}).text


def test_a_message_tells_its_whole_story(people: People, own: str) -> None:
    box = people.mailbox
    number = sent(box)
    quit_session(box, open_session(box), fetched=[number], device="Laptop", device_id=3)
    remove(box, number)
    client = people.client("owner")
    page = client.get(own).text
    assert "fetched by Laptop" in page
    assert "main password, 203.0.113.7" in page
    retention.delete_for_good(box.pk, [number])
    age("mailstore_message", removed_at="2 minutes")
    age("mailstore_process", beat="1 hour")
    page = client.get(own).text
    assert "gone for good" in page
    assert f"/messages/{number}/" not in page, "there is nothing to read any more"


def test_a_restored_message_is_told_as_both(people: People, own: str) -> None:
    number = sent(people.mailbox, recipient="info@papelera.example")
    remove(people.mailbox, number)
    retention.restore(people.mailbox.pk, [number])
    page = people.client("owner").get(own, {"q": "info@"}).text
    assert page.count("<small>hello<") == 2
    assert "put back" in page


def test_it_is_known_for_90_days_more_and_then_forgotten(people: People, own: str) -> None:
    box = people.mailbox
    number = sent(box)
    quit_session(box, open_session(box), fetched=[number])
    remove(box, number)
    retention.delete_for_good(box.pk, [number])
    Message.objects.filter(pk=number).update(body=None)
    age("mailstore_message", gone_at="89 days")
    retention.forget()
    assert "<small>hello<" in people.client("owner").get(own).text
    age("mailstore_message", gone_at="2 days")
    retention.forget()
    assert "No such message came here" in people.client("owner").get(own).text
    assert not Fetched.objects.exists()


def test_what_was_refused_is_found_with_its_reply(people: People, own: str) -> None:
    refuse(people.mailbox, recipient="info@papelera.example", message_id="<lost@otra.example>")
    client = people.client("owner")
    for asked in ("jose", "INFO@", "lost@otra.example"):
        assert "552 5.2.2 Full" in client.get(own, {"q": asked}).text, asked
    assert "552" not in client.get(own, {"q": "eva"}).text.partition("<table")[2]


def test_long_lists_are_leafed_through(people: People, own: str) -> None:
    for number in range(30):
        sent(people.mailbox, f"m{number}")
        refuse(people.mailbox)
    client = people.client("owner")
    first = client.get(own).text
    assert first.count("<tr>") == 51
    assert "?page=2" in first
    second = client.get(own, {"page": 2}).text
    assert second.count("<tr>") == 11
    assert "?page=3" not in second


def test_a_search_is_bounded_and_says_so(people: People, own: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "LOOKED_THROUGH", 2)
    for number in range(3):
        sent(people.mailbox, f"m{number}")
    client = people.client("owner")
    assert "choose the days" in client.get(own, {"q": "m0@otra"}).text
    assert "choose the days" not in client.get(own).text


@pytest.fixture
def there(people: People) -> str:
    return f"/mailboxes/{people.mailbox.pk}/trace/"


@pytest.mark.parametrize("role", ["administrator", "operator"])
def test_who_runs_the_domain_asks_by_message_id_alone(people: People, there: str, role: str) -> None:
    box = people.mailbox
    number = sent(box, "secret")
    quit_session(box, open_session(box), fetched=[number], device="Laptop", device_id=3)
    refuse(box)
    client = people.client(role)
    before = client.get(there).text
    assert "552 5.2.2 Full" in before
    page = client.post(there, {"message_id": " <secret@otra.example> "}).text
    assert "fetched by Laptop" in page
    for untold in ("eva@", "jose@", "Eva &lt;", ">secret<"):
        assert untold not in before + page.replace("secret@otra.example", ""), untold
    row = Activity.objects.get(act="trace_message")
    assert (row.mailbox_id, row.details) == (box.pk, {"message_id": "secret@otra.example"})


@pytest.mark.parametrize("asked", ["eva@otra.example", "secret", "secret@", "%", "\0", ""])
def test_a_part_of_a_message_id_finds_nothing(people: People, there: str, asked: str) -> None:
    sent(people.mailbox, "secret")
    page = people.client("administrator").post(there, {"message_id": asked}).text
    assert "arrived" not in page
