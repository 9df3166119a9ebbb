"""Who sends as whom, and to how many on a day of the domain's."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from controlpanel.mailboxes import sending
from controlpanel.mailboxes.models import Domain, Mailbox, Sent, State
from controlpanel.mailboxes.sending import NotSent, Sender, Submission, count, find_senders, judge, sent_today
from tests.store.factories import age, make_alias, make_mailbox

pytestmark = pytest.mark.django_db

ANA = "ana@example.org"


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox(ANA)


def sender_of(login: str, sender: str) -> Sender | None:
    return find_senders([Submission(login, sender)])[0]


def owns(login: str, sender: str) -> bool:
    found = sender_of(login, sender)
    assert found is not None
    return found.owns


def test_many_are_found_in_their_order(ana: Mailbox) -> None:
    luis = make_mailbox("luis@example.org", daily_limit=7, send_enabled=False)
    asked = [
        Submission("luis@example.org", ANA),
        Submission("nobody@example.org", ANA),
        Submission(ANA, ANA, 9),
        Submission("no address", ""),
        Submission(ANA, "luis@example.org"),
    ]
    assert find_senders(asked) == [
        Sender(luis.pk, True, False, "en", 7, 0, False),
        None,
        Sender(ana.pk, True, True, "en", 1000, 0, True),
        None,
        Sender(ana.pk, True, True, "en", 1000, 0, False),
    ]
    assert find_senders([]) == []


@pytest.mark.parametrize(
    "sender", [ANA, "Ana@Example.ORG", "ana+shop@example.org", "sales@example.org", "", "x@own.example"]
)
def test_a_mailbox_sends_as_whatever_brings_it_mail(ana: Mailbox, sender: str) -> None:
    make_alias("sales@example.org", ana)
    make_alias("@own.example", ana)
    assert owns(ANA, sender)


@pytest.mark.parametrize(
    "sender",
    [
        "luis@example.org",
        "nobody@example.org",
        "ana@example.net",
        "no address",
        "out@example.org",
        "\0@x",
        "both@example.org",
    ],
)
def test_a_mailbox_sends_as_nobody_else(ana: Mailbox, sender: str) -> None:
    make_alias("out@example.org", make_mailbox("luis@example.org"), "ana@elsewhere.example")
    make_alias("both@example.org", ana, make_mailbox("eva@example.org"))
    assert not owns(ANA, sender)


def test_a_full_mailbox_sends_and_is_not_marked_by_it(ana: Mailbox) -> None:
    Mailbox.objects.filter(pk=ana.pk).update(quota=1)
    ana.usage.messages = ana.usage.octets = 1
    ana.usage.save()
    assert owns(ANA, ANA)
    ana.refresh_from_db()
    assert ana.full_since is None


OPEN = Sender(1, True, True, "en", 10, 4, True)


@pytest.mark.parametrize(
    ("sender", "recipients", "refusal"),
    [
        (OPEN, 6, None),
        (OPEN, 7, NotSent.DAILY_LIMIT),
        (Sender(1, True, True, "en", None, 10**6, True), 10**6, None),
        (Sender(1, True, True, "en", 0, 0, True), 1, NotSent.DAILY_LIMIT),
        (Sender(1, True, True, "en", 10, 4, False), 1, NotSent.FOREIGN_SENDER),
        (Sender(1, True, False, "en", 10, 4, False), 1, NotSent.MAY_NOT_SEND),
        (Sender(1, False, False, "en", 10, 4, False), 1, NotSent.SUSPENDED),
        (None, 1, NotSent.SUSPENDED),
    ],
)
def test_policy_is_pure(sender: Sender | None, recipients: int, refusal: NotSent | None) -> None:
    assert judge(sender, recipients) is refusal


@pytest.mark.parametrize("state", [State.SUSPENDED, State.CLOSED])
@pytest.mark.parametrize("whose", ["mailbox", "domain", "person"])
def test_who_is_suspended_no_longer_sends(ana: Mailbox, state: State, whose: str) -> None:
    if whose == "mailbox":
        Mailbox.objects.filter(pk=ana.pk).update(state=state)
    elif whose == "domain":
        Domain.objects.filter(pk=ana.domain_id).update(state=state)
    else:
        ana.user.is_active = False
        ana.user.save()
    assert judge(sender_of(ANA, ANA)) is NotSent.SUSPENDED


@pytest.mark.parametrize("changed", [Mailbox, Domain])
def test_who_is_deleted_sends_nothing(ana: Mailbox, changed: Any) -> None:
    changed.objects.update(state=State.DELETED)
    assert sender_of(ANA, ANA) is None


def test_the_mailbox_has_its_own_limit_or_the_domains(ana: Mailbox) -> None:
    Domain.objects.update(daily_limit=None)
    found = sender_of(ANA, ANA)
    assert found is not None
    assert found.limit is None
    Mailbox.objects.update(daily_limit=5)
    found = sender_of(ANA, ANA)
    assert found is not None
    assert found.limit == 5


def test_recipients_are_counted_up_to_the_limit_and_not_past_it(ana: Mailbox) -> None:
    assert sent_today(ana.pk) == 0
    assert [count(ana.pk, number, 10) for number in (11, 4, 6, 1)] == [False, True, True, False]
    assert sent_today(ana.pk) == 10
    found = sender_of(ANA, ANA)
    assert found is not None
    assert found.sent == 10
    assert count(ana.pk, 1000, None)
    assert sent_today(ana.pk) == 1010


def test_a_new_day_begins_at_nothing(ana: Mailbox) -> None:
    assert count(ana.pk, 10, 10)
    age("mailboxes_sent", day="1 day")
    assert sent_today(ana.pk) == 0
    found = sender_of(ANA, ANA)
    assert found is not None
    assert found.sent == 0
    assert count(ana.pk, 9, 10)
    assert sent_today(ana.pk) == 9
    assert Sent.objects.count() == 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue", "America/Argentina/Buenos_Aires"])
def test_the_day_is_the_domains(ana: Mailbox, zone: str) -> None:
    Domain.objects.update(time_zone=zone)
    count(ana.pk, 1, 10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (statement_timestamp() AT TIME ZONE %s)::date", [zone])
        assert Sent.objects.get().day == cursor.fetchone()[0]
    assert sent_today(ana.pk) == 1


def test_a_deleted_mailbox_takes_its_count_along(ana: Mailbox) -> None:
    count(ana.pk, 1, 10)
    ana.delete()
    assert not Sent.objects.exists()
    assert not sending.count(ana.pk, 1, 10)


@pytest.mark.django_db(transaction=True)
def test_no_two_hosts_spend_the_same_rest(ana: Mailbox) -> None:
    def spend(_: int) -> bool:
        try:
            return count(ana.pk, 3, 30)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        went = list(pool.map(spend, range(24)))
    assert went.count(True) == 10
    assert sent_today(ana.pk) == 30


@pytest.mark.parametrize("sender", ["luis@", "@", "ana", "luis@example.org@", "<>", " ", "\0@"])
def test_what_is_no_address_is_nobodys_sender(ana: Mailbox, sender: str) -> None:
    assert not owns(ANA, sender)
