"""An owner's mail: what waits, what was removed, who is connected. Only theirs, and nobody else's to see."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from controlpanel.journal.models import Activity, Attempt, PastSession, RefusedMessage
from controlpanel.mailboxes.models import Domain, Mailbox, Usage
from controlpanel.mailstore.delivery import Delivered, Delivery, deliver
from controlpanel.mailstore.models import Fetched, Message, Process, Session
from controlpanel.mailstore.retention import remove_messages
from tests.panel.conftest import People
from tests.store.factories import make_mailbox


def arrive(box: Mailbox, subject: str, author: str = "Eva <eva@otra.example>") -> int:
    text = b"Subject: x\r\n\r\nx\r\n"
    [result] = deliver(
        [Delivery(box.pk, len(text), chunks=[text], sender="eva@otra.example", from_header=author, subject=subject)]
    )
    assert isinstance(result, Delivered)
    return result.message_id


@pytest.fixture
def own(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/"


def test_what_waits_is_listed_for_people(people: People, own: str) -> None:
    first = arrive(people.mailbox, "=?utf-8?b?UmV1bmnDs24=?=", "=?utf-8?q?Jos=C3=A9?= <jose@otra.example>")
    arrive(people.mailbox, "<script>alert(1)</script>", "")
    Fetched.objects.create(
        message_id=first, device_id=1, mailbox_id=people.mailbox.pk, device="Laptop", at=timezone.now()
    )
    page = people.client("owner").get(own).text
    for shown in ("Reunión", ">José</a>", "Laptop, <time", "&lt;script&gt;", ">eva@otra.example</a>", "not yet"):
        assert shown in page, shown
    assert "<script>alert" not in page


def test_the_largest_come_first_in_one_click(people: People, own: str) -> None:
    arrive(people.mailbox, "large")
    Message.objects.filter(mailbox=people.mailbox).update(octets=9000)
    arrive(people.mailbox, "small")
    client = people.client("owner")
    assert client.get(own).text.index("small") < client.get(own).text.index("large")
    largest = client.get(f"{own}?show=largest").text
    assert largest.index(">large<") < largest.index(">small<")


def test_removed_by_the_owner_and_restored(people: People, own: str) -> None:
    number = arrive(people.mailbox, "one")
    client = people.client("owner")
    page = client.post(f"{own}messages/", {"act": "remove", "message": [number]}, follow=True).text
    assert "1 message is removed. Under Removed they can be restored." in page
    listed = client.get(f"{own}removed/").text
    assert "yourself, here" in listed
    page = client.post(f"{own}messages/", {"act": "restore", "message": [number]}, follow=True).text
    assert "1 message (17\u00a0B) is back" in page
    assert Usage.objects.get(mailbox=people.mailbox).messages == 1
    acts = list(Activity.objects.order_by("pk").values_list("act", "mailbox_id", "details__count"))
    assert acts == [("remove_messages", people.mailbox.pk, 1), ("restore_messages", people.mailbox.pk, 1)]


def test_what_no_days_keep_is_said(people: People, own: str) -> None:
    Domain.objects.filter(pk=people.domain.pk).update(restore_days=0)
    number = arrive(people.mailbox, "one")
    client = people.client("owner")
    page = client.post(f"{own}messages/", {"act": "remove", "message": [number]}, follow=True).text
    assert "can be restored" not in page.partition("<main")[2].partition("</main>")[0].replace("1 removed message", "")
    assert "gone at once" in client.get(f"{own}removed/").text


def test_a_restore_that_fills_the_mailbox_says_so(people: People, own: str) -> None:
    number = arrive(people.mailbox, "one")
    remove_messages(people.mailbox.pk, [number])
    Mailbox.objects.filter(pk=people.mailbox.pk).update(quota=10)
    page = people.client("owner").post(f"{own}messages/", {"act": "restore", "message": [number]}, follow=True).text
    assert "The mailbox now holds more than its space" in page


@pytest.mark.parametrize("act", ["remove", "restore", "delete"])
def test_nobody_touches_messages_of_another_mailbox(people: People, own: str, act: str) -> None:
    other = make_mailbox("zoe@papelera.example")
    there, gone = arrive(other, "hers"), arrive(other, "hers too")
    remove_messages(other.pk, [gone])
    before = list(Message.objects.order_by("pk").values())
    people.client("owner").post(f"{own}messages/", {"act": act, "message": [there, gone]})
    assert list(Message.objects.order_by("pk").values()) == before
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [{}, {"act": "remove"}, {"act": "burn", "message": ["1"]}, {"act": "remove", "message": ["x", "-1", "9" * 40]}],
)
def test_nonsense_changes_nothing(people: People, own: str, sent: dict[str, object]) -> None:
    arrive(people.mailbox, "one")
    page = people.client("owner").post(f"{own}messages/", sent, follow=True).text
    assert "Select messages first." in page
    assert Usage.objects.get(mailbox=people.mailbox).messages == 1


@pytest.mark.parametrize("role", ["administrator", "operator"])
def test_who_runs_the_domain_sees_no_mail(people: People, own: str, role: str) -> None:
    arrive(people.mailbox, "secret subject")
    client = people.client(role)
    for where in (own, f"{own}removed/", f"{own}sessions/"):
        assert client.get(where).status_code == 404
    for where in (
        f"/mailboxes/{people.mailbox.pk}/",
        "/domains/papelera.example/mailboxes/",
        "/domains/papelera.example/activity/",
    ):
        page = client.get(where).text
        assert "secret subject" not in page
        assert "eva@otra.example" not in page


@pytest.fixture
def session(people: People) -> Session:
    now = timezone.now()
    process = Process.objects.create(id=uuid.uuid4(), host="mail", pid=1, started=now, beat=now + timedelta(hours=1))
    return Session.objects.create(
        id=7,
        process=process.pk,
        mailbox_id=people.mailbox.pk,
        device="Laptop",
        address="203.0.113.7",
        tls="TLSv1.3",
        mechanism="PLAIN",
        started=now,
        change=0,
    )


@pytest.mark.parametrize(
    ("role", "back"), [("owner", "/mail/{}/"), ("administrator", "/mailboxes/{}/"), ("operator", "/mailboxes/{}/")]
)
def test_a_session_is_ended(people: People, own: str, session: Session, role: str, back: str) -> None:
    answer = people.client(role).post(f"{own}sessions/7/end/")
    assert answer["Location"] == back.format(people.mailbox.pk)
    session.refresh_from_db()
    assert session.end_asked
    assert Activity.objects.get().act == "end_session"


def test_a_session_of_another_mailbox_is_not_ended(people: People, session: Session) -> None:
    other = make_mailbox("zoe@papelera.example")
    Session.objects.filter(pk=7).update(mailbox_id=other.pk)
    people.client("owner").post(f"/mail/{people.mailbox.pk}/sessions/7/end/")
    session.refresh_from_db()
    assert not session.end_asked


def test_what_happened_is_told_in_words(people: People, own: str, session: Session) -> None:
    now = timezone.now()
    kept = {"mailbox_id": people.mailbox.pk, "started": now, "ended": now, "address": "203.0.113.7", "tls": "TLSv1.3"}
    PastSession.objects.create(**kept, fetched=2, octets=3000, removed=1, ended_by="lost", device="Phone")
    PastSession.objects.create(**kept, times=12, hour=now, ended_by="quit")
    Attempt.objects.create(mailbox_id=people.mailbox.pk, protocol="pop3", outcome="wrong", hour=now, last=now, times=3)
    RefusedMessage.objects.create(mailbox_id=people.mailbox.pk, sender="spam@x.example", reply="552 5.2.2 Full.")
    page = people.client("owner").get(f"{own}sessions/").text
    for told in (
        "2 messages, 2.9\u00a0kB; 1 removed",
        "looked 12 times, nothing new",
        "connection lost",
        "main password",
        "wrong password",
        "552 5.2.2 Full.",
        "spam@x.example",
    ):
        assert told in page, told


def test_visits_are_counted_by_day_and_drawn(people: People, own: str) -> None:
    now = timezone.now()
    kept = {"mailbox_id": people.mailbox.pk, "started": now, "ended_by": "quit"}
    PastSession.objects.create(**kept, ended=now, times=12, hour=now, tls="TLSv1.3", mechanism="SCRAM-SHA-256")
    PastSession.objects.create(**kept, ended=now - timedelta(days=3), fetched=2, removed=1, octets=3000)
    PastSession.objects.create(**kept, ended=now - timedelta(days=40), times=999)
    page = people.client("owner").get(f"{own}sessions/").text
    assert page.count("<rect ") == 2
    assert "Mail clients a day: 12 times at most." in page
    assert "TLSv1.3 · SCRAM-SHA-256" in page


def test_what_was_not_oneself_revokes_the_device(people: People, own: str) -> None:
    now = timezone.now()
    kept = {"mailbox_id": people.mailbox.pk, "started": now, "ended": now, "fetched": 1, "ended_by": "quit"}
    PastSession.objects.create(**kept, device_id=people.device.pk, device="Notebook")
    client = people.client("owner")
    page = client.get(f"{own}sessions/").text
    assert "Was this you?" in page
    answer = client.post(f"{own}devices/{people.device.pk}/revoke/", {"from": "sessions"})
    assert answer["Location"] == f"{own}sessions/"
    people.device.refresh_from_db()
    assert people.device.revoked is not None
    page = client.get(f"{own}sessions/").text
    assert "Was this you?" not in page
    assert ">revoked<" in page


def test_the_main_password_that_was_not_oneself_is_changed_by_its_owner_alone(people: People) -> None:
    office = make_mailbox("ventas@papelera.example")
    office.accesses.create(user=people.owner)
    now = timezone.now()
    for box in (office, people.mailbox):
        PastSession.objects.create(mailbox_id=box.pk, started=now, ended=now, fetched=1, ended_by="quit")
    client = people.client("owner")
    assert "choose a new one" in client.get(f"/mail/{people.mailbox.pk}/sessions/").text
    assert "choose a new one" not in client.get(f"/mail/{office.pk}/sessions/").text


def test_an_access_opens_a_further_mailbox(people: People) -> None:
    office = make_mailbox("ventas@papelera.example")
    client = people.client("owner")
    assert client.get(f"/mail/{office.pk}/").status_code == 404
    office.accesses.create(user=people.owner)
    page = client.get(f"/mail/{office.pk}/").text
    assert f'href="/mail/{people.mailbox.pk}/"' in page, "the switcher leads back to their own"


def test_a_device_password_is_shown_once(people: People, own: str) -> None:
    client = people.client("owner")
    made = client.post(f"{own}devices/", {"name": "Tablet"})
    assert "data-secret>" in made.text
    assert "no-store" in made["Cache-Control"]
    again = client.get(f"{own}devices/").text
    assert "data-secret" not in again
    assert "Tablet" in again
    assert people.mailbox.device_passwords.count() == 2


def test_a_device_of_another_mailbox_is_not_revoked(people: People, own: str) -> None:
    device = make_mailbox("zoe@papelera.example").device_passwords.create(name="Hers", stored_key=b"", server_key=b"")
    assert people.client("owner").post(f"{own}devices/{device.pk}/revoke/").status_code == 404
    device.refresh_from_db()
    assert device.revoked is None


def test_an_owner_sees_who_else_opens_the_mailbox(people: People) -> None:
    page = people.client("owner").get(f"/mail/{people.mailbox.pk}/").text
    assert "Who else opens it" in page
    assert "socia@elsewhere.example" in page
    people.access.delete()
    assert "Who else opens it" not in people.client("owner").get(f"/mail/{people.mailbox.pk}/").text
