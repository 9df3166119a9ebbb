"""`check_store` finds what does not fit, and mends it."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import translation

from controlpanel.mailboxes.models import Mailbox, Usage
from controlpanel.mailstore import retention
from controlpanel.mailstore.checking import Fault, Kind, check
from controlpanel.mailstore.delivery import new_bodies
from controlpanel.mailstore.models import CHUNK_OCTETS, Message, MessageChunk
from tests.store.factories import counters, listed, make_mailbox, open_session, put, remove

pytestmark = pytest.mark.django_db


@pytest.fixture
def box() -> Mailbox:
    box = make_mailbox()
    first, second, *_ = put(box, b"1\r\n", b"22\r\n", b"333\r\n", b"x" * (CHUNK_OCTETS + 5))
    remove(box, first, second)
    retention.restore(box.pk, [first])
    retention.delete_for_good(box.pk, [second])
    new_bodies(1)
    return box


def found_and_mended() -> list[Fault]:
    faults = list(check())
    assert list(check(repair=True)) == faults
    assert list(check()) == []
    return faults


def test_a_sound_store(box: Mailbox) -> None:
    assert found_and_mended() == []


@pytest.mark.parametrize("counter", ["messages", "octets", "removed_messages", "removed_octets"])
def test_a_counter(box: Mailbox, counter: str) -> None:
    usage = Usage.objects.get(mailbox=box)
    right = getattr(usage, counter)
    Usage.objects.filter(mailbox=box).update(**{counter: right + 1})
    assert found_and_mended() == [Fault(Kind.COUNTERS, box.pk, right + 1, right)]
    assert getattr(Usage.objects.get(mailbox=box), counter) == right


def test_a_change_number_that_fell_back(box: Mailbox) -> None:
    change = Usage.objects.get(mailbox=box).change
    Usage.objects.filter(mailbox=box).update(change=1)
    assert found_and_mended() == [Fault(Kind.CHANGE, box.pk, 1, change)]


def test_octets_that_are_not_the_bodys(box: Mailbox) -> None:
    [number, *_] = listed(box, open_session(box))
    Message.objects.filter(id=number).update(octets=4)
    messages, octets, *removed = counters(box)
    assert found_and_mended() == [Fault(Kind.COUNTERS, box.pk, octets, octets - 1), Fault(Kind.OCTETS, number, 4, 5)]
    assert counters(box) == (messages, octets, *removed)


def test_a_message_with_a_hole_goes(box: Mailbox) -> None:
    large = Message.objects.get(octets=CHUNK_OCTETS + 5)
    MessageChunk.objects.filter(body=large.body, sequence=0).delete()
    assert found_and_mended() == [Fault(Kind.BODY, large.id, 5, large.octets)]
    assert large.id not in listed(box, open_session(box))


def test_a_message_that_lost_its_end_is_as_long_as_what_is_left(box: Mailbox) -> None:
    large = Message.objects.get(octets=CHUNK_OCTETS + 5)
    MessageChunk.objects.filter(body=large.body, sequence=1).delete()
    assert found_and_mended() == [Fault(Kind.OCTETS, large.id, large.octets, CHUNK_OCTETS)]
    assert Message.objects.get(id=large.id).octets == CHUNK_OCTETS


def test_a_message_that_lost_all_of_its_body_goes(box: Mailbox) -> None:
    [first, *rest] = listed(box, open_session(box))
    message = Message.objects.get(id=first)
    MessageChunk.objects.filter(body=message.body).delete()
    assert found_and_mended() == [Fault(Kind.BODY, first, 0, message.octets)]
    assert listed(box, open_session(box)) == rest


def test_chunks_that_nobody_names(box: Mailbox) -> None:
    MessageChunk.objects.create(body=10**9, sequence=0, octets=b"x")
    assert found_and_mended() == [Fault(Kind.CHUNKS, 10**9, 1, 0)]


def test_the_command_fails_until_it_is_mended(box: Mailbox) -> None:
    Usage.objects.filter(mailbox=box).update(removed_messages=7)
    MessageChunk.objects.create(body=10**9, sequence=0, octets=b"x")
    out = StringIO()
    with translation.override("en"):
        with pytest.raises(CommandError, match="Faults: 2; --repair mends them"):
            call_command("check_store", stdout=out)
        call_command("check_store", "--repair", stdout=out)
        call_command("check_store", stdout=out)
    lines = out.getvalue().splitlines()
    assert f"Mailbox {box.pk}: a counter says 7, a recount 0." in lines
    assert "Body 1000000000: no message names its chunks (1)." in lines
    assert lines[-2:] == ["Faults mended: 2.", "Everything fits."]
