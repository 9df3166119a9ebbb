"""What domains hold together, and whose mailboxes hold most, without walking more than is asked for."""

import pytest
from django.db import connection

from controlpanel.mailboxes import totals
from controlpanel.mailboxes.models import Domain, Mailbox, State, Usage
from controlpanel.mailboxes.totals import Totals, by_space
from tests.store.factories import make_domain, make_mailbox, put
from tests.store.many_rows import fill
from tests.store.test_plans import walked

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain() -> Domain:
    put(make_mailbox("ana@example.org", quota=100), b"12345678\r\n", b"1\r\n")
    put(make_mailbox("luis@example.org"), b"12345\r\n")
    put(make_mailbox("gone@example.org", quota=50), b"1234567890\r\n")
    Mailbox.objects.filter(address_text="gone@example.org").update(state=State.DELETED)
    return Domain.objects.get(name="example.org")


SUMS = Totals(mailboxes=2, allotted=100, unlimited=1, messages=3, octets=20)


def test_each_domain_has_its_sums(domain: Domain) -> None:
    empty = make_domain("empty.example")
    assert totals.totals([domain, empty]) == {domain.pk: SUMS, empty.pk: Totals()}
    assert totals.totals([]) == {}


def test_what_a_large_domain_uses_is_added_up_once_a_minute(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "SUMMED", 1)
    assert totals.totals([domain])[domain.pk] == SUMS
    put(Mailbox.objects.get(address_text="luis@example.org"), b"more\r\n")
    make_mailbox("eva@example.org", quota=7)
    later = totals.totals([domain])[domain.pk]
    assert (later.mailboxes, later.allotted) == (3, 107)
    assert (later.messages, later.octets) == (3, 20)


@pytest.mark.parametrize("of_domain", [False, True])
def test_mailboxes_by_what_they_hold(domain: Domain, of_domain: bool) -> None:
    mailboxes = Mailbox.objects.filter(domain=domain) if of_domain else Mailbox.objects.all()
    names = {box.pk: box.address_text for box in Mailbox.objects.all()}
    assert [names[key] for key in by_space(mailboxes, falling=True)] == ["ana@example.org", "luis@example.org"]
    assert [names[key] for key in by_space(mailboxes, falling=False)] == ["luis@example.org", "ana@example.org"]


def test_counting_and_sorting_walk_no_mailboxes() -> None:
    fill(mailboxes=6000, domains=60, with_mail=1, messages=1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1")
    [domain, *_] = Domain.objects.filter(name__startswith="d1.")
    present = Mailbox.objects.filter(domain=domain).exclude(state=State.DELETED)
    assert walked(_said(present.values("quota"))) == set()
    assert walked(_said(by_space(Mailbox.objects.all(), falling=True)[:50])) <= {"mailboxes_usage"}
    assert Usage.objects.count() > 6000


def _said(query: object) -> tuple[str, dict[str, object]]:
    text, values = query.query.sql_with_params()  # type: ignore[attr-defined]
    return text, values
