"""What is held as spam: by which mark, within which bounds, and what its owner does with it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailstore import checking, held, releasing, retention
from controlpanel.mailstore.beside import Held, Outgoing
from controlpanel.mailstore.delivery import Aside, Closed, Delivered, deliver
from controlpanel.mailstore.models import Message, MessageChunk
from controlpanel.mailstore.spam import Mark
from pop3service.backend import Backend
from pop3service.lmtp_requests import Verdict
from tests.store.doors import FakeLine, beside_a_backend
from tests.store.factories import (
    age,
    counters,
    listed,
    make_alias,
    make_delivery,
    make_mailbox,
    make_message,
    open_session,
    put,
)
from tests.store.test_backend_lmtp import CHUNK, maildrop, sent, trace

pytestmark = pytest.mark.django_db(transaction=True)

SPAM = b"X-Spam-Flag: YES\r\n"


@pytest.fixture(autouse=True)
def mark(settings: Any) -> Iterator[None]:
    settings.SPAM_HEADER, settings.SPAM_SUBADDRESS = "X-Spam-Flag: YES", "spam"
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://127.0.0.1:1", "casilla@example.org"
    yield
    assert not list(checking.check())


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org")


def hold(box: Mailbox, *bodies: bytes) -> list[int]:
    results = deliver([make_delivery(box, body, spam=True, sender="eva@example.net") for body in bodies])
    assert all(isinstance(result, Aside) for result in results)
    return list(Held.objects.order_by("pk").values_list("pk", flat=True))


def verdicts(text: bytes, *addresses: str) -> list[Verdict]:
    said: list[Verdict] = []

    async def test(backend: Backend) -> None:
        said.extend(await sent(backend.lmtp(FakeLine()), text, *addresses))

    beside_a_backend(test)
    return said


class TestOnTheWayIn:
    @pytest.mark.parametrize("octets", [10, 2 * CHUNK])
    def test_marked_mail_is_taken_and_not_in_the_maildrop(self, ana: Mailbox, octets: int) -> None:
        text = SPAM + make_message("win", octets)
        assert verdicts(text, "ana@example.org") == [Verdict.OK]
        assert not maildrop(ana)
        assert counters(ana) == (0, 0, 0, 0)
        row = Held.objects.get()
        assert (row.mailbox_id, row.sender, row.subject) == (ana.pk, "eva@example.net", "win")
        chunks = MessageChunk.objects.filter(body=row.body).order_by("sequence")
        assert b"".join(bytes(chunk.octets) for chunk in chunks) == trace("ana@example.org") + text

    def test_a_sub_address_holds_too(self, ana: Mailbox) -> None:
        make_mailbox("eve@example.org")
        assert verdicts(make_message(), "ana+spam@example.org", "eve@example.org") == [Verdict.OK] * 2
        assert Held.objects.get().mailbox_id == ana.pk
        assert Message.objects.count() == 1

    def test_an_alias_beside_a_sub_address_leaves_with_a_body_of_its_own(self, ana: Mailbox) -> None:
        make_alias("info@example.org", ana, "luz@elsewhere.example")
        assert verdicts(make_message(), "ana+spam@example.org", "info@example.org") == [Verdict.OK] * 2
        assert Outgoing.objects.get().body != Held.objects.get().body
        held.drop(ana.pk, [Held.objects.get().pk])
        assert MessageChunk.objects.filter(body=Outgoing.objects.get().body).exists()

    def test_without_a_mark_named_nothing_is_held(self, ana: Mailbox, settings: Any) -> None:
        settings.SPAM_HEADER = settings.SPAM_SUBADDRESS = ""
        assert verdicts(SPAM + make_message(), "ana+spam@example.org") == [Verdict.OK]
        assert len(maildrop(ana)) == 1

    def test_a_domain_may_turn_it_off(self, ana: Mailbox) -> None:
        Domain.objects.update(hold_spam=False)
        assert verdicts(SPAM + make_message(), "ana@example.org") == [Verdict.OK]
        assert len(maildrop(ana)) == 1

    @pytest.mark.parametrize("keep", [True, False])
    @pytest.mark.parametrize("hold_spam", [True, False])
    def test_spam_never_leaves(self, keep: bool, hold_spam: bool) -> None:
        ana = make_mailbox("ana@example.org", forward_to=["luz@elsewhere.example"], forward_keep=keep)
        Domain.objects.update(hold_spam=hold_spam)
        make_alias("info@example.org", "sol@elsewhere.example")
        make_alias("both@example.org", ana, "sol@elsewhere.example")
        addresses = ["info@example.org", "both@example.org", "ana@example.org"]
        assert verdicts(SPAM + make_message(), *addresses) == [Verdict.SPAM, Verdict.OK, Verdict.OK]
        assert not Outgoing.objects.exists()
        assert len(maildrop(ana)) + Held.objects.count() == 1

    def test_a_closed_mailbox_holds_nothing(self, ana: Mailbox) -> None:
        Mailbox.objects.update(state=State.CLOSED)
        assert isinstance(deliver([make_delivery(ana, spam=True)])[0], Closed)
        assert not MessageChunk.objects.exists()

    def test_a_full_mailbox_still_holds(self) -> None:
        full = make_mailbox("full@example.org", quota=1)
        assert hold(full, make_message())


class TestBounds:
    def test_the_oldest_go_first_and_the_newest_stays(self) -> None:
        box = make_mailbox("ana@example.org", quota=4000)
        hold(box, *[make_message(str(n), 600) for n in range(3)])
        assert [each.subject for each in held.listed(box.pk)] == ["2", "1"]
        hold(box, make_message("large", 5000))
        assert Held.objects.get().subject == "large"
        assert MessageChunk.objects.count() == 1

    def test_there_are_so_many_at_most(self, ana: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(held, "MOST_MESSAGES", 5)
        eve = make_mailbox("eve@example.org")
        hold(eve, make_message("hers"))
        hold(ana, *[make_message(str(n)) for n in range(8)])
        assert [each.subject for each in held.listed(ana.pk)] == ["7", "6", "5", "4", "3"]
        assert held.count(eve.pk) == 1

    def test_after_thirty_days_it_goes(self, ana: Mailbox) -> None:
        old, _new = hold(ana, make_message("old"), make_message("new"))
        age("mailstore_held", f"id = {old}", received="31 days")
        assert held.expire()
        assert not held.expire()
        assert Held.objects.get().subject == "new"

    def test_a_mailbox_that_is_erased_takes_it_along(self, ana: Mailbox) -> None:
        hold(ana, make_message())
        Mailbox.objects.update(state=State.DELETED)
        age("mailboxes_mailbox", state_since="31 days")
        assert not retention.emptied_mailboxes()
        assert retention.erase_deleted()
        assert retention.emptied_mailboxes() == [ana.pk]
        assert not MessageChunk.objects.exists()


class TestItsOwner:
    def test_released_mail_is_new_and_at_the_end(self, ana: Mailbox) -> None:
        number, *_ = hold(ana, make_message("no spam"), make_message("spam"))
        before = put(ana, make_message("between"))
        opened = open_session(ana)
        assert releasing.release(ana.pk, [number]) == 1
        assert listed(ana, opened) == before
        later = Message.objects.latest("added")
        assert listed(ana, open_session(ana)) == [*before, later.pk]
        assert (later.subject, later.sender) == ("no spam", "eva@example.net")
        assert releasing.release(ana.pk, [number]) == 0
        assert Held.objects.get().subject == "spam"

    def test_it_may_exceed_the_quota(self) -> None:
        full = make_mailbox("full@example.org", quota=10)
        assert releasing.release(full.pk, hold(full, make_message())) == 1
        assert counters(full)[0] == 1

    def test_deleted_mail_is_gone(self, ana: Mailbox) -> None:
        numbers = hold(ana, make_message("a"), make_message("b"))
        assert held.drop(ana.pk, numbers[:1]) == 1
        assert MessageChunk.objects.count() == 1

    def test_another_mailbox_s_is_out_of_reach(self, ana: Mailbox) -> None:
        eve = make_mailbox("eve@example.org")
        numbers = hold(ana, make_message())
        assert held.drop(eve.pk, numbers) == 0
        assert releasing.release(eve.pk, numbers) == 0
        assert Held.objects.count() == 1


def test_check_store_finds_what_is_held_without_its_body(ana: Mailbox) -> None:
    hold(ana, make_message())
    MessageChunk.objects.all().delete()
    assert [fault.kind for fault in checking.check(repair=True)] == [checking.Kind.HELD]
    assert not Held.objects.exists()


@pytest.mark.parametrize(
    ("header", "field", "marked"),
    [
        ("X-Spam-Flag: YES", b"X-Spam-Flag: YES", True),
        ("X-Spam-Flag: YES", b"x-spam-flag:yes", True),
        ("X-Spam-Flag: YES", b"X-Spam-Flag: YESTERDAY", False),
        ("X-Spam-Flag: YES", b"X-Spam-Flag: NO", False),
        ("X-Spam-Flag: YES", b"Y-X-Spam-Flag: YES", False),
        ("X-Spam-Flag: YES", b"Subject: X-Spam-Flag: YES", False),
        ("X-Spam-Status: Yes", b"X-Spam-Status: Yes, score=7.1", True),
        ("X-Spam-Status: Yes", b"X-Spam-Status: No, score=1", False),
        ("", b"X-Spam-Flag: YES", False),
    ],
)
def test_what_a_mark_is(header: str, field: bytes, marked: bool) -> None:
    assert Mark(header, "").is_in(b"Received: x\r\n" + field + b"\r\nTo: y\r\n\r\nX-Spam-Flag: YES\r\n") is marked


def test_a_mark_in_the_text_is_none() -> None:
    for _ in range(20):
        assert not Mark("X-Spam-Flag: YES", "").is_in(b"Subject: x\r\n\r\n" + SPAM + os.urandom(50))


@pytest.mark.parametrize(
    ("address", "marked"),
    [
        ("ana+spam@example.org", True),
        ("ana+SPAM@example.org", True),
        ("ana+spams@example.org", False),
        ("spam@example.org", False),
        ("ana@spam.example", False),
    ],
)
def test_what_a_sub_address_is(address: str, marked: bool) -> None:
    assert Mark("", "spam").is_of(address) is marked
    assert not Mark("", "").is_of(address)


def test_ordinary_mail_is_delivered_as_before(ana: Mailbox) -> None:
    assert isinstance(deliver([make_delivery(ana)])[0], Delivered)
    assert not Held.objects.exists()
