from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Access, Address, DevicePassword, Domain, Mailbox, Usage
from controlpanel.mailstore.models import Message
from tests.store.changing import acting, told
from tests.store.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db


def test_only_what_is_deleted_is_dropped() -> None:
    box = make_mailbox("ana@example.org")
    assert not changes.drop_mailbox(box.pk)
    assert not changes.drop_mailbox(box.pk + 999)
    changes.delete_mailbox(box, actor=SHELL)
    assert changes.drop_mailbox(box.pk)
    row = told("drop_mailbox")
    assert (row.mailbox_id, row.subject) == (box.pk, "ana@example.org")
    assert not User.objects.exists()
    assert not Usage.objects.exists()
    assert not Address.objects.exists()
    changes.create_mailbox(box.domain, "ana", actor=SHELL)


def test_what_hangs_on_it_goes_with_it_and_no_more() -> None:
    box, luis = make_mailbox("ana@example.org"), make_mailbox("luis@example.org")
    make_alias("only@example.org", box)
    make_alias("both@example.org", box, luis)
    make_alias("outside@example.org", box, "x@elsewhere.example")
    make_alias("other@example.org", luis)
    Access.objects.create(user=luis.user, mailbox=box)
    changes.create_device_password(box, "Laptop", actor=acting(box.user))
    changes.create_device_password(box, "Luis's", actor=acting(luis.user))
    changes.delete_mailbox(box, actor=SHELL)
    assert changes.drop_mailbox(box.pk)
    assert set(Address.objects.values_list("local", flat=True)) == {"luis", "both", "outside", "other"}
    assert not DevicePassword.objects.exists()
    assert list(User.objects.all()) == [luis.user]


def test_who_has_other_rights_stays() -> None:
    box = make_mailbox("boss@example.org")
    make_domain("other.example").administrators.add(box.user)
    changes.delete_mailbox(box, actor=SHELL)
    assert changes.drop_mailbox(box.pk)
    assert User.objects.filter(address="boss@example.org").exists()


def test_where_mail_is_left_nothing_is_dropped() -> None:
    box = make_mailbox("ana@example.org")
    Message.objects.create(mailbox=box, body=1, octets=5, uidl="a", added=1, received=timezone.now())
    changes.delete_mailbox(box, actor=SHELL)
    changes.drop_mailbox(box.pk)
    with pytest.raises(IntegrityError):  # as the commit does
        connection.check_constraints()


def test_a_domain_goes_after_its_mailboxes_and_its_days_of_grace() -> None:
    box = make_mailbox("ana@example.org")
    make_alias("ventas@example.org", "x@elsewhere.example")
    stays = make_domain("other.example")
    changes.delete_domain(box.domain, actor=SHELL)
    Domain.objects.filter(pk=box.domain_id).update(state_since=timezone.now() - timedelta(days=31))
    assert changes.drop_domains() == 0
    assert changes.drop_mailbox(box.pk)
    assert changes.drop_domains() == 1
    assert told("drop_domain").subject == "example.org"
    assert list(Domain.objects.all()) == [stays]
    assert not Mailbox.objects.exists()
    assert changes.create_domain("example.org", actor=SHELL).pk != box.domain_id


def test_a_domain_deleted_lately_stays() -> None:
    domain = make_domain()
    changes.delete_domain(domain, actor=SHELL)
    assert changes.drop_domains() == 0
