"""Whose mail sessions end with a change."""

import itertools
import uuid

import pytest
from django.utils import timezone

from controlpanel.accounts.actor import SHELL
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.models import Session
from tests.store.changing import STRONG, acting
from tests.store.factories import make_mailbox

pytestmark = pytest.mark.django_db

numbers = itertools.count(1)


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org")


def connected(box: Mailbox, device: int | None = None) -> Session:
    return Session.objects.create(
        pk=next(numbers),
        process=uuid.uuid4(),
        mailbox_id=box.pk,
        device_id=device,
        mechanism="PLAIN",
        started=timezone.now(),
        change=0,
    )


def ending() -> set[int]:
    return set(Session.objects.filter(end_asked=True).values_list("pk", flat=True))


def test_a_suspended_mailbox_and_no_other_is_signed_out(ana: Mailbox) -> None:
    hers = {connected(ana).pk, connected(ana, 7).pk}
    connected(make_mailbox("luis@example.org"))
    changes.suspend_mailbox(ana, actor=SHELL)
    assert ending() == hers


def test_a_closed_domain_is_signed_out_whole(ana: Mailbox) -> None:
    here = {connected(ana).pk, connected(make_mailbox("luis@example.org")).pk}
    connected(make_mailbox("eva@other.example"))
    changes.close_domain(ana.domain, actor=SHELL)
    assert ending() == here


def test_a_new_password_ends_what_the_old_one_opened(ana: Mailbox) -> None:
    main = connected(ana)
    connected(ana, 7)
    changes.set_password(ana.user, STRONG, actor=SHELL)
    assert ending() == {main.pk}


def test_a_revoked_device_is_signed_out_alone(ana: Mailbox) -> None:
    device, _ = changes.create_device_password(ana, "Laptop", actor=acting(ana.user))
    connected(ana)
    its = connected(ana, device.pk)
    changes.revoke_device_password(device, actor=SHELL)
    assert ending() == {its.pk}


def test_what_is_refused_ends_nothing(ana: Mailbox) -> None:
    connected(ana)
    with pytest.raises(changes.ChangeRefused):
        changes.suspend_mailbox(ana, actor=SHELL, reason="x" * 201)
    changes.reopen_mailbox(ana, actor=SHELL)
    assert ending() == set()
