"""The dialogue with mail clients: asked for, written down for so long and no longer, read by whom it concerns."""

from datetime import timedelta

import pytest
from django.utils import timezone

from controlpanel.journal import forgetting
from controlpanel.journal.models import Activity, Dialogue
from controlpanel.mailboxes import dialogues, sign_in
from controlpanel.mailboxes.models import Mailbox
from tests.panel.conftest import People
from tests.store.factories import age, make_dialogue, make_mailbox


@pytest.fixture
def there(people: People) -> str:
    return f"/mail/{people.mailbox.pk}/dialogues/"


def is_recorded(box: Mailbox) -> bool:
    [account] = sign_in.find_accounts([box.address_text])
    assert account is not None
    return account.recorded


@pytest.mark.parametrize("role", ["owner", "administrator", "operator"])
@pytest.mark.parametrize(("choice", "hours"), [("sessions", 24), ("hour", 1)])
def test_it_is_switched_on_and_off(people: People, there: str, role: str, choice: str, hours: int) -> None:
    client = people.client(role)
    assert not is_recorded(people.mailbox)
    page = client.post(f"{there}switch/", {"for": choice}, follow=True).text
    assert "It is written down now" in page
    assert is_recorded(people.mailbox)
    people.mailbox.refresh_from_db()
    assert people.mailbox.record_until is not None
    assert people.mailbox.record_until - timezone.now() <= timedelta(hours=hours)
    client.post(f"{there}switch/", {"for": "nothing"})
    assert not is_recorded(people.mailbox)
    acts = Activity.objects.order_by("pk").values_list("act", "mailbox_id")
    assert list(acts) == [("record_dialogues", people.mailbox.pk), ("stop_dialogues", people.mailbox.pk)]


def test_it_ends_by_itself(people: People, there: str) -> None:
    box = people.mailbox
    people.client("owner").post(f"{there}switch/", {"for": "sessions"})
    make_dialogue(box, signed_in=False)
    for _ in range(4):
        make_dialogue(box)
        assert is_recorded(box)
    make_dialogue(box)
    assert not is_recorded(box)
    people.client("owner").post(f"{there}switch/", {"for": "hour"})
    age("mailboxes_mailbox", record_until="61 minutes")
    assert not is_recorded(box)


def test_only_so_many_are_kept_and_only_so_long(people: People) -> None:
    for _ in range(dialogues.MOST + 5):
        make_dialogue(people.mailbox, signed_in=False)
    assert Dialogue.objects.count() == dialogues.MOST
    age("journal_dialogue", ended="6 days")
    forgetting.forget()
    assert Dialogue.objects.count() == dialogues.MOST
    age("journal_dialogue", ended="2 days")
    forgetting.forget()
    assert not Dialogue.objects.exists()


@pytest.mark.parametrize("role", ["owner", "administrator"])
def test_it_is_read_copied_and_downloaded(people: People, there: str, role: str) -> None:
    kept = make_dialogue(people.mailbox, entries=[(0, "S", "+OK <b>"), (1234, "C", "USER ana"), (2000, "", "TLSv1.3")])
    Dialogue.objects.update(started="2026-11-24 10:02:03.000+00:00")
    client = people.client(role)
    assert f"{there}{kept.pk}/" in client.get(there).text
    page = client.get(f"{there}{kept.pk}/").text
    assert "10:02:04.234 C: USER ana\n" in page
    assert "+OK &lt;b&gt;" in page
    file = client.get(f"{there}{kept.pk}/text/")
    assert "10:02:03.000 S: +OK <b>\n10:02:04.234 C: USER ana\n10:02:05.000 TLSv1.3\n" in file.text
    assert file["Content-Type"].startswith("text/plain")
    assert file["Content-Disposition"] == 'attachment; filename="pop3-20261124-100203.txt"'


def test_that_of_another_mailbox_is_not_there(people: People, there: str) -> None:
    kept = make_dialogue(make_mailbox("zoe@papelera.example"))
    client = people.client("owner")
    for asked in (kept.pk, 10**30):
        assert client.get(f"{there}{asked}/").status_code == 404
        assert client.get(f"{there}{asked}/text/").status_code == 404
