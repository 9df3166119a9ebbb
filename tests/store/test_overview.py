"""What pages show of a mailbox."""

from datetime import timedelta

import pytest

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import overview, retention
from tests.store.factories import age, make_mailbox, make_message, open_session, put, quit_session, remove

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox()


def test_waiting_mail_in_each_order_and_page(box: Mailbox) -> None:
    small, large, medium = put(box, b"1\r\n", b"x" * 500, b"x" * 50)
    put(make_mailbox())
    gone = put(box)[0]
    remove(box, gone)

    def ids(order: overview.Order, **page: int) -> list[int]:
        return [each.id for each in overview.waiting(box.pk, order=order, **page)]

    assert ids("newest") == [medium, large, small]
    assert ids("oldest") == [small, large, medium]
    assert ids("largest") == [large, medium, small]
    assert ids("newest", limit=1, offset=1) == [large]
    assert ids("largest", limit=2, offset=1) == [medium, small]
    assert ids("oldest", offset=3) == []


def test_a_waiting_message_brings_its_raw_header(box: Mailbox) -> None:
    put(box, make_message("=?utf-8?q?hola?="), sender="ana@example.org", uidl="u1")
    [shown] = overview.waiting(box.pk)
    assert (shown.uidl, shown.sender, shown.subject) == ("u1", "ana@example.org", "=?utf-8?q?hola?=")
    alone = overview.message(box.pk, shown.id)
    assert alone is not None
    assert (alone.subject, alone.octets, alone.removed) == (shown.subject, shown.octets, False)
    assert overview.message(make_mailbox().pk, shown.id) is None


def test_removed_mail_says_who_and_until_when(box: Mailbox) -> None:
    first, second, third = put(box, b"1\r\n", b"2\r\n", b"3\r\n")
    opened = open_session(box)
    quit_session(box, opened, [first], device="Laptop", device_id=4)
    retention.remove_messages(box.pk, [second])
    by_owner, by_client = overview.removed_messages(box.pk)
    assert (by_client.id, by_client.how, by_client.device, by_client.address) == (
        first,
        "client",
        "Laptop",
        "203.0.113.7",
    )
    assert by_client.session == opened.session
    assert by_client.kept_until - by_client.removed_at == timedelta(days=14)
    assert (by_owner.id, by_owner.how, by_owner.device, by_owner.address) == (second, "owner", "", None)
    assert overview.removed_messages(box.pk, session=opened.session) == [by_client]
    retention.delete_for_good(box.pk, [first])
    retention.restore(box.pk, [second])
    assert overview.removed_messages(box.pk) == []
    assert third in [each.id for each in overview.waiting(box.pk)]


def test_who_fetched_a_message(box: Mailbox) -> None:
    first, second = put(box, b"1\r\n", b"2\r\n")
    quit_session(box, open_session(box), fetched=[first], device="Phone", device_id=4)
    age("mailstore_fetched", at="1 hour")
    quit_session(box, open_session(box), fetched=[first])
    found = overview.fetched_by([first, second])
    assert [(who.device_id, who.device) for who in found[first]] == [(4, "Phone"), (0, "")]
    assert second not in found


def test_live_sessions(box: Mailbox) -> None:
    first = open_session(box, device="Phone", device_id=4)
    second = open_session(box, address=None)
    open_session(make_mailbox())
    age("mailstore_session", f"id = {first.session}", started="1 hour")
    overview.end_session(box.pk, second.session)
    a, b = overview.live_sessions(box.pk)
    assert (a.session, a.device, a.address, a.tls, a.ending) == (
        first.session,
        "Phone",
        "203.0.113.7",
        "TLSv1.3",
        False,
    )
    assert (b.session, b.address, b.ending) == (second.session, None, True)
    age("mailstore_process", beat="31 seconds")
    assert overview.live_sessions(box.pk) == []
