"""Sending what is queued, to a relay on a real socket."""

import threading
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest

from controlpanel.jobs import sending
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import checking
from controlpanel.mailstore.beside import Fate, Outgoing
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.models import Message, MessageChunk
from controlpanel.mailstore.onward import Onward, Passing, senders
from controlpanel.mailstore.onward.passing import Way
from tests.relay.sink import Sink, listening
from tests.store.factories import age, make_delivery, make_mailbox, make_message

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = b"Return-Path: <eva@example.net>\r\nDelivered-To: info@example.org\r\n"
TEXT = make_message("hello") + b".\r\n..dots\r\n"


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "casilla@example.org"
        yield sink
    assert not list(checking.check())


def arrive(*onward: str, box: Mailbox | None = None, text: bytes = TEXT, sender: str = "eva@example.net") -> None:
    passing = Passing(Way(), len(HEAD), [Onward(address, "info@example.org") for address in onward])
    deliver([make_delivery(box or Mailbox(pk=-1), HEAD + text, sender=sender, passing=passing)])


def send() -> bool:
    return sending.send_due(threading.Event())


def fates() -> dict[str, tuple[str, str]]:
    return {row.recipient: (row.fate, row.reply) for row in Outgoing.objects.all()}


def test_what_is_queued_leaves_under_our_own_sender_without_our_trace_lines(sink: Sink) -> None:
    arrive("luz@elsewhere.example")
    assert send()
    (taken,) = sink.taken
    assert taken.recipient == "luz@elsewhere.example"
    assert taken.sender.startswith("SRS0=")
    assert senders.is_returned_to(taken.sender)
    assert taken.octets == b"Delivered-To: info@example.org\r\n" + TEXT
    assert f"SIZE={len(taken.octets)}" in taken.options
    assert fates() == {"luz@elsewhere.example": ("sent", "250 taken")}
    assert not MessageChunk.objects.exists()


def test_one_line_to_the_relay_carries_all(sink: Sink) -> None:
    arrive(*[f"x{n}@elsewhere.example" for n in range(5)])
    assert send()
    assert len(sink.taken) == 5
    assert sum(line.startswith("EHLO") for line in sink.heard) == 1


@pytest.mark.parametrize("octets", [300_000, 2_000_000])
def test_a_message_of_many_chunks_leaves_whole(sink: Sink, octets: int) -> None:
    text = make_message("long", octets)
    arrive("luz@elsewhere.example", text=text)
    send()
    assert sink.taken[0].octets.endswith(text)


def test_a_temporary_failure_is_tried_again(sink: Sink) -> None:
    sink.answers = lambda line: "451 4.3.0 later" if line.startswith("RCPT TO:<luz") else None
    arrive("luz@elsewhere.example", "sol@elsewhere.example")
    assert send()
    assert [each.recipient for each in sink.taken] == ["sol@elsewhere.example"]
    assert fates()["luz@elsewhere.example"] == ("", "RCPT: 451 4.3.0 later")
    sink.answers = lambda _line: None
    assert send()
    assert len(sink.taken) == 1
    age("mailstore_outgoing", due="1 hour")
    assert send()
    assert [each.recipient for each in sink.taken] == ["sol@elsewhere.example", "luz@elsewhere.example"]


def test_a_relay_that_dies_in_the_middle_gets_the_message_again(sink: Sink) -> None:
    sink.dies_in_data = 1
    arrive("luz@elsewhere.example", "sol@elsewhere.example")
    assert send()
    assert len(sink.taken) == 1
    age("mailstore_outgoing", "ended IS NULL", due="1 hour")
    send()
    assert {each.recipient for each in sink.taken} == {"luz@elsewhere.example", "sol@elsewhere.example"}


def test_a_lost_reply_means_a_second_copy_never_none(sink: Sink) -> None:
    sink.lost_reply = 1
    arrive("luz@elsewhere.example")
    send()
    age("mailstore_outgoing", due="1 hour")
    send()
    assert len(sink.taken) == 2
    assert fates() == {"luz@elsewhere.example": ("sent", "250 taken")}


def test_a_relay_that_is_away_is_waited_for(sink: Sink, settings: Any) -> None:
    arrive("luz@elsewhere.example")
    with listening(Sink()) as gone:
        pass
    right, settings.RELAY_URL = settings.RELAY_URL, gone.url
    assert not send()
    assert fates()["luz@elsewhere.example"][0] == ""
    settings.RELAY_URL = right
    age("mailstore_outgoing", due="1 hour")
    assert send()
    assert sink.taken


