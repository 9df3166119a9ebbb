"""LMTP on real sockets, against the real store."""

import random

import pytest
from django.db.models import Sum

from controlpanel.mailboxes.models import Mailbox, Usage
from controlpanel.mailstore.models import Message, MessageChunk, StagedBody
from tests.store.factories import make_alias, make_mailbox
from tests.wire.clients import Lmtp, Pop3, until
from tests.wire.service import MailService

MEGABYTE = 2**20


def test_what_is_announced(service: MailService) -> None:
    with Lmtp(service.lmtp) as lmtp:
        assert lmtp.greeting == "220 mail.example.org LMTP Casilla"
        assert {line[4:] for line in lmtp.features.splitlines()[1:]} == {
            "PIPELINING",
            "ENHANCEDSTATUSCODES",
            "SIZE 104857600",
            "8BITMIME",
            "SMTPUTF8",
        }
        assert lmtp.command("QUIT").startswith("221 2.0.0")
        assert lmtp.rest() == b""


def test_each_recipient_has_its_own_reply(service: MailService, ana: Mailbox) -> None:
    make_mailbox("full@example.org", quota=200)
    make_alias("info@example.org", ana)
    with Lmtp(service.lmtp) as lmtp:
        replies = lmtp.begin(["ana@example.org", "nobody@example.org", "full@example.org", "info@example.org"])
        assert [reply[:9] for reply in replies] == [
            "250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "354 The m",
        ]  # fmt: skip
        lmtp.text(b"Subject: x\r\n\r\n" + b"y" * 300 + b"\r\n")
        assert [lmtp.reply()[:9] for _ in range(3)] == ["250 2.0.0", "552 5.2.2", "250 2.0.0"]
    assert Message.objects.filter(mailbox=ana).count() == Message.objects.count() == 1


def test_many_megabytes_to_many_at_once(service: MailService, ana: Mailbox) -> None:
    boxes = [ana, *[make_mailbox(f"box{n}@example.org") for n in range(3)]]
    text = b"Subject: large\r\n\r\n" + random.Random(5321).randbytes(3 * MEGABYTE).replace(b"\r", b"").replace(
        b"\n", b""
    )
    text += b"\r\n"
    with Lmtp(service.lmtp) as lmtp:
        assert lmtp.deliver(text, *[box.address_text for box in boxes]) == ["250 2.0.0 Delivered"] * 4
    for box in boxes:
        trace = f"Return-Path: <sender@example.net>\r\nDelivered-To: {box.address_text}\r\n".encode()
        assert Usage.objects.get(mailbox=box).octets == len(trace) + len(text)
    with Pop3(service.pop3) as client:
        client.login("ana@example.org")
        assert client.retrieve(1).endswith(text)
    assert not StagedBody.objects.exists()


@pytest.mark.parametrize("octets", [1000, 2 * MEGABYTE])
def test_a_line_lost_in_the_middle_of_a_message_leaves_nothing(service: MailService, ana: Mailbox, octets: int) -> None:
    with Lmtp(service.lmtp) as lmtp:
        lmtp.begin(["ana@example.org"])
        lmtp.send(b"x" * 70 + b"\r\n" + b"y" * octets)
        if octets > MEGABYTE:
            until(StagedBody.objects.exists)
    until(lambda: not StagedBody.objects.exists() and not MessageChunk.objects.exists())
    assert not Message.objects.exists()
    assert Usage.objects.aggregate(octets=Sum("octets"))["octets"] == 0


def test_a_message_past_the_announced_size_is_refused_and_the_next_one_taken(
    service: MailService, ana: Mailbox
) -> None:
    with Lmtp(service.lmtp) as lmtp:
        assert lmtp.command("MAIL FROM:<> SIZE=104857601").startswith("552 5.3.4")
        assert lmtp.deliver(b"Subject: x\r\n\r\n", "ana@example.org") == ["250 2.0.0 Delivered"]


def test_bare_line_ends_become_canonical_and_smuggle_nothing(service: MailService, ana: Mailbox) -> None:
    with Lmtp(service.lmtp) as lmtp:
        lmtp.begin(["ana@example.org"])
        lmtp.send(b"Subject: x\n\nbody\n.\nMAIL FROM:<evil@example.net>\r\rend\r\n.\r\n")
        assert lmtp.reply() == "250 2.0.0 Delivered"
        assert lmtp.command("NOOP").startswith("250")
    with Pop3(service.pop3) as client:
        client.login("ana@example.org")
        assert client.command("STAT").startswith(b"+OK 1 ")
        assert client.retrieve(1).endswith(
            b"Subject: x\r\n\r\nbody\r\n.\r\nMAIL FROM:<evil@example.net>\r\n\r\nend\r\n"
        )


def test_an_address_beyond_ascii(service: MailService, transactional_db: None) -> None:
    box = make_mailbox("añá@example.org")
    with Lmtp(service.lmtp) as lmtp:
        assert lmtp.begin(["añá@example.org"])[1].startswith("553 5.6.7")
        assert lmtp.command("RSET").startswith("250")
        replies = lmtp.begin(["añá@example.org"], sender="eñe@example.net", parameters=" SMTPUTF8 BODY=8BITMIME")
        assert replies[1].startswith("250 2.1.5")
        lmtp.text(b"x\r\n")
        assert lmtp.reply().startswith("250")
    assert Message.objects.get(mailbox=box).sender == "eñe@example.net"
