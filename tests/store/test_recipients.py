"""From the address of a recipient to the mailboxes that take the message."""

import pytest

from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailboxes.models import OverQuota as Answer
from controlpanel.mailboxes.recipients import Accepted, Closed, OverQuota, Recipient, Target, Unknown, find_recipients
from tests.store.factories import age, make_alias, make_domain, make_mailbox, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Mailbox:
    return make_mailbox("ana@casa.example")


def find(*addresses: str, octets: int = 0) -> list[Target]:
    return find_recipients([Recipient(address, octets) for address in addresses])


def takes(*boxes: Mailbox) -> Accepted:
    return Accepted(tuple(box.pk for box in boxes))


def test_an_address_in_any_case(ana: Mailbox) -> None:
    assert find("ana@casa.example", "ANA@Casa.EXAMPLE", "ana@casa.example.") == [takes(ana)] * 3


def test_a_batch_keeps_its_order(ana: Mailbox) -> None:
    bob = make_mailbox("bob@casa.example")
    assert find("bob@casa.example", "eva@casa.example", "ana@casa.example", "bob@casa.example") == [
        takes(bob),
        Unknown(),
        takes(ana),
        takes(bob),
    ]


@pytest.mark.parametrize(
    "address",
    [
        "eva@casa.example",
        "ana@else.example",
        "ana",
        "@casa.example",
        "ana@",
        "",
        "a b@casa.example",
        "a\0@casa.example",
        "ana@[::1]",
    ],
)
def test_what_is_not_here_is_unknown(ana: Mailbox, address: str) -> None:
    assert find(address) == [Unknown()]


def test_addresses_beyond_ascii() -> None:
    box = make_mailbox("jos\u00e9@xn--espaa-rta.example")
    assert find("jose\u0301@espa\u00f1a.example", "JOS\u00c9@xn--espaa-rta.example") == [takes(box)] * 2


class TestSubAddress:
    def test_is_the_mailbox(self, ana: Mailbox) -> None:
        assert find("ana+shop@casa.example", "ana+a+b@casa.example") == [takes(ana)] * 2

    def test_is_itself_where_it_is_an_address(self, ana: Mailbox) -> None:
        own = make_mailbox("ana+shop@casa.example")
        assert find("ana+shop@casa.example", "ana+else@casa.example") == [takes(own), takes(ana)]

    def test_without_a_name_falls_to_the_catch_all(self, ana: Mailbox) -> None:
        make_alias("@casa.example", ana)
        assert find("+shop@casa.example") == [takes(ana)]


class TestAlias:
    def test_is_one_recipient_with_many_targets(self, ana: Mailbox) -> None:
        bob = make_mailbox("bob@else.example")
        make_alias("all@casa.example", ana, bob, "eva@outside.example")
        assert find("all+x@casa.example") == [Accepted((ana.pk, bob.pk), ("eva@outside.example",))]

    def test_one_target_that_takes_it_is_enough(self, ana: Mailbox) -> None:
        closed = make_mailbox(state=State.CLOSED)
        full = make_mailbox(quota=5)
        put(full, b"abc\r\n")
        make_alias("all@casa.example", closed, ana, full)
        assert find("all@casa.example") == [Accepted((ana.pk,), (), (closed.pk,), (full.pk,))]
        assert Mailbox.objects.get(id=full.pk).full_since is not None

    def test_none_that_takes_it(self) -> None:
        closed = make_mailbox(state=State.CLOSED)
        full = make_mailbox(quota=5)
        put(full, b"abc\r\n")
        make_alias("closed@casa.example", closed)
        make_alias("both@casa.example", closed, full)
        assert find("closed@casa.example", "both@casa.example") == [
            Closed((closed.pk,)),
            OverQuota("defer", (full.pk,)),
        ]

    def test_of_a_closed_domain_leads_nowhere(self, ana: Mailbox) -> None:
        make_alias("out@closed.example", ana, "eva@outside.example")
        Domain.objects.filter(name="closed.example").update(state=State.CLOSED)
        assert find("out@closed.example") == [Closed((ana.pk,))]


class TestCatchAll:
    def test_takes_what_nobody_else_takes(self, ana: Mailbox) -> None:
        make_alias("@casa.example", ana)
        bob = make_mailbox("bob@casa.example")
        assert find("any@casa.example", "bob@casa.example", "any@else.example") == [takes(ana), takes(bob), Unknown()]

    def test_does_not_take_what_a_closed_mailbox_refuses(self, ana: Mailbox) -> None:
        make_alias("@casa.example", ana)
        closed = make_mailbox("bob@casa.example", state=State.CLOSED)
        assert find("bob@casa.example") == [Closed((closed.pk,))]


class TestStates:
    @pytest.mark.parametrize(
        ("state", "expected"),
        [(State.ACTIVE, Accepted), (State.SUSPENDED, Accepted), (State.CLOSED, Closed), (State.DELETED, Closed)],
    )
    @pytest.mark.parametrize("of_domain", [False, True])
    def test_of_mailbox_and_domain(self, state: State, expected: type, of_domain: bool) -> None:
        box = make_mailbox("ana@casa.example")
        holder = box.domain if of_domain else box
        holder.state = state
        holder.save()
        assert isinstance(find("ana@casa.example")[0], expected)

    def test_a_domain_without_addresses(self) -> None:
        make_domain("bare.example")
        assert find("ana@bare.example") == [Unknown()]


class TestRoom:
    def test_a_full_mailbox_and_a_declared_size(self) -> None:
        box = make_mailbox("ana@casa.example", quota=10)
        put(box, b"123456\r\n")
        assert find("ana@casa.example", octets=2) == [takes(box)]
        assert find("ana@casa.example", octets=3) == [OverQuota("defer", (box.pk,))]
        put(box, b"\r\n")
        assert find("ana@casa.example") == [OverQuota("defer", (box.pk,))]

    def test_what_never_fits_is_refused(self) -> None:
        box = make_mailbox("ana@casa.example", quota=10)
        assert find("ana@casa.example", octets=11) == [OverQuota("refuse", (box.pk,))]
        assert Mailbox.objects.get(id=box.pk).full_since is None

    def test_a_day_after_the_first_refusal(self) -> None:
        box = make_mailbox("ana@casa.example", quota=3)
        put(box, b"1\r\n")
        find("ana@casa.example")
        age("mailboxes_mailbox", full_since="25 hours")
        assert find("ana@casa.example") == [OverQuota("refuse", (box.pk,))]
        box.domain.over_quota = Answer.DEFER
        box.domain.save()
        assert find("ana@casa.example") == [OverQuota("defer", (box.pk,))]


def test_of_nothing_is_nothing() -> None:
    assert find() == []
