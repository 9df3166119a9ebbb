"""The page sees the client connect: sessions and refusals as the mail service writes them."""

import re
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone

import pop3service.backend
from controlpanel.clientsetup import presence, seen_words
from controlpanel.clientsetup.presence import Watch, look, open_watch, read_token
from controlpanel.journal.models import Attempt
from controlpanel.journal.record import RefusedSignIn, attempts
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from controlpanel.mailboxes.sign_in import Refusal
from tests.store.factories import age, make_mailbox, open_session, put, quit_session

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def box() -> Mailbox:
    return make_mailbox("ana@example.org")


def device(box: Mailbox, name: str = "Thunderbird", **fields: Any) -> DevicePassword:
    return DevicePassword.objects.create(mailbox=box, name=name, stored_key=b"s" * 32, server_key=b"k" * 32, **fields)


def refused(box: Mailbox, outcome: str, tls: str = "TLSv1.3", protocol: str = "pop3") -> None:
    attempts([RefusedSignIn(box.pk, protocol, "203.0.113.7", outcome, "USER", tls)])


def outcomes() -> set[str]:
    """Every word by which the mail service records a refused sign-in."""
    doors = Path(pop3service.backend.__path__[0]).glob("*.py")
    named = [re.findall(r"\brefuse\([^()]*\"(\w+)\"", door.read_text()) for door in doors]
    return {*(str(each) for each in Refusal), *chain.from_iterable(named)}


def kind(box: Mailbox, watch: Watch) -> str:
    return look(box, watch).kind


def test_nobody_yet_then_a_minute_then_a_quarter_of_an_hour(box: Mailbox) -> None:
    watch = open_watch()
    assert kind(box, watch) == presence.WAITING
    assert kind(box, Watch(watch.since - timedelta(seconds=61))) == presence.QUIET
    tired = look(box, Watch(watch.since - timedelta(minutes=16)))
    assert (tired.kind, tired.final) == (presence.TIRED, True)


def test_a_session_that_is_open_counts_at_once(box: Mailbox) -> None:
    mine = device(box)
    watch = open_watch(mine.pk)
    open_session(box, device_id=mine.pk, device=mine.name)
    seen = look(box, watch)
    assert (seen.kind, seen.device, seen.address, seen.tls) == (
        presence.CONNECTED,
        "Thunderbird",
        "203.0.113.7",
        "TLSv1.3",
    )
    assert seen.final


def test_a_session_that_has_ended_counts_with_what_it_fetched(box: Mailbox) -> None:
    put(box)
    watch = open_watch()
    quit_session(box, open_session(box), fetched=[1])
    assert (kind(box, watch), look(box, watch).fetched) == (presence.CONNECTED, 1)


def test_an_idle_visit_folded_into_the_hour_counts_again_and_again(box: Mailbox) -> None:
    quit_session(box, open_session(box))
    watch = open_watch()
    assert kind(box, watch) == presence.WAITING
    quit_session(box, open_session(box))
    assert kind(box, watch) == presence.CONNECTED


def test_a_visit_without_tls_is_no_success(box: Mailbox) -> None:
    watch = open_watch()
    quit_session(box, open_session(box, tls=""), tls="")
    assert seen_words.words(kind(box, watch))[0] == seen_words.ATTENTION


def test_a_client_that_empties_the_mailbox_is_told_on(box: Mailbox) -> None:
    ids = put(box)
    watch = open_watch()
    quit_session(box, open_session(box), ids)
    quit_session(box, open_session(box))
    seen = look(box, watch)
    assert (seen.kind, seen.removed) == (presence.REMOVED, 1)


def test_what_was_before_the_page_does_not_count(box: Mailbox) -> None:
    quit_session(box, open_session(box))
    refused(box, "wrong")
    assert kind(box, open_watch()) == presence.WAITING


def test_a_telephone_that_has_polled_for_months_is_not_taken_for_the_new_program(box: Mailbox) -> None:
    old, lent = device(box, "Phone"), device(box, "Check", lent=True)
    age("mailboxes_devicepassword", created="60 days")
    new = device(box)
    for made in (None, new.pk):
        watch = open_watch(made)
        for other in (old, lent):
            quit_session(box, open_session(box, device_id=other.pk, device="x"), device_id=other.pk, device="x")
        assert kind(box, watch) == presence.WAITING
        quit_session(box, open_session(box, device_id=new.pk, device="y"), device_id=new.pk, device="y")
        assert kind(box, watch) == presence.CONNECTED


def test_the_outcomes_are_read_from_the_service() -> None:
    assert {"wrong", "throttled", "login_delay", "in_use", "too_many_sessions", "token_refused"} <= outcomes()


@pytest.mark.parametrize("outcome", sorted(outcomes()))
def test_every_refusal_of_the_service_has_words_and_a_next_step(box: Mailbox, outcome: str) -> None:
    watch = open_watch()
    refused(box, outcome)
    seen = look(box, watch)
    assert (seen.kind, seen.address, seen.final) == (outcome, "203.0.113.7", False)
    assert seen_words.words(outcome) is not seen_words.UNKNOWN


def test_a_refusal_not_known_here_still_says_something(box: Mailbox) -> None:
    assert seen_words.words("struck_by_lightning") is seen_words.UNKNOWN


def test_a_password_of_the_other_purpose_is_called_by_its_own(box: Mailbox) -> None:
    watch = open_watch()
    told = []
    for protocol in ("pop3", "smtp"):
        refused(box, "device_password_purpose", protocol=protocol)
        seen = look(box, watch)
        told.append((seen.sending, str(seen_words.words(seen.kind, sending=seen.sending)[1])))
    assert told == [
        (False, "That device password is for sending only"),
        (True, "That device password is for fetching only"),
    ]


def test_the_newest_refusal_is_shown_and_a_connection_ends_it(box: Mailbox) -> None:
    watch = open_watch()
    refused(box, "tls_needed", tls="")
    first = look(box, watch)
    refused(box, "wrong")
    second = look(box, watch)
    assert (first.kind, second.kind) == ("tls_needed", "wrong")
    assert first.key != second.key
    open_session(box)
    assert kind(box, watch) == presence.CONNECTED


def test_the_same_refusal_again_is_something_new_to_show(box: Mailbox) -> None:
    watch = open_watch()
    refused(box, "wrong")
    before = look(box, watch).key
    Attempt.objects.update(last=timezone.now() + timedelta(seconds=2))
    assert look(box, watch).key != before


def test_a_token_is_the_pages_own(box: Mailbox) -> None:
    other = make_mailbox("eva@example.org")
    watch = open_watch(17)
    token = watch.token(box)
    assert read_token(box, token) == Watch(watch.since, 17)
    assert read_token(other, token) is None
    assert read_token(box, token[:-1] + ("B" if token.endswith("A") else "A")) is None
    assert read_token(box, signing.dumps("another", salt="casilla.setup.seen")) is None
    assert read_token(box, "") is None
