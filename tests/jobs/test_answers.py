"""The automatic reply of who is away: to people, once in four days."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.jobs import answers, sending
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.changes import Away
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import checking
from controlpanel.mailstore.beside import Answered, Held, Outgoing
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.models import Message
from controlpanel.mailstore.onward import Passing
from controlpanel.mailstore.onward.passing import Way
from tests.relay.sink import Sink, listening
from tests.store.factories import age, make_alias, make_delivery, make_domain, make_mailbox

pytestmark = pytest.mark.django_db(transaction=True)

TO_ANA = b"To: Ana <ana@example.org>\r\nMessage-ID: <1@example.net>\r\nSubject: hello\r\n\r\ntext\r\n"
TODAY = timezone.now().date()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "casilla@example.org"
        yield sink
    assert not list(checking.check())


@pytest.fixture
def ana(sink: Sink) -> Mailbox:
    box = make_mailbox("ana@example.org", name="Ana Pérez")
    return away(box)


def away(box: Mailbox, text: str = "I am back on Monday.", first: int = -1, last: int = 3) -> Mailbox:
    days = TODAY + timedelta(days=first), TODAY + timedelta(days=last)
    return changes.choose_away(box, Away(*days, "Away", text), actor=Actor(box.user))


def arrive(box: Mailbox, text: bytes = TO_ANA, sender: str = "eva@example.net", **fields: Any) -> None:
    head = b"Return-Path: <x>\r\n"
    deliver([make_delivery(box, head + text, sender=sender, passing=Passing(Way(), len(head)), **fields)])
    sending.send_due(threading.Event())


def test_a_person_is_answered(ana: Mailbox, sink: Sink) -> None:
    arrive(ana)
    (taken,) = sink.taken
    assert (taken.sender, taken.recipient) == ("", "eva@example.net")
    message = message_from_bytes(taken.octets, policy=default)
    assert message["From"] == "Ana Pérez <ana@example.org>"
    assert (message["Subject"], message["To"]) == ("Away", "eva@example.net")
    assert (message["In-Reply-To"], message["Auto-Submitted"]) == ("<1@example.net>", "auto-replied")
    assert message.get_content().strip() == "I am back on Monday."
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "message_id",
    [
        "=?utf-8?q?a=0d=0aBcc:_eva@example.net=0d=0a=0d=0aBuy?=",
        "<=?utf-8?q?a=0d=0aBcc:_eva@example.net?=@x>",
        "<a@b> <c@d>",
        "<" + "a" * 300 + ">",
    ],
)
def test_no_message_id_writes_into_an_answer(ana: Mailbox, sink: Sink, message_id: str) -> None:
    """What looks like an encoded word (RFC 2047) is decoded by `email`, line ends and all."""
    text = TO_ANA.replace(b"<1@example.net>", message_id.encode())
    arrive(ana, text, message_id=message_id)
    (taken,) = sink.taken
    message = message_from_bytes(taken.octets, policy=default)
    assert "In-Reply-To" not in message
    assert "Bcc" not in message
    assert message.get_content().strip() == "I am back on Monday."


def test_no_subject_or_name_writes_into_an_answer(sink: Sink) -> None:
    word = "=?utf-8?q?a=0d=0aBcc:_eva@example.net?="
    box = make_mailbox("ana@example.org", name=word)
    days = TODAY, TODAY + timedelta(days=1)
    changes.choose_away(box, Away(*days, word, "Text"), actor=Actor(box.user))
    arrive(box)
    (taken,) = sink.taken
    message = message_from_bytes(taken.octets, policy=default)
    assert "Bcc" not in message
    assert message["Subject"] == word.replace("=?", "= ?")


def test_an_address_beyond_ascii_answers(sink: Sink) -> None:
    box = away(make_mailbox("ñandú@example.org", name="Ñandú"))
    arrive(box, "To: ñandú@example.org\r\n\r\ntext\r\n".encode())
    (taken,) = sink.taken
    assert "From: Ñandú <ñandú@example.org>\r\n".encode() in taken.octets


def test_a_sender_that_cannot_stand_in_a_header_is_not_answered(ana: Mailbox, sink: Sink) -> None:
    arrive(ana, sender="=?utf-8?q?a=0d=0aBcc:x?=@example.net")
    assert not sink.taken
    assert not Outgoing.objects.filter(ended=None).exists()


def test_a_sender_is_answered_once_in_four_days_and_anew_where_the_text_is_new(ana: Mailbox, sink: Sink) -> None:
    arrive(ana)
    arrive(ana, sender="EVA@example.net")
    assert len(sink.taken) == 1
    arrive(ana, sender="luz@example.net")
    assert len(sink.taken) == 2
    away(ana, "I am back on Tuesday.")
    arrive(ana)
    assert b"Tuesday" in sink.taken[2].octets
    age("mailstore_answered", at="5 days")
    arrive(ana)
    assert len(sink.taken) == 4
    assert Answered.objects.count() == 2
    age("mailstore_answered", at="5 days")
    assert answers.forget()
    assert not Answered.objects.exists()


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        ("", b""),
        ("noreply@example.net", b""),
        ("list-bounces@example.net", b""),
        ("ana@example.org", b""),
        ("eva@example.net", b"List-Id: <list.example.net>\r\n"),
        ("eva@example.net", b"Precedence: bulk\r\n"),
        ("eva@example.net", b"Auto-Submitted: auto-replied\r\n"),
        ("eva@example.net", b"X-Spam-Flag: YES\r\n"),
    ],
)
def test_lists_and_programs_are_never_answered(ana: Mailbox, sink: Sink, sender: str, header: bytes) -> None:
    arrive(ana, header + TO_ANA, sender=sender)
    assert not sink.taken
    assert not Answered.objects.exists()


def test_who_did_not_write_to_this_mailbox_is_not_answered(ana: Mailbox, sink: Sink) -> None:
    arrive(ana, TO_ANA.replace(b"ana@", b"everybody@"))
    assert not sink.taken
    make_alias("info@example.org", ana)
    make_domain("example.com", alias_of=ana.domain)
    arrive(ana, TO_ANA.replace(b"ana@example.org", b"info@example.com"))
    assert len(sink.taken) == 1


def test_what_is_held_as_spam_is_not_answered(ana: Mailbox, sink: Sink) -> None:
    arrive(ana, spam=True)
    assert Held.objects.exists()
    assert not Outgoing.objects.exists()


def test_after_it_ended_and_before_it_begins_nothing_is_answered(ana: Mailbox, sink: Sink) -> None:
    away(ana, first=2, last=3)
    arrive(ana)
    changes.choose_away(ana, None, actor=Actor(ana.user))
    arrive(ana)
    assert not Outgoing.objects.exists()
    assert not sink.taken


def test_what_was_queued_before_it_ended_is_not_answered(ana: Mailbox, sink: Sink, settings: Any) -> None:
    url, settings.RELAY_URL = settings.RELAY_URL, "smtp://127.0.0.1:1"
    arrive(ana)
    changes.choose_away(ana, None, actor=Actor(ana.user))
    settings.RELAY_URL = url
    age("mailstore_outgoing", due="1 hour")
    sending.send_due(threading.Event())
    assert not sink.taken
    assert not Outgoing.objects.filter(ended=None).exists()


def test_who_forwards_without_a_copy_still_answers(ana: Mailbox, sink: Sink) -> None:
    Mailbox.objects.update(forward_to=["luz@elsewhere.example"], forward_keep=False)
    arrive(ana)
    assert {each.recipient for each in sink.taken} == {"luz@elsewhere.example", "eva@example.net"}


def test_a_fault_of_ours_stops_no_other_message(ana: Mailbox, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(answers, "reply_of", broken)
    Mailbox.objects.update(forward_to=["luz@elsewhere.example"])
    arrive(ana)
    assert [each.recipient for each in sink.taken] == ["luz@elsewhere.example"]
    assert not Answered.objects.exists()
    assert Outgoing.objects.get(ended=None).reply == "A fault of this service."


def test_a_reply_that_nobody_takes_ends(ana: Mailbox, sink: Sink) -> None:
    sink.answers = lambda line: "550 5.1.1 nobody" if line.startswith("RCPT") else None
    arrive(ana)
    assert not Outgoing.objects.filter(ended=None).exists()
    assert Message.objects.count() == 1


def test_a_burst_of_forged_senders_is_answered_to_a_point(
    ana: Mailbox, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_AN_HOUR", 3)
    for number in range(5):
        arrive(ana, sender=f"stranger{number}@example.net")
    assert len(sink.taken) == 3
    assert Message.objects.count() == 5
    age("mailstore_answered", at="61 minutes")
    arrive(ana, sender="luz@example.net")
    assert sink.taken[3].recipient == "luz@example.net"
