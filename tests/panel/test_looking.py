"""An operator looks as an owner looks: no mail, no change, for half an hour, and the owner knows."""

import time
from typing import Any

import pytest
from django.test import Client

from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from tests.panel.conftest import People
from tests.store.factories import make_message, put


@pytest.fixture
def looking(people: People) -> Client:
    put(people.mailbox, make_message("Secret subject"))
    client = people.client("operator")
    answer = client.post(f"/mailboxes/{people.mailbox.pk}/look/")
    assert answer["Location"] == f"/mail/{people.mailbox.pk}/"
    return client


def test_the_owners_pages_are_there_without_the_mail(people: People, looking: Client) -> None:
    box = people.mailbox.pk
    for where in (f"/mail/{box}/", f"/mail/{box}/devices/", f"/mail/{box}/setup/", f"/mail/{box}/setup/thunderbird/"):
        page = looking.get(where).text
        assert "You look as the owner of" in page, where
        assert "Stop looking" in page
        assert "Secret subject" not in page
    assert "1 message waits. Only its owner sees it." in looking.get(f"/mail/{box}/?show=largest").text
    for where in ("removed/", "find/", "sessions/", "messages/1/", "setup/by-hand/"):
        answer = looking.get(f"/mail/{box}/{where}", follow=True)
        assert "Secret subject" not in answer.text
        assert answer.status_code == 404 or "the owner&#x27;s alone" in answer.text, where
    assert looking.get(f"/mail/{people.other_owner.mailbox.pk}/", follow=True).status_code == 404


def test_nothing_is_changed_meanwhile(people: People, looking: Client) -> None:
    box = people.mailbox.pk
    for where in (
        f"/mail/{box}/devices/",
        f"/mail/{box}/devices/{people.device.pk}/revoke/",
        f"/mail/{box}/messages/",
        f"/mailboxes/{box}/suspend/",
        "/service/operators/new/",
    ):
        answer = looking.post(where, {"name": "Mine", "reason": "x", "address": "x@y.example"}, follow=True)
        assert "Nothing is changed while you look" in answer.text, where
    assert DevicePassword.objects.filter(mailbox=box, revoked=None).count() == 1
    assert Mailbox.objects.get(pk=box).state == "active"


def test_it_is_written_down_and_the_owner_sees_it(people: People, looking: Client) -> None:
    row = Activity.objects.get(act="look_as_owner")
    assert (row.actor, row.mailbox_id) == ("mesa@hosting.example", people.mailbox.pk)
    page = people.client("owner").get(f"/mail/{people.mailbox.pk}/").text
    assert "mesa@hosting.example, who operates this service, looked at these pages" in page
    assert "Secret subject" in page


def test_one_click_ends_it_and_so_does_half_an_hour(people: People, looking: Client, monkeypatch: Any) -> None:
    where = f"/mail/{people.mailbox.pk}/"
    with monkeypatch.context() as patch:
        now = time.time()
        patch.setattr("controlpanel.panel.looking.time.time", lambda: now + 30 * 60 + 1)
        assert looking.get(where).status_code == 404
    looking.post(f"/mailboxes/{people.mailbox.pk}/look/")
    assert looking.get(where).status_code == 200
    assert looking.post("/looking/end/")["Location"] == f"/mailboxes/{people.mailbox.pk}/"
    assert looking.get(where).status_code == 404
    assert "You look as" not in looking.get("/domains/").text


def test_who_is_no_operator_any_more_looks_no_longer(people: People, looking: Client) -> None:
    people.operator.is_operator = False
    people.operator.save()
    assert looking.get(f"/mail/{people.mailbox.pk}/").status_code == 404
