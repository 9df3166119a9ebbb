"""What the panel sends elsewhere: invitations, a second address to confirm, a link for a forgotten password."""

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import signing

from controlpanel import relay
from controlpanel.accounts.models import User
from controlpanel.jobs import letters
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Letter, Mailbox
from tests.relay.sink import Sink, listening
from tests.store.changing import HOME, STRONG, acting, administrator, not_allowed, refused, told
from tests.store.factories import make_alias, make_domain, make_mailbox

pytestmark = pytest.mark.django_db

SECOND = "ana.perez@elsewhere.example"
OTHER = "un caballo correcto"


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "panel@mail.example"
        yield sink


@pytest.fixture
def ana() -> Mailbox:
    box = make_mailbox("ana@example.org")
    box.user.set_password(STRONG)
    box.user.save()
    return box


def sent(sink: Sink) -> list[tuple[str, EmailMessage]]:
    list(letters.send_due())
    found = [(taken.recipient, email.message_from_bytes(taken.octets, policy=default)) for taken in sink.taken]
    sink.taken.clear()
    return found


def token_in(message: EmailMessage) -> str:
    [token] = re.findall(r"/(?:invitation|confirm)/([^/\s]+)/", message.get_content())
    return str(token)


def with_second(ana: Mailbox) -> User:
    User.objects.filter(pk=ana.user_id).update(second_address=SECOND)
    ana.user.refresh_from_db()
    return ana.user


def test_an_invitation_goes_to_another_address(ana: Mailbox, sink: Sink) -> None:
    admin = administrator(ana.domain)
    assert changes.send_invitation(ana.user, " Ana.Perez@Elsewhere.example", actor=admin) == (
        "Ana.Perez@elsewhere.example"
    )
    told("invite")
    [(recipient, message)] = sent(sink)
    assert recipient == "Ana.Perez@elsewhere.example"
    assert changes.accept_invitation(token_in(message), OTHER, address=HOME) == ana.user
    assert sent(sink) == []


@pytest.mark.parametrize("address", ["ana@example.org", "ANA+x@example.org", "info@example.org"])
def test_nothing_goes_into_the_mailbox_that_it_opens(ana: Mailbox, sink: Sink, address: str) -> None:
    make_alias("info@example.org", ana)
    with refused("address", "leads into the mailbox itself"):
        changes.send_invitation(ana.user, address, actor=administrator(ana.domain))
    with refused("address", "leads into the mailbox itself"):
        changes.ask_second_address(ana.user, address, actor=acting(ana.user))


def test_without_a_relay_nothing_is_promised(ana: Mailbox, settings: Any) -> None:
    settings.RELAY_URL = ""
    assert not changes.can_send()
    with refused("address", "sends no mail out"):
        changes.send_invitation(ana.user, SECOND, actor=administrator(ana.domain))
    Letter.objects.create(about="invitation", user=ana.user, address=SECOND)
    list(letters.send_due())
    assert not Letter.objects.exists()


def test_a_second_address_is_confirmed_by_who_reads_it_and_is_signed_in(ana: Mailbox, sink: Sink) -> None:
    luis = make_mailbox("luis@example.org").user
    changes.ask_second_address(ana.user, SECOND, actor=acting(ana.user))
    [(recipient, message)] = sent(sink)
    assert recipient == SECOND
    token = token_in(message)
    ana.user.refresh_from_db()
    assert ana.user.second_address == ""
    with refused("", "for somebody else"):
        changes.confirm_second_address(token, luis, actor=acting(luis))
    with not_allowed():
        changes.confirm_second_address(token, ana.user, actor=acting(luis))
    assert changes.confirm_second_address(token, ana.user, actor=acting(ana.user)).second_address == SECOND
    told("confirm_second_address")
    assert changes.remove_second_address(ana.user, actor=acting(ana.user)).second_address == ""
    told("remove_second_address")


def test_a_forgotten_password_is_chosen_anew_by_a_link_of_an_hour(ana: Mailbox, sink: Sink, monkeypatch: Any) -> None:
    Authenticator.objects.create(user=with_second(ana), type="totp", data={})
    changes.forgot_password("ANA@example.org", client=HOME)
    [(recipient, message)] = sent(sink)
    assert recipient == SECOND
    row = told("forgot_password")
    assert (row.mailbox_id, row.address, row.actor) == (ana.pk, HOME, "")
    token = token_in(message)
    with monkeypatch.context() as patch:
        now = signing.time.time()
        patch.setattr(signing.time, "time", lambda: now + 3602)
        assert changes.invited(token) is None
    assert changes.accept_invitation(token, OTHER, address=HOME).check_password(OTHER)
    assert changes.invited(token) is None
    assert Authenticator.objects.exists()


def test_the_link_ends_with_the_second_address(ana: Mailbox, sink: Sink) -> None:
    with_second(ana)
    changes.forgot_password("ana@example.org", client=HOME)
    [(_recipient, message)] = sent(sink)
    changes.remove_second_address(ana.user, actor=acting(ana.user))
    assert changes.invited(token_in(message)) is None


