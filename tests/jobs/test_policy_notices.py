"""A policy for device passwords that starts on a day: who is told, how often, and when the old password ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.jobs.policy_notices import tell_owners
from controlpanel.journal import record
from controlpanel.mailboxes import main_password, sign_in
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailstore.models import Message, MessageChunk
from tests.store.factories import age, counters, make_mailbox

pytestmark = pytest.mark.django_db


def today() -> Any:
    return datetime.now(UTC).date()


def fetched(box: Mailbox, device: int | None = None, mechanism: str = "PLAIN") -> None:
    """A session that ended just now."""
    now = timezone.now()
    record.finished([record.Finished(box.pk, 1, device, "", "192.0.2.7", "TLSv1.3", mechanism, now, "quit", fetched=1)])


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org")


def announce(days: int | None) -> None:
    day = None if days is None else today() + timedelta(days=days)
    Domain.objects.update(device_passwords_only=True, device_passwords_from=day)


def tell() -> None:
    list(tell_owners())


def test_only_those_are_listed_whom_the_main_password_opened_lately(ana: Mailbox) -> None:
    phone, token, never = (make_mailbox(f"{name}@example.org") for name in ("leo", "eve", "sam"))
    elsewhere = make_mailbox("ana@other.example")
    for box, named in (
        (ana, {}),
        (ana, {}),
        (phone, {"device": 7}),
        (token, {"mechanism": "XOAUTH2"}),
        (elsewhere, {}),
    ):
        fetched(box, **named)
    [user] = main_password.users([ana.domain_id])
    assert (user.mailbox, user.address, user.last_from, user.language) == (ana.pk, ana.address_text, "192.0.2.7", "en")
    age("journal_pastsession", started="31 days", ended="31 days")
    assert main_password.users([never.domain_id]) == []


def test_owners_are_told_once_for_each_date_and_in_their_language(ana: Mailbox) -> None:
    Domain.objects.update(language="es")
    fetched(ana)
    make_mailbox("leo@example.org")
    announce(7)
    tell()
    tell()
    [message] = Message.objects.all()
    text = bytes(MessageChunk.objects.get().octets)
    assert (message.mailbox_id, message.octets) == (ana.pk, len(text))
    assert message.subject.startswith("Su programa de correo")
    assert b"http://localhost:8000" in text
    assert b"\n" not in text.replace(b"\r\n", b"")
    announce(9)
    tell()
    assert counters(ana)[0] == 2


def test_an_address_beyond_ascii_is_told_too() -> None:
    box = make_mailbox("peña@example.org")
    fetched(box)
    announce(3)
    tell()
    assert counters(box)[0] == 1


@pytest.mark.parametrize("days", [None, 0, -1])
def test_nobody_is_told_of_what_holds_already(ana: Mailbox, days: int | None) -> None:
    fetched(ana)
    announce(days)
    tell()
    assert not Message.objects.exists()


@pytest.mark.parametrize(("days", "may"), [(None, False), (-1, False), (0, False), (1, True)])
def test_the_main_password_opens_until_that_day(ana: Mailbox, days: int | None, may: bool) -> None:
    announce(days)
    [account] = sign_in.find_accounts([ana.address_text])
    assert account is not None
    assert account.main_password is may
