"""Administrators are told by mail which of their mailboxes passed a mark, if the service can send mail."""

import email
import email.policy
from collections.abc import Iterator
from typing import Any

import pytest

from controlpanel.accounts.models import User
from controlpanel.jobs.quota_digests import tell_administrators
from controlpanel.jobs.quota_notices import warn
from controlpanel.mailboxes.models import Mailbox, QuotaWarning
from controlpanel.relay import RelayFault
from tests.relay.sink import Sink, Taken, listening
from tests.store.factories import make_mailbox, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "casilla@example.org"
        yield sink


def full(address: str, octets: int = 85_000) -> Mailbox:
    box = make_mailbox(address, quota=100_000)
    put(box, b"x" * octets, force=True)
    return box


def look() -> None:
    list(warn())
    list(tell_administrators())


def text(taken: Taken) -> tuple[str, str]:
    message = email.message_from_bytes(taken.octets, policy=email.policy.SMTP)
    assert isinstance(message, email.message.EmailMessage)
    return message["Subject"], message.get_content()


def test_one_message_for_all_that_a_person_runs_and_each_crossing_once(sink: Sink) -> None:
    lucia = User.objects.create_user("lucia@estudio.example", language="es")
    for box in (full("ana@one.example"), full("eva@two.example", 99_000)):
        box.domain.administrators.add(lucia)
    look()
    look()
    [taken] = sink.taken
    subject, words = text(taken)
    assert (taken.recipient, subject) == ("lucia@estudio.example", "2 casillas están casi llenas")
    first, second = words.splitlines()[:2]
    assert "eva@two.example" in first
    assert "95 %" in first
    assert "ana@one.example" in second


def test_operators_look_after_what_nobody_administers(sink: Sink) -> None:
    User.objects.create_user("mesa@hosting.example", is_operator=True)
    User.objects.create_user("former@hosting.example", is_operator=True, is_active=False)
    full("ana@one.example")
    look()
    assert [taken.recipient for taken in sink.taken] == ["mesa@hosting.example"]
    assert text(sink.taken[0])[0] == "1 mailbox is nearly full"


def test_without_a_relay_it_waits_on_their_pages(settings: Any) -> None:
    settings.RELAY_URL = ""
    full("ana@one.example")
    look()
    assert not QuotaWarning.objects.get().administrators_told


def test_a_relay_that_is_away_is_tried_again(sink: Sink) -> None:
    User.objects.create_user("mesa@hosting.example", is_operator=True)
    full("ana@one.example")
    sink.answers = lambda line: "451 later" if line.startswith("MAIL") else None
    with pytest.raises(RelayFault):
        look()
    sink.answers = lambda line: None
    look()
    assert len(sink.taken) == 1


def test_an_address_that_is_refused_for_good_stops_nobody(sink: Sink) -> None:
    box = full("ana@one.example")
    for name in ("gone", "here"):
        box.domain.administrators.add(User.objects.create_user(f"{name}@estudio.example"))
    sink.answers = lambda line: "550 nobody" if line.startswith("RCPT TO:<gone") else None
    look()
    assert [taken.recipient for taken in sink.taken] == ["here@estudio.example"]
    assert QuotaWarning.objects.get().administrators_told
