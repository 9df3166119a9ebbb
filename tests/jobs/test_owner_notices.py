"""An owner reads in the mailbox what was done to it."""

import email
from email.policy import default

import pytest

from controlpanel.accounts.models import User
from controlpanel.jobs.owner_notices import tell_owners
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Mailbox, OwnerNotice
from controlpanel.mailstore.models import Message, MessageChunk
from tests.store.changing import administrator
from tests.store.factories import counters, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org", quota=1)


def grant(box: Mailbox) -> None:
    make_mailbox("luis@example.org")
    changes.grant_access(box, "luis@example.org", actor=administrator(box.domain))


def test_an_owner_is_told_who_opens_their_mailbox(ana: Mailbox) -> None:
    grant(ana)
    User.objects.filter(pk=ana.user_id).update(language="es")
    list(tell_owners())
    list(tell_owners())
    message = Message.objects.get(mailbox=ana)
    parsed = email.message_from_bytes(MessageChunk.objects.get(body=message.body).octets, policy=default)
    assert "luis@example.org" in str(parsed["Subject"])
    text = parsed.get_content()
    assert "admin@elsewhere.example" in text
    assert f"/mail/{ana.pk}/" in text
    assert counters(ana)[0] == 1
    assert not OwnerNotice.objects.exists()


def test_taking_it_back_at_once_hides_nothing(ana: Mailbox) -> None:
    grant(ana)
    changes.revoke_access(ana.accesses.get(), actor=administrator(ana.domain, address="second@elsewhere.example"))
    list(tell_owners())
    assert counters(ana)[0] == 1


def test_a_deleted_mailbox_is_told_nothing(ana: Mailbox) -> None:
    grant(ana)
    Mailbox.objects.filter(pk=ana.pk).update(state="deleted")
    list(tell_owners())
    assert counters(ana)[0] == 0
    assert not OwnerNotice.objects.exists()


def test_a_notice_reaches_an_address_of_any_letters() -> None:
    box = make_mailbox("iñigo@xn--mnchen-3ya.example")
    grant_to = make_mailbox("ñandú@xn--mnchen-3ya.example")
    changes.grant_access(box, grant_to.address_text, actor=administrator(box.domain))
    list(tell_owners())
    assert counters(box)[0] == 1
