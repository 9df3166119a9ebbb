"""Mail that leaves: what a delivery queues, what the queue keeps, and what comes back."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailstore import checking, retention
from controlpanel.mailstore.beside import Fate, Outgoing
from controlpanel.mailstore.delivery import Delivered, OverQuota, Passed, deliver
from controlpanel.mailstore.models import Message, MessageChunk
from controlpanel.mailstore.onward import Onward, Passing, passing, queue, reports, returned, senders
from controlpanel.mailstore.onward.passing import Way
from controlpanel.mailstore.onward.queue import Claimed
from tests.store.factories import age, counters, make_delivery, make_mailbox, make_message, remove

pytestmark = pytest.mark.django_db(transaction=True)

NEW = Way()
HEAD = b"Return-Path: <eva@example.net>\r\nDelivered-To: ana@example.org\r\n"


@pytest.fixture(autouse=True)
def relay(settings: Any) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://127.0.0.1:1", "casilla@example.org"


@pytest.fixture
def whole() -> Iterator[None]:
    """After the test the store agrees with itself."""
    yield
    assert not list(checking.check())


def arrive(box: Mailbox | None, *onward: str, way: Way = NEW, **fields: Any) -> Any:
    """Deliver a message that came by LMTP."""
    body = HEAD + make_message()
    towards = [Onward(address, "info@example.org") for address in onward]
    fields = {"passing": Passing(way, len(HEAD), towards), "sender": "eva@example.net", **fields}
    delivery = make_delivery(box or Mailbox(pk=-1), body, **fields)
    return deliver([delivery])[0]


def claim() -> Claimed:
    claimed = queue.claim()
    assert claimed is not None
    return claimed


def forwarding(*to: str, keep: bool = True, **fields: Any) -> Mailbox:
    return make_mailbox("ana@example.org", forward_to=list(to), forward_keep=keep, **fields)


@pytest.mark.usefixtures("whole")
class TestWhatADeliveryQueues:
    def test_a_mailbox_forwards_and_keeps_a_copy_of_the_same_body(self) -> None:
        box = forwarding("ana@elsewhere.example")
        assert isinstance(arrive(box), Delivered)
        row, message = Outgoing.objects.get(), Message.objects.get()
        assert (row.mailbox_id, row.forwarder, row.recipient) == (box.pk, "ana@example.org", "ana@elsewhere.example")
        assert (row.body, row.octets, row.head, row.kept) == (message.body, message.octets, len(HEAD), True)
        assert (row.sender, row.subject, row.domain) == ("eva@example.net", "hello", "example.org")

    def test_a_mailbox_forwards_and_keeps_none(self) -> None:
        box = forwarding("a@elsewhere.example", "b@elsewhere.example", keep=False, quota=1)
        assert arrive(box) == Passed()
        assert counters(box) == (0, 0, 0, 0)
        assert not Message.objects.exists()
        assert set(Outgoing.objects.values_list("recipient", "kept")) == {
            ("a@elsewhere.example", False),
            ("b@elsewhere.example", False),
        }
        assert Outgoing.objects.values("body").distinct().count() == 1

    def test_an_alias_elsewhere_needs_no_mailbox(self) -> None:
        assert arrive(None, "luz@elsewhere.example") == Passed()
        row = Outgoing.objects.get()
        assert (row.mailbox_id, row.forwarder, row.kept) == (None, "info@example.org", False)

    def test_an_alias_shares_the_body_of_a_mailbox_that_it_names(self) -> None:
        arrive(make_mailbox("ana@example.org"), "luz@elsewhere.example")
        assert Outgoing.objects.get().body == Message.objects.get().body

    def test_an_alias_goes_elsewhere_though_its_mailbox_is_full(self) -> None:
        assert isinstance(arrive(make_mailbox("ana@example.org", quota=10), "luz@elsewhere.example"), OverQuota)
        assert not Outgoing.objects.get().kept

    def test_what_was_here_before_stays(self) -> None:
        box = forwarding("ana@elsewhere.example", keep=False)
        assert isinstance(arrive(box, way=Way(2, frozenset({"ana@example.org"}))), Delivered)
        assert isinstance(arrive(box, way=Way(41, frozenset())), Delivered)
        assert not Outgoing.objects.exists()

    def test_what_did_not_come_by_lmtp_stays(self) -> None:
        assert isinstance(deliver([make_delivery(forwarding("x@elsewhere.example", keep=False))])[0], Delivered)
        assert not Outgoing.objects.exists()

    @pytest.mark.parametrize("state", [State.SUSPENDED])
    def test_a_mailbox_that_nobody_opens_sends_nothing(self, state: State) -> None:
        assert isinstance(arrive(forwarding("x@elsewhere.example", keep=False, state=state)), Delivered)
        assert not Outgoing.objects.exists()

    def test_a_domain_may_forbid(self) -> None:
        box = forwarding("x@elsewhere.example", keep=False)
        Domain.objects.update(forwarding=False)
        assert isinstance(arrive(box), Delivered)
        assert not Outgoing.objects.exists()

    def test_without_a_relay_all_stays(self, settings: Any) -> None:
        settings.RELAY_URL = ""
        assert isinstance(arrive(forwarding("x@elsewhere.example", keep=False)), Delivered)
        assert not Outgoing.objects.exists()


@pytest.mark.usefixtures("whole")
class TestTheQueue:
    def test_one_process_sends_a_message_at_a_time(self) -> None:
        arrive(None, "luz@elsewhere.example")
        claimed = claim()
        assert (claimed.recipient, claimed.tries) == ("luz@elsewhere.example", 1)
        assert queue.claim() is None
        age("mailstore_outgoing", claimed_until="1 hour")
        assert claim().tries == 2

    def test_pauses_grow_and_after_five_days_there_is_none(self) -> None:
        arrive(None, "luz@elsewhere.example")
        pauses = []
        for _ in range(9):
            claimed = claim()
            assert queue.put_off(claimed, "451 4.3.0 later")
            assert queue.claim() is None
            row = Outgoing.objects.get()
            pauses.append(round((row.due - timezone.now()).total_seconds() / 60))
            assert row.reply == "451 4.3.0 later"
            age("mailstore_outgoing", due="1 day")
        assert pauses == [1, 5, 15, 30, 60, 120, 240, 240, 240]
        age("mailstore_outgoing", since="6 days")
        assert not queue.put_off(claim(), "451 4.3.0 later")

    def test_a_body_that_no_message_names_goes_with_the_last_that_ends(self) -> None:
        arrive(None, "luz@elsewhere.example", "sol@elsewhere.example")
        first, last = claim(), claim()
        assert queue.end(first, Fate.SENT, "250 taken", "Ana@Example.ORG")
        assert MessageChunk.objects.exists()
        assert not queue.end(first, Fate.SENT, "250 taken")
        assert queue.end(last, Fate.REFUSED, "550 no")
        assert not MessageChunk.objects.exists()
        assert set(Outgoing.objects.values_list("fate", "envelope")) == {("sent", "ana@example.org"), ("refused", "")}

    def test_a_body_in_a_mailbox_outlives_the_queue(self) -> None:
        box = forwarding("x@elsewhere.example")
        arrive(box)
        queue.end(claim(), Fate.SENT, "250 taken")
        assert MessageChunk.objects.get().body == Message.objects.get().body

    def test_the_sweep_leaves_what_is_still_to_leave(self) -> None:
        box = forwarding("x@elsewhere.example")
        arrived = arrive(box)
        remove(box, arrived.message_id)
        retention.delete_for_good(box.pk, [arrived.message_id])
        retention.sweep_bodies()
        age("mailstore_sincecrash", since="1 hour")
        age("mailstore_message", removed_at="1 hour", gone_at="1 hour")
        retention.sweep_bodies()
        assert MessageChunk.objects.exists()
        queue.end(claim(), Fate.SENT, "250 taken")
        assert retention.sweep_bodies()
        assert not MessageChunk.objects.exists()

    def test_a_mailbox_that_is_erased_takes_its_queue_along(self) -> None:
        box = forwarding("x@elsewhere.example")
        arrive(box)
        Mailbox.objects.update(state=State.DELETED, state_since=timezone.now() - timedelta(days=31))
        assert retention.erase_deleted()
        assert not MessageChunk.objects.exists()
        assert not Outgoing.objects.exists()

    def test_what_ended_is_forgotten_after_a_month(self) -> None:
        arrive(None, "luz@elsewhere.example", "sol@elsewhere.example")
        queue.end(claim(), Fate.SENT, "250 taken")
        assert not queue.forget()
        age("mailstore_outgoing", "ended IS NOT NULL", ended="31 days")
        assert queue.forget()
        assert Outgoing.objects.count() == 1


def test_check_store_finds_mail_that_cannot_leave_and_gives_it_up() -> None:
    arrive(None, "luz@elsewhere.example")
    MessageChunk.objects.all().delete()
    assert [fault.kind for fault in checking.check(repair=True)] == [checking.Kind.OUTGOING]
    assert not list(checking.check())
    assert Outgoing.objects.get().fate == Fate.REFUSED


def bounce_of(recipient: str, action: str = "failed") -> bytes:
    return (
        f"From: mailer-daemon@elsewhere.example\r\nContent-Type: multipart/report\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1\r\n there is no {recipient}\r\n"
    ).encode()


@pytest.mark.usefixtures("whole")
class TestBounces:
    @pytest.fixture
    def envelope(self) -> str:
        """Two messages are sent on under this sender."""
        arrive(None, "luz@elsewhere.example", "sol@elsewhere.example")
        envelope = senders.envelope_for("eva@example.net", "info@example.org", timezone.now())
        for _ in range(2):
            queue.end(claim(), Fate.SENT, "250 taken", envelope)
        return envelope

    def test_the_sender_is_rewritten_and_known_again(self, envelope: str) -> None:
        assert envelope.startswith("SRS0=")
        assert envelope.endswith("=example.net=eva@example.org")
        assert senders.is_returned_to(envelope.lower())
        assert senders.first_sender(envelope, timezone.now()) == "eva@example.net"
        assert not senders.is_returned_to(envelope.replace("eva", "eve"))
        assert not senders.is_returned_to("ana@example.org")

    def test_what_cannot_be_rewritten_leaves_as_the_forwarder_s(self) -> None:
        long = f"{'x' * 60}@example.net"
        assert senders.envelope_for(long, "info@example.org", timezone.now()) == "info@example.org"
        assert senders.envelope_for("", "info@example.org", timezone.now()) == ""

    def test_a_bounce_is_recorded_and_goes_on_to_the_first_sender(self, envelope: str) -> None:
        octets = bounce_of("sol@elsewhere.example")
        assert returned.take(returned.Bounce(envelope, octets, whole=True))
        row = Outgoing.objects.get(fate=Fate.RETURNED)
        assert row.recipient == "sol@elsewhere.example"
        assert row.reply == "550 5.1.1 there is no sol@elsewhere.example"
        told = claim()
        assert (told.sender, told.recipient, told.kept) == ("", "eva@example.net", False)
        assert queue.read_chunk(told, 0) == octets

    def test_each_message_is_answered_for_once(self, envelope: str) -> None:
        bounce = returned.Bounce(envelope, bounce_of("sol@elsewhere.example"), whole=True)
        assert [returned.take(bounce) for _ in range(3)] == [True, False, False]
        assert Outgoing.objects.count() == 3

    def test_a_bounce_without_a_form_is_about_the_last(self, envelope: str) -> None:
        bounce = returned.Bounce(envelope, b"Subject: it failed\r\n\r\nsorry\r\n", whole=False)
        assert [returned.take(bounce) for _ in range(3)] == [True, True, False]
        assert Outgoing.objects.count() == 2

    def test_a_delay_is_no_failure(self, envelope: str) -> None:
        assert not returned.take(returned.Bounce(envelope, bounce_of("sol@elsewhere.example", "delayed"), whole=True))
        assert not Outgoing.objects.filter(fate=Fate.RETURNED).exists()


@pytest.mark.usefixtures("whole")
def test_what_does_not_get_away_returns_to_its_mailbox_once() -> None:
    box = forwarding("luz@elsewhere.example", "sol@elsewhere.example", keep=False, quota=1)
    arrive(box)
    for _ in range(2):
        assert returned.put_back(claim(), Fate.REFUSED, "550 no")
    message = Message.objects.get()
    assert (message.sender, message.subject) == ("eva@example.net", "hello")
    assert counters(box)[:2] == (1, message.octets)
    assert set(Outgoing.objects.values_list("fate", "kept", "body")) == {("refused", True, None)}


class TestPure:
    def test_where_a_message_has_been(self) -> None:
        head = b"Received: a\r\n by b\r\nDELIVERED-TO: <Ana@Example.org>\r\nreceived:\r\n c\r\n"
        assert passing.scan(head + b"\r\nDelivered-To: x@y\r\n") == Way(2, frozenset({"ana@example.org"}))

    def test_any_octets_are_a_message(self) -> None:
        for _ in range(50):
            passing.scan(secrets.token_bytes(500))
            reports.read(secrets.token_bytes(500))

    @pytest.mark.parametrize(("hops", "back"), [(40, False), (41, True)])
    def test_a_way_has_an_end(self, hops: int, back: bool) -> None:
        assert Way(hops).leads_back("ana@example.org") is back


def test_what_a_bounce_says_moves_and_hides_no_other_text() -> None:
    report = reports.read("Action: failed\r\nDiagnostic-Code: smtp; 550 no\x1b[2J \u202ehidden\r\n".encode())
    assert report.reply == "550 no [2J hidden"
