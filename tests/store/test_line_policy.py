"""Who still comes without TLS or with an old one: what the domain's page lists, and whom the notice reaches."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.utils import timezone

from controlpanel.jobs.line_notices import tell_owners
from controlpanel.journal import record
from controlpanel.journal.models import OLD_TLS
from controlpanel.mailboxes import line_policy
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailstore.models import Message, MessageChunk
from tests.store.factories import age, make_mailbox

SESSIONS = count(1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org")


def came(box: Mailbox, tls: str, peer: str = "192.0.2.7", mechanism: str = "PLAIN", device: str = "") -> None:
    """A session that ended just now."""
    own = 7 if device else None
    opened = (box.pk, next(SESSIONS), own, device, peer, tls, mechanism, timezone.now())
    record.finished([record.Finished(*opened, "quit", fetched=1)])


def allow(**days: int | None) -> None:
    today = datetime.now(UTC).date()
    Domain.objects.update(
        **{name: None if number is None else today + timedelta(days=number) for name, number in days.items()}
    )


def listed(box: Mailbox, *versions: str) -> list[tuple[str, str, str]]:
    return [(user.address, user.device, user.tls) for user in line_policy.users(box.domain_id, versions)]


def test_each_device_is_listed_once_for_each_version(ana: Mailbox) -> None:
    leo = make_mailbox("leo@example.org")
    for box, tls, device in [
        (leo, "TLSv1", ""),
        (ana, "", "Phone"),
        (ana, "", "Phone"),
        (ana, "", ""),
        (ana, "TLSv1.3", "Laptop"),
        (make_mailbox("ana@other.example"), "", ""),
    ]:
        came(box, tls, device=device)
    assert listed(ana, "", *OLD_TLS) == [
        ("ana@example.org", "", ""),
        ("ana@example.org", "Phone", ""),
        ("leo@example.org", "", "TLSv1"),
    ]
    assert listed(ana, *OLD_TLS) == [("leo@example.org", "", "TLSv1")]
    [first] = line_policy.users(ana.domain_id, [""], most=1)
    assert (first.mailbox, first.peer, first.language) == (ana.pk, "192.0.2.7", "en")
    age("journal_pastsession", started="31 days", ended="31 days")
    assert listed(ana, "", *OLD_TLS) == []


def test_what_needs_no_tls_is_not_listed(ana: Mailbox) -> None:
    came(ana, "", "127.0.0.1")
    came(ana, "", "::1")
    came(ana, "", mechanism="SCRAM-SHA-256")
    assert listed(ana, "") == []


def test_owners_are_told_before_the_day_what_to_do_once(ana: Mailbox) -> None:
    leo, eve = make_mailbox("leo@example.org"), make_mailbox("eve@example.org")
    Domain.objects.update(language="es")
    came(ana, "", device="Phone")
    came(ana, "")
    came(leo, "TLSv1")
    came(eve, "TLSv1.2")
    allow(plain_login_until=7, old_tls_until=7)
    list(tell_owners())
    list(tell_owners())
    told = {message.mailbox_id: message for message in Message.objects.all()}
    assert told.keys() == {ana.pk, leo.pk}
    texts = {body.body: bytes(body.octets).decode("utf-8", "replace") for body in MessageChunk.objects.all()}
    assert "192.0.2.7" in texts[told[ana.pk].body]
    assert "localhost" in texts[told[ana.pk].body]
    assert "TLSv1" in texts[told[leo.pk].body]
    assert told[ana.pk].subject != told[ana.pk].subject.replace("TLS", "")


@pytest.mark.parametrize("days", [None, 0, -1])
def test_nobody_is_told_of_what_holds_already(ana: Mailbox, days: int | None) -> None:
    came(ana, "")
    came(ana, "TLSv1.1")
    allow(plain_login_until=days, old_tls_until=days)
    list(tell_owners())
    assert not Message.objects.exists()


def test_the_names_of_allowing_domains_are_known_until_the_day(ana: Mailbox) -> None:
    allow(plain_login_until=1, old_tls_until=0)
    assert line_policy.allowed() == line_policy.Allowed(plain=frozenset({"example.org"}))
    allow(plain_login_until=None, old_tls_until=1)
    assert line_policy.allowed() == line_policy.Allowed(old_tls=frozenset({"example.org"}))
    Domain.objects.update(state="deleted")
    assert line_policy.allowed() == line_policy.Allowed()
