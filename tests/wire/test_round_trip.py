"""In by LMTP and out by POP3, octet for octet."""

import ssl
from collections.abc import Callable

import pytest

from controlpanel.mailboxes.models import Mailbox
from tests.wire.clients import Lmtp, Pop3
from tests.wire.nasty import messages
from tests.wire.service import MailService

TRACE = b"Return-Path: <sender@example.net>\r\nDelivered-To: ana@example.org\r\n"
Open = Callable[[MailService, ssl.SSLContext], Pop3]


def plain(service: MailService, context: ssl.SSLContext) -> Pop3:
    return Pop3(service.pop3)


def stls(service: MailService, context: ssl.SSLContext) -> Pop3:
    client = Pop3(service.pop3)
    assert client.command("STLS").startswith(b"+OK")
    client.start_tls(context)
    return client


def tls(service: MailService, context: ssl.SSLContext) -> Pop3:
    return Pop3(service.pop3s, context)


@pytest.fixture
def delivered(service: MailService, ana: Mailbox) -> list[bytes]:
    """What the forty messages become in ana's maildrop."""
    with Lmtp(service.lmtp) as lmtp:
        for name, text in messages().items():
            assert lmtp.deliver(text, "ana@example.org") == ["250 2.0.0 Delivered"], name
    return [TRACE + (text if text.endswith(b"\r\n") else text + b"\r\n") for text in messages().values()]


def test_forty_nasty_messages_come_out_as_they_went_in(
    service: MailService, client_context: ssl.SSLContext, delivered: list[bytes]
) -> None:
    assert len(delivered) == 40
    for line in (plain, stls, tls):
        with line(service, client_context) as client:
            assert client.login("ana@example.org").startswith(b"+OK")
            assert client.command("STAT") == b"+OK 40 %d" % sum(map(len, delivered))
            assert client.command("LIST").startswith(b"+OK")
            assert client.lines() == [b"%d %d" % (n, len(text)) for n, text in enumerate(delivered, 1)]
            for number, text in enumerate(delivered, 1):
                assert client.retrieve(number) == text, (line.__name__, number)
            assert client.command("QUIT").startswith(b"+OK")