@pytest.mark.parametrize("address", ["nobody@example.org", "luis@example.org", "no address", "\0", ""])
def test_who_asks_learns_nothing(ana: Mailbox, sink: Sink, address: str) -> None:
    make_mailbox("luis@example.org")
    changes.forgot_password(address, client=HOME)
    assert sent(sink) == []
    assert not Letter.objects.exists()
    assert not Activity.objects.exists()


def test_links_are_few(ana: Mailbox, sink: Sink) -> None:
    with_second(ana)
    for number in range(5):
        changes.forgot_password("ana@example.org", client=f"192.0.2.{number}")
    assert len(sent(sink)) == 3


def test_a_network_that_asks_for_many_waits(ana: Mailbox, sink: Sink) -> None:
    for number in range(20):
        try:
            changes.forgot_password(f"box{number}@example.org", client=HOME)
        except changes.ChangeRefused:
            break
    with refused("", "Try again in"):
        changes.forgot_password("ana@example.org", client=HOME)
    changes.forgot_password("ana@example.org", client="198.51.100.1")


def test_what_the_relay_does_not_take_is_tried_for_an_hour(ana: Mailbox, sink: Sink, monkeypatch: Any) -> None:
    replies = [relay.RelayFault("451 later"), relay.RelayFault("550 no", temporary=False)]
    monkeypatch.setattr(relay, "send", lambda *_message: (_ for _ in ()).throw(replies.pop(0)))
    changes.send_invitation(ana.user, SECOND, actor=administrator(ana.domain))
    list(letters.send_due())
    letter = Letter.objects.get()
    assert letter.sent is None
    assert letter.due > letter.created
    Letter.objects.update(due=letter.created)
    list(letters.send_due())
    assert not Letter.objects.exists()


def test_wider_rights_end_the_second_address(ana: Mailbox, sink: Sink) -> None:
    with_second(ana)
    changes.forgot_password("ana@example.org", client=HOME)
    [(_recipient, message)] = sent(sink)
    changes.appoint_administrator(make_domain("other.example"), "ana@example.org", actor=administrator_of_all())
    ana.user.refresh_from_db()
    assert ana.user.second_address == ""
    assert changes.invited(token_in(message)) is None


def administrator_of_all() -> Any:
    return acting(User.objects.create_user("operator@elsewhere.example", is_operator=True))


def test_an_address_that_no_header_takes_keeps_no_other_letter_back(ana: Mailbox, sink: Sink) -> None:
    hostile = "=?utf-8?q?a=0d=0aBcc:x?=@elsewhere.example"
    with refused("address", "=?"):
        changes.ask_second_address(ana.user, hostile, actor=acting(ana.user))
    Letter.objects.create(about=Letter.About.CONFIRM, user=ana.user, address=hostile)
    changes.ask_second_address(ana.user, SECOND, actor=acting(ana.user))
    assert [recipient for recipient, _message in sent(sink)] == [SECOND]
    assert not Letter.objects.filter(sent=None).exists()


@pytest.mark.parametrize("name", ["lesser.example", "other-name.example"])
def test_no_link_goes_where_somebody_with_lesser_rights_could_read_it(sink: Sink, name: str) -> None:
    """Who runs a domain could open any mailbox in it, and so become an operator who reads their mail there."""
    lesser = make_domain("lesser.example")
    make_domain("other-name.example", alias_of=lesser)
    make_mailbox("root@lesser.example")
    operator = User.objects.create_user("mesa@hosting.example", is_operator=True)
    second = f"root@{name}"
    User.objects.filter(pk=operator.pk).update(second_address=second)
    lesser.administrators.add(operator)
    changes.forgot_password(operator.address, client="192.0.2.1")
    assert [recipient for recipient, _message in sent(sink)] == [second]
    administrator(lesser)
    with refused("address", "could take the sign-in over"):
        changes.ask_second_address(operator, second, actor=acting(operator))
    changes.forgot_password(operator.address, client="192.0.2.2")
    assert not sent(sink)


def test_an_owner_may_name_an_address_that_others_run(ana: Mailbox, sink: Sink) -> None:
    lesser = make_mailbox("root@lesser.example").domain
    administrator(lesser)
    changes.ask_second_address(ana.user, "root@lesser.example", actor=acting(ana.user))
    assert [recipient for recipient, _message in sent(sink)] == ["root@lesser.example"]


@pytest.mark.parametrize("by", ["password", "invitation", "forgotten", "own"])
def test_a_second_address_ends_where_others_help_with_the_password(ana: Mailbox, sink: Sink, by: str) -> None:
    """Who had got in may have set it, and would come back by it."""
    user, admin = with_second(ana), administrator(ana.domain)
    if by == "password":
        changes.set_password(user, OTHER, actor=admin)
    elif by == "own":
        changes.set_password(user, OTHER, actor=acting(user))
    elif by == "invitation":
        changes.accept_invitation(changes.invite(user, actor=admin), OTHER, address=None)
    else:
        changes.forgot_password(user.address, client="192.0.2.1")
        [(_recipient, message)] = sent(sink)
        changes.accept_invitation(token_in(message), OTHER, address=None)
    user.refresh_from_db()
    assert user.check_password(OTHER)
    assert bool(user.second_address) == (by in ("forgotten", "own"))
