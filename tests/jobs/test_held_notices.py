"""The daily message about what is held as spam."""

from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import pytest

from controlpanel.jobs import held_notices
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.maildrop import read_bodies
from controlpanel.mailstore.models import Message
from tests.store.factories import age, make_delivery, make_mailbox, make_message

pytestmark = pytest.mark.django_db(transaction=True)


def zone_at(hour: int) -> str:
    """A time zone in which it is this hour now, or the next."""
    for offset in range(-11, 13):
        zone = f"Etc/GMT{-offset:+d}"
        if datetime.now(ZoneInfo(zone)).hour == hour:
            return zone
    raise AssertionError(hour)


@pytest.fixture
def ana() -> Mailbox:
    box = make_mailbox("ana@example.org", quota=4000)
    box.domain.time_zone = zone_at(12)
    box.domain.save()
    return box


def hold(box: Mailbox, *subjects: str) -> None:
    deliver([make_delivery(box, make_message(subject), spam=True) for subject in subjects])


def tell() -> None:
    for _ in held_notices.tell_owners():
        pass


def told(box: Mailbox) -> list[tuple[str, str]]:
    rows = list(Message.objects.filter(mailbox=box).order_by("added"))
    bodies = read_bodies([row.pk for row in rows])
    texts = [message_from_bytes(bodies[row.pk], policy=default).get_content() for row in rows]
    return [(row.subject, text) for row, text in zip(rows, texts, strict=True)]


def test_an_owner_is_told_once_a_day_of_what_is_new(ana: Mailbox) -> None:
    hold(ana, "win", "https://evil.example/")
    tell()
    tell()
    [(subject, text)] = told(ana)
    assert subject == "2 messages are held as spam"
    assert "Ana <ana@example.org>: win" in text
    assert "https: //evil.example/" in text
    assert f"/mail/{ana.pk}/held/" in text
    hold(ana, "more")
    tell()
    assert len(told(ana)) == 1
    yesterday = Message.objects.get()
    day = datetime.strptime(yesterday.uidl[-8:], "%Y%m%d") - timedelta(days=1)
    Message.objects.update(uidl=f"held-{day:%Y%m%d}")
    tell()
    assert told(ana)[-1][0] == "1 message is held as spam"
    assert "more" in told(ana)[-1][1]


def test_nothing_new_is_nothing_told(ana: Mailbox) -> None:
    hold(ana, "win")
    tell()
    Message.objects.update(uidl="before")
    tell()
    assert len(told(ana)) == 1


def test_in_the_owner_s_language_and_not_at_night(ana: Mailbox) -> None:
    hold(ana, "win")
    ana.user.language, ana.user.time_zone = "es", zone_at(3)
    ana.user.save()
    tell()
    assert not told(ana)
    ana.user.time_zone = zone_at(8)
    ana.user.save()
    tell()
    assert told(ana)[0][0] == "1 mensaje retenido como spam"


def test_a_long_list_has_an_end(ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_notices, "SHOWN", 2)
    Mailbox.objects.update(quota=None)
    hold(ana, "a", "b", "c", "d", "e")
    tell()
    assert "and 3 more" in told(ana)[0][1]


def test_many_mailboxes_are_told(ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_notices, "MAILBOXES_A_STEP", 2)
    boxes = [ana, *[make_mailbox(f"x{n}@example.org") for n in range(4)]]
    for box in boxes:
        hold(box, "win")
    age("mailstore_held", received="1 day")
    tell()
    assert [len(told(box)) for box in boxes] == [1] * 5
