"""What a device password is for, who may send, and to how many: chosen by whom it concerns, and shown."""

from dataclasses import replace

import pytest
from django.utils import timezone

from controlpanel.journal import record
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes, sending
from controlpanel.mailboxes.models import DevicePassword, Domain, Mailbox
from tests.panel.conftest import People
from tests.panel.reading import beside, secret
from tests.store.changing import acting


def devices(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/devices/"


@pytest.mark.parametrize(
    ("purpose", "may", "shown"),
    [
        ("both", (True, True), "fetching and sending"),
        ("fetch", (True, False), "fetching"),
        ("send", (False, True), "sending"),
        ("", (True, True), "fetching and sending"),
    ],
)
def test_a_device_password_is_for_what_was_chosen(
    people: People, purpose: str, may: tuple[bool, bool], shown: str
) -> None:
    page = people.client("owner").post(devices(people), {"name": "Printer", "purpose": purpose}).text
    assert secret(page)
    made = DevicePassword.objects.get(name="Printer")
    assert (made.may_fetch, made.may_send) == may
    row = page.partition("<span>Printer</span>")[2].partition("</tr>")[0]
    assert f'<td class="when">{shown}</td>' in row


def test_another_purpose_is_refused(people: People) -> None:
    page = people.client("owner").post(devices(people), {"name": "Printer", "purpose": "everything"}).text
    assert "everything is not one of the available choices" in beside(page, "purpose")


def edit(people: People, **typed: str) -> str:
    usual = {"name": "Ana", "quota": "1 GB", "note": "", "pop3_enabled": "on", "send_enabled": "on", "daily_limit": ""}
    client = people.client("administrator")
    return client.post(f"/mailboxes/{people.mailbox.pk}/edit/", usual | typed, follow=True).text


def test_an_administrator_says_who_may_send_and_the_owner_sees_it(people: People) -> None:
    where = devices(people)
    assert "It may send to 1,000 recipients a day; today it has sent to 0." in people.client("owner").get(where).text
    assert sending.count(people.mailbox.pk, 3, None)
    assert "3 of 40 recipients today" in edit(people, daily_limit="40")
    assert "It may send to 40 recipients a day; today it has sent to 3." in people.client("owner").get(where).text
    assert "not allowed" in edit(people, send_enabled="", daily_limit="40")
    assert "This mailbox may not send mail." in people.client("owner").get(where).text
    assert Activity.objects.latest("id").details == {"send_enabled": [True, False]}


def test_numbers_that_cannot_be(people: People) -> None:
    assert beside(edit(people, daily_limit="-1"), "daily_limit")
    assert beside(edit(people, daily_limit="1000001"), "daily_limit")
    with pytest.raises(changes.ChangeRefused, match="million"):
        changes.change_mailbox(people.mailbox, actor=acting(people.administrator), daily_limit=1_000_001)
    with pytest.raises(changes.ChangeRefused):
        changes.change_domain(people.domain, actor=acting(people.administrator), daily_limit=1_000_001)


def test_a_domain_has_a_number_for_its_mailboxes(people: People) -> None:
    changes.change_domain(people.domain, actor=acting(people.administrator), daily_limit=70)
    client = people.client("administrator")
    assert "70 recipients a day, each mailbox" in client.get("/domains/papelera.example/").text
    assert "as in its domain, 70." in client.get(f"/mailboxes/{people.mailbox.pk}/edit/").text
    assert "0 of 70 recipients today" in client.get(f"/mailboxes/{people.mailbox.pk}/").text
    Domain.objects.update(daily_limit=None)
    assert "This mailbox may send to any number of recipients." in people.client("owner").get(devices(people)).text
    assert "to any number." in client.get(f"/mailboxes/{people.mailbox.pk}/edit/").text


def test_an_owner_changes_none_of_it(people: People) -> None:
    typed = {"send_enabled": "on", "daily_limit": "999999"}
    assert people.client("owner").post(f"/mailboxes/{people.mailbox.pk}/edit/", typed).status_code == 404
    assert Mailbox.objects.get(pk=people.mailbox.pk).daily_limit is None


def test_the_owner_sees_who_signed_in_to_send_and_who_was_refused(people: People) -> None:
    now = timezone.now()
    sign_in = record.Finished(
        people.mailbox.pk, None, None, "", "203.0.113.7", "TLS", "PLAIN", now, "quit", protocol="smtp"
    )
    record.finished([sign_in, sign_in, replace(sign_in, protocol="pop3")])
    record.attempts([record.RefusedSignIn(people.mailbox.pk, "smtp", "203.0.113.7", "may_not_send", "PLAIN", "TLS")])
    page = people.client("owner").get(f"/mail/{people.mailbox.pk}/sessions/").text
    assert "signed in 2 times to send mail" in page
    assert "looked, nothing new" in page
    assert "<span>mailbox may not send</span><small>when sending</small>" in page