def test_without_a_relay_the_queue_waits_and_tries_nothing(sink: Sink, settings: Any) -> None:
    arrive("luz@elsewhere.example")
    settings.RELAY_URL = ""
    assert send()
    assert Outgoing.objects.get().tries == 0


def refusing(line: str) -> str | None:
    return "550 5.1.1 there is nobody" if "gone@" in line else None


def test_the_sender_is_told_of_what_got_nowhere(sink: Sink) -> None:
    sink.answers = refusing
    arrive("gone@elsewhere.example")
    send()
    assert fates()["gone@elsewhere.example"] == ("refused", "RCPT: 550 5.1.1 there is nobody")
    (told,) = sink.taken
    assert (told.sender, told.recipient) == ("", "eva@example.net")
    notice = message_from_bytes(told.octets)
    assert notice.get_content_type() == "multipart/report"
    assert notice.get_param("report-type") == "delivery-status"
    assert notice["Auto-Submitted"] == "auto-replied"
    words, status, header = notice.get_payload()  # type: ignore[misc]
    assert "there is nobody" in str(words)
    assert "Final-Recipient: rfc822; gone@elsewhere.example" in str(status)
    assert "Action: failed" in str(status)
    assert "Subject: hello" in str(header)
    assert "dots" not in str(notice)
    assert b"\n" not in told.octets.replace(b"\r\n", b"")


def test_a_notice_that_gets_nowhere_ends(sink: Sink) -> None:
    sink.answers = lambda line: "550 5.1.1 there is nobody" if line.startswith("RCPT") else None
    arrive("gone@elsewhere.example")
    send()
    assert not sink.taken
    assert Outgoing.objects.count() == 2
    assert not MessageChunk.objects.exists()


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        ("", b""),
        ("eva@example.net", b"List-Id: <list.example.net>\r\n"),
        ("eva@example.net", b"Auto-Submitted: auto-generated\r\n"),
        ("mailer-daemon@example.net", b""),
    ],
)
def test_nobody_is_told_of_what_nobody_wrote(sink: Sink, sender: str, header: bytes) -> None:
    sink.answers = refusing
    arrive("gone@elsewhere.example", text=header + TEXT, sender=sender)
    send()
    assert Outgoing.objects.count() == 1
    assert not sink.taken


def test_a_copy_that_stays_is_told_of_to_its_owner_alone(sink: Sink) -> None:
    sink.answers = refusing
    arrive(box=make_mailbox("ana@example.org", forward_to=["gone@elsewhere.example"]))
    send()
    assert not sink.taken
    assert fates() == {"gone@elsewhere.example": ("refused", "RCPT: 550 5.1.1 there is nobody")}
    assert Message.objects.count() == 1


def test_what_was_to_leave_without_a_copy_comes_back_into_the_mailbox(sink: Sink) -> None:
    sink.answers = refusing
    box = make_mailbox("ana@example.org", forward_to=["gone@elsewhere.example"], forward_keep=False)
    arrive(box=box)
    assert not Message.objects.exists()
    send()
    assert not sink.taken
    assert Message.objects.get().mailbox_id == box.pk


def test_after_five_days_it_is_given_up(sink: Sink) -> None:
    sink.answers = lambda line: "451 4.3.0 later" if "gone@" in line else None
    arrive("gone@elsewhere.example")
    age("mailstore_outgoing", since="6 days")
    send()
    assert fates()["gone@elsewhere.example"] == ("expired", "RCPT: 451 4.3.0 later")
    assert b"Status: 4.4.7" in sink.taken[0].octets


def test_a_bounce_of_a_bounce_is_never_made(sink: Sink) -> None:
    sink.answers = refusing
    arrive("gone@elsewhere.example", sender="")
    send()
    assert Outgoing.objects.get().fate == Fate.REFUSED


def test_many_at_once_send_each_message_once(sink: Sink) -> None:
    arrive(*[f"x{n}@elsewhere.example" for n in range(40)])
    threads = [threading.Thread(target=_send_and_close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.recipient for each in sink.taken) == sorted(f"x{n}@elsewhere.example" for n in range(40))
    assert not MessageChunk.objects.exists()


def _send_and_close() -> None:
    from django.db import connection

    send()
    connection.close()
