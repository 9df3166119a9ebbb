"""What the tests of changes share: who acts, what is refused, what the journal says."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import NotAllowed

STRONG = "tres tristes tigres"
HOME = "203.0.113.7"


def operator(address: str = "operator@elsewhere.example") -> Actor:
    return Actor(User.objects.create_user(address, is_operator=True), HOME)


def administrator(*domains: Domain, address: str = "admin@elsewhere.example") -> Actor:
    user = User.objects.create_user(address)
    for domain in domains:
        domain.administrators.add(user)
    return Actor(user, HOME)


def acting(user: User) -> Actor:
    return Actor(user, HOME)


@contextmanager
def refused(field: str, sentence: str) -> Iterator[None]:
    """The change inside is refused beside `field`, and leaves no row in the journal."""
    before = Activity.objects.count()
    with pytest.raises(changes.ChangeRefused) as error:
        yield
    assert error.value.field == field
    assert sentence in str(error.value).replace("\u00a0", " ")
    assert Activity.objects.count() == before


@contextmanager
def not_allowed() -> Iterator[None]:
    """The change inside is not the actor's to make, and leaves no row in the journal."""
    before = Activity.objects.count()
    with pytest.raises(NotAllowed):
        yield
    assert Activity.objects.count() == before


def told(act: str) -> Activity:
    """The journal's last row, which is of this act."""
    row = Activity.objects.order_by("-pk").first()
    assert row is not None
    assert row.act == act
    return row
