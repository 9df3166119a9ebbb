"""Warnings at the marks of a domain: once a crossing, in the owner's language, also into a full mailbox."""

import email
import email.policy

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.jobs.quota_notices import warn
from controlpanel.journal.models import RefusedMessage
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain, Mailbox, OverQuota, QuotaWarning, State
from controlpanel.mailstore import headers
from controlpanel.mailstore.delivery import OverQuota as Refused
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.models import Message, MessageChunk
from tests.store.factories import make_delivery, make_mailbox, put, remove

pytestmark = pytest.mark.django_db
QUOTA = 100_000


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org", quota=QUOTA)


def fill(box: Mailbox, octets: int) -> int:
    [number] = put(box, b"x" * octets, force=True)
    return number


def subjects(box: Mailbox) -> list[str]:
    """Of the warnings, the first first."""
    found = Message.objects.filter(mailbox=box, uidl__startswith="quota-").order_by("added")
    return [headers.decoded(subject) for subject in found.values_list("subject", flat=True)]


def look() -> None:
    list(warn())


def test_each_mark_is_told_once(ana: Mailbox) -> None:
    look()
    fill(ana, 79_999)
    look()
    assert subjects(ana) == []
    fill(ana, 1)
    look()
    look()
    assert subjects(ana) == ["Your mailbox is 80 % full"]
    fill(ana, 15_000)
    look()
    look()
    assert subjects(ana) == ["Your mailbox is 80 % full", "Your mailbox is 95 % full"]


def test_who_passes_both_marks_at_once_gets_one_message(ana: Mailbox) -> None:
    fill(ana, 99_000)
    look()
    assert subjects(ana) == ["Your mailbox is 95 % full"]


def test_below_the_mark_it_is_armed_again(ana: Mailbox) -> None:
    fill(ana, 80_000)
    more = fill(ana, 16_000)
    look()
    remove(ana, more)
    look()
    assert QuotaWarning.objects.get().mark == 80
    fill(ana, 16_000)
    look()
    assert len(subjects(ana)) == 2
    remove(ana, *Message.objects.filter(mailbox=ana, removed=None).values_list("pk", flat=True))
    look()
    assert not QuotaWarning.objects.exists()


def test_a_quota_that_shrinks_is_a_crossing(ana: Mailbox) -> None:
    fill(ana, 40_000)
    look()
    changes.change_mailbox(ana, actor=SHELL, quota=45_000)
    look()
    assert subjects(ana) == ["Your mailbox is 80 % full"]


def test_a_full_mailbox_gets_its_warning_and_stays_full(ana: Mailbox) -> None:
    fill(ana, QUOTA)
    assert isinstance(deliver([make_delivery(ana)])[0], Refused)
    before = RefusedMessage.objects.count()
    full_since = Mailbox.objects.get(pk=ana.pk).full_since
    look()
    assert subjects(ana) == ["Your mailbox is full"]
    assert RefusedMessage.objects.count() == before
    assert Mailbox.objects.get(pk=ana.pk).full_since == full_since


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (OverQuota.DEFER, "espera en los servidores"),
        (OverQuota.REFUSE, "vuelve a sus remitentes"),
        ("defer_a_day", "un día"),
    ],
)
def test_the_owner_reads_in_their_language_what_happens_when_it_is_full(ana: Mailbox, answer: str, words: str) -> None:
    User.objects.update(language="es")
    Domain.objects.update(over_quota=answer)
    fill(ana, 80_000)
    look()
    assert subjects(ana) == ["Su casilla está al 80 %"]
    message = Message.objects.get(mailbox=ana, uidl__startswith="quota-")
    text = b"".join(MessageChunk.objects.filter(body=message.body).values_list("octets", flat=True))
    assert words in email.message_from_bytes(text, policy=email.policy.SMTP).get_content()


def test_a_domain_without_a_language_of_its_owner_speaks_its_own(ana: Mailbox) -> None:
    Domain.objects.update(language="es")
    fill(ana, 80_000)
    look()
    assert subjects(ana) == ["Su casilla está al 80 %"]


@pytest.mark.parametrize("marks", [[], [99]])
def test_the_domain_chooses_its_marks(ana: Mailbox, marks: list[int]) -> None:
    changes.change_domain(ana.domain, actor=SHELL, warn_marks=marks)
    fill(ana, 96_000)
    look()
    assert subjects(ana) == []


@pytest.mark.parametrize("marks", [[0], [101], [95, 80], [80, 80], [1, 2, 3, 4, 5, 6]])
def test_marks_that_cannot_be(ana: Mailbox, marks: list[int]) -> None:
    with pytest.raises(changes.ChangeRefused) as refused:
        changes.change_domain(ana.domain, actor=SHELL, warn_marks=marks)
    assert refused.value.field == "warn_marks"


def test_nobody_is_told_of_what_has_no_limit_or_is_closed(ana: Mailbox) -> None:
    fill(ana, 96_000)
    fill(make_mailbox("free@example.org"), 96_000)
    Mailbox.objects.filter(pk=ana.pk).update(state=State.CLOSED)
    look()
    assert not QuotaWarning.objects.exists()


def test_a_mailbox_that_is_deleted_after_its_crossing_is_told_of_no_more(ana: Mailbox) -> None:
    fill(ana, 96_000)
    look()
    QuotaWarning.objects.update(owner_told=False)
    Mailbox.objects.filter(pk=ana.pk).update(state=State.DELETED)
    look()
    assert not QuotaWarning.objects.exists()
    assert len(subjects(ana)) == 1


def test_what_a_crash_left_untold_is_told(ana: Mailbox) -> None:
    fill(ana, 96_000)
    steps = warn()
    next(steps)
    steps.close()
    assert subjects(ana) == []
    look()
    QuotaWarning.objects.update(owner_told=False)
    look()
    assert len(subjects(ana)) == 1


def test_a_larger_quota_ends_the_day_after_which_it_refuses(ana: Mailbox) -> None:
    fill(ana, QUOTA)
    deliver([make_delivery(ana)])
    changes.change_mailbox(ana, actor=SHELL, quota=QUOTA - 1)
    assert Mailbox.objects.get(pk=ana.pk).full_since is not None
    changes.change_mailbox(ana, actor=SHELL, quota=QUOTA + 1)
    assert Mailbox.objects.get(pk=ana.pk).full_since is None
