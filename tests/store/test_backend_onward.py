"""An LMTP session's door on the real store: addresses elsewhere, loops, and bounces to senders that we rewrote."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.mailboxes.models import State
from controlpanel.mailstore import checking
from controlpanel.mailstore.beside import Fate, Outgoing
from controlpanel.mailstore.models import Message, MessageChunk, StagedBody
from controlpanel.mailstore.onward import queue, senders
from pop3service.backend import Backend
from pop3service.envelope import Envelope
from pop3service.lmtp_requests import Verdict
from tests.store.doors import FakeLine, beside_a_backend
from tests.store.factories import make_alias, make_mailbox, make_message
from tests.store.test_backend_lmtp import CHUNK, FROM, found, maildrop, sent, trace

pytestmark = pytest.mark.django_db(transaction=True)

NULL = Envelope("")


@pytest.fixture(autouse=True)
def relay(settings: Any) -> Iterator[None]:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://127.0.0.1:1", "casilla@example.org"
    yield
    assert not list(checking.check())
    assert not StagedBody.objects.exists()


def verdicts(text: bytes, *addresses: str, envelope: Envelope = FROM) -> list[Verdict]:
    """Send a message in an LMTP session of its own, and return what was answered for each recipient."""
    said: list[Verdict] = []

    async def test(backend: Backend) -> None:
        said.extend(await sent(backend.lmtp(FakeLine()), text, *addresses, envelope=envelope))

    beside_a_backend(test)
    return said


def leaving() -> list[tuple[str, str, bool]]:
    return list(Outgoing.objects.order_by("recipient").values_list("forwarder", "recipient", "kept"))


def body_of(row: Outgoing) -> bytes:
    chunks = MessageChunk.objects.filter(body=row.body).order_by("sequence")
    return b"".join(bytes(chunk.octets) for chunk in chunks)


@pytest.mark.parametrize("octets", [0, 10, CHUNK, 3 * CHUNK + 7])
def test_an_alias_with_addresses_elsewhere_alone(octets: int) -> None:
    make_alias("info@example.org", "luz@elsewhere.example", "sol@elsewhere.example")
    text = os.urandom(octets)
    assert verdicts(text, "Info@example.org") == [Verdict.OK]
    assert leaving() == [
        ("info@example.org", "luz@elsewhere.example", False),
        ("info@example.org", "sol@elsewhere.example", False),
    ]
    assert body_of(Outgoing.objects.all()[0]) == trace("Info@example.org") + text
    assert MessageChunk.objects.values("body").distinct().count() == 1


@pytest.mark.parametrize("octets", [10, 3 * CHUNK + 7])
def test_an_alias_here_and_elsewhere_is_one_body(octets: int) -> None:
    ana = make_mailbox("ana@example.org")
    make_alias("info@example.org", ana, "luz@elsewhere.example")
    text = os.urandom(octets)
    assert verdicts(text, "info@example.org", "ana@example.org") == [Verdict.OK, Verdict.OK]
    assert maildrop(ana) == [trace("info@example.org") + text]
    assert leaving() == [("info@example.org", "luz@elsewhere.example", True)]
    assert MessageChunk.objects.values("body").distinct().count() == 1


@pytest.mark.parametrize("octets", [10, 2 * CHUNK])
def test_many_recipients_here_and_elsewhere(octets: int) -> None:
    ana, eve = make_mailbox("ana@example.org"), make_mailbox("eve@example.org", quota=1)
    make_alias("a@example.org", "luz@elsewhere.example")
    make_alias("b@example.org", eve, "sol@elsewhere.example")
    text = os.urandom(octets)
    addresses = ["a@example.org", "ana@example.org", "b@example.org"]
    assert verdicts(text, *addresses) == [Verdict.OK] * 3
    assert maildrop(ana) == [trace("ana@example.org") + text]
    assert not maildrop(eve)
    assert [(forwarder, kept) for forwarder, _, kept in leaving()] == [
        ("a@example.org", False),
        ("b@example.org", False),
    ]


def test_a_closed_mailbox_beside_an_address_elsewhere() -> None:
    make_alias("info@example.org", make_mailbox("ana@example.org", state=State.CLOSED), "luz@elsewhere.example")
    assert verdicts(make_message(), "info@example.org") == [Verdict.OK]
    assert len(leaving()) == 1


@pytest.mark.parametrize("octets", [10, 2 * CHUNK])
@pytest.mark.parametrize("head", [b"Delivered-To: INFO@example.org\r\n", b"Received: by x\r\n" * 41])
def test_what_has_been_here_before_is_refused_where_it_could_only_leave(octets: int, head: bytes) -> None:
    ana = make_mailbox("ana@example.org")
    make_alias("info@example.org", "luz@elsewhere.example")
    make_alias("both@example.org", ana, "luz@elsewhere.example")
    text = head.replace(b"INFO", b"info") + make_message("again", octets)
    again = text.replace(b"info@", b"both@")
    assert verdicts(text, "info@example.org", "ana@example.org") == [Verdict.LOOP, Verdict.OK]
    assert verdicts(again, "both@example.org") == [Verdict.OK]
    assert len(maildrop(ana)) == 2
    assert not leaving()


def test_a_mailbox_forwards_what_comes_by_any_of_its_addresses_once() -> None:
    ana = make_mailbox("ana@example.org", forward_to=["luz@elsewhere.example"])
    make_alias("info@example.org", ana)
    assert verdicts(make_message(), "info@example.org", "ana@example.org") == [Verdict.OK] * 2
    assert leaving() == [("ana@example.org", "luz@elsewhere.example", True)]


@pytest.mark.parametrize("octets", [10, 2 * CHUNK])
def test_a_mailbox_that_keeps_no_copy(octets: int) -> None:
    ana = make_mailbox("ana@example.org", forward_to=["luz@elsewhere.example"], forward_keep=False)
    text = os.urandom(octets)
    assert verdicts(text, "ana@example.org") == [Verdict.OK]
    assert not maildrop(ana)
    assert body_of(Outgoing.objects.get()) == trace("ana@example.org") + text


def test_without_a_relay_mail_for_elsewhere_is_asked_for_again(settings: Any) -> None:
    settings.RELAY_URL = ""
    make_alias("info@example.org", make_mailbox("ana@example.org"), "luz@elsewhere.example")

    async def test(backend: Backend) -> None:
        [(verdict, _)] = await found(backend.lmtp(FakeLine()), "info@example.org")
        assert verdict is Verdict.FAULT

    beside_a_backend(test)
    assert not Message.objects.exists()


class TestBounces:
    @pytest.fixture
    def envelope(self) -> str:
        make_alias("info@example.org", "gone@elsewhere.example")
        assert verdicts(make_message(), "info@example.org") == [Verdict.OK]
        claimed = queue.claim()
        assert claimed is not None
        envelope = senders.envelope_for(claimed.sender, claimed.forwarder, timezone.now())
        queue.end(claimed, Fate.SENT, "250 taken", envelope)
        return envelope

    @pytest.mark.parametrize("octets", [10, 2 * CHUNK])
    def test_a_bounce_is_taken_and_recorded(self, envelope: str, octets: int) -> None:
        report = b"Final-Recipient: rfc822; gone@elsewhere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        text = b"Subject: no\r\n\r\n" + report + b"x" * octets
        assert verdicts(text, envelope, envelope=NULL) == [Verdict.OK]
        assert Outgoing.objects.get(recipient="gone@elsewhere.example").fate == Fate.RETURNED
        told = Outgoing.objects.filter(recipient="eva@example.net")
        assert told.count() == (1 if len(text) < CHUNK else 0)

    def test_beside_a_mailbox_each_has_its_reply(self, envelope: str) -> None:
        ana = make_mailbox("ana@example.org")
        assert verdicts(make_message(), envelope, "ana@example.org", envelope=NULL) == [Verdict.OK, Verdict.OK]
        assert len(maildrop(ana)) == 1

    def test_what_has_a_sender_is_none(self, envelope: str) -> None:
        assert verdicts(make_message(), envelope) == [Verdict.UNKNOWN]
        assert not Outgoing.objects.filter(fate=Fate.RETURNED).exists()

    def test_an_address_that_we_did_not_write_is_unknown(self, envelope: str) -> None:
        forged = envelope.replace("eva", "eve")

        async def test(backend: Backend) -> None:
            [(verdict, _)] = await found(backend.lmtp(FakeLine()), forged, envelope=NULL)
            assert verdict is Verdict.UNKNOWN

        beside_a_backend(test)
