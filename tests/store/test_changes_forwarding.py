"""Choosing where a mailbox's mail goes on to: who may, what is refused, and who is told."""

from typing import Any

import pytest

from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes, circles
from controlpanel.mailboxes.models import Domain, Mailbox, OwnerNotice
from controlpanel.mailboxes.rules import NotAllowed
from tests.store.changing import refused
from tests.store.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def relay(settings: Any) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = "smtp://localhost", "casilla@example.org"


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@example.org")


def owner(box: Mailbox) -> Actor:
    return Actor(box.user)


def test_an_owner_forwards_and_ends_it(ana: Mailbox) -> None:
    box = changes.choose_forwarding(ana, ["Luz@Elsewhere.example ", ""], keep=False, actor=owner(ana))
    assert (box.forward_to, box.forward_keep) == (["Luz@elsewhere.example"], False)
    changes.choose_forwarding(ana, [], keep=False, actor=owner(ana))
    box = Mailbox.objects.get()
    assert (box.forward_to, box.forward_keep) == ([], True)
    acts = Activity.objects.order_by("pk").values_list("act", "details")
    assert list(acts) == [
        ("change_forwarding", {"targets": [[], ["Luz@elsewhere.example"]], "copy": False}),
        ("change_forwarding", {"targets": [["Luz@elsewhere.example"], []], "copy": True}),
    ]
    assert not OwnerNotice.objects.exists()


def test_who_is_forwarded_by_somebody_else_is_told(ana: Mailbox) -> None:
    changes.choose_forwarding(ana, ["luz@elsewhere.example"], keep=True, actor=SHELL)
    told = OwnerNotice.objects.get()
    assert (told.mailbox, told.about) == (ana, OwnerNotice.About.FORWARDING)


def test_another_owner_may_not(ana: Mailbox) -> None:
    with pytest.raises(NotAllowed):
        changes.choose_forwarding(ana, [], keep=True, actor=owner(make_mailbox("eva@example.org")))


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["nobody"], "name@domain"),
        (["ana@example.org"], "to itself"),
        (["Ana@EXAMPLE.org"], "to itself"),
        (["ana+x@example.org"], "in a circle"),
        (["info@example.org"], "in a circle"),
        (["eva@example.org"], "in a circle"),
        (["anything@example.org"], "in a circle"),
        (["ana@example.net"], "in a circle"),
        ([f"x{n}@elsewhere.example" for n in range(6)], "5 addresses"),
    ],
)
def test_what_is_refused(ana: Mailbox, targets: list[str], words: str) -> None:
    make_alias("info@example.org", ana)
    make_alias("@example.org", ana)
    make_domain("example.net", alias_of=ana.domain)
    make_mailbox("eva@example.org", forward_to=["x@elsewhere.example", "info@example.org"])
    with refused("targets", words):
        changes.choose_forwarding(ana, targets, keep=True, actor=owner(ana))


def test_an_alias_whose_mailbox_sends_mail_to_it_is_refused(ana: Mailbox) -> None:
    changes.choose_forwarding(ana, ["info@example.org"], keep=True, actor=owner(ana))
    with refused("targets", "in a circle"):
        changes.create_alias(ana.domain, "info", ["ana@example.org"], actor=SHELL)


def test_a_way_that_does_not_end_counts_as_a_circle(ana: Mailbox) -> None:
    for n in range(25):
        make_mailbox(f"x{n}@example.org", forward_to=[f"x{n + 1}@example.org"])
    assert circles.leads_to(["x0@example.org"], "ana@example.org")
    assert not circles.leads_to(["x20@example.org"], "ana@example.org")


def test_without_a_relay_nothing_is_forwarded_and_what_was_can_be_ended(ana: Mailbox, settings: Any) -> None:
    changes.choose_forwarding(ana, ["luz@elsewhere.example"], keep=True, actor=owner(ana))
    settings.RELAY_URL = ""
    with refused("targets", "RELAY_URL is not set"):
        changes.choose_forwarding(ana, ["sol@elsewhere.example"], keep=True, actor=owner(ana))
    assert changes.choose_forwarding(ana, [], keep=True, actor=owner(ana)).forward_to == []


def test_a_domain_may_forbid(ana: Mailbox) -> None:
    Domain.objects.update(forwarding=False)
    with refused("targets", "not forwarded"):
        changes.choose_forwarding(ana, ["luz@elsewhere.example"], keep=True, actor=owner(ana))
