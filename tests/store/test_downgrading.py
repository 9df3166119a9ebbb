"""Headers in ASCII, for clients without UTF8 (RFC 6856, RFC 6858)."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.delivery import Chunk, Delivery, deliver, new_bodies, stage_chunks
from controlpanel.mailstore.downgrading import NO_ADDRESS, in_ascii, raw_header
from controlpanel.mailstore.headers import SCANNED_OCTETS
from controlpanel.mailstore.maildrop import (
    Listing,
    Wanted,
    list_in_ascii,
    list_maildrops,
    read_bodies,
    read_bodies_in_ascii,
    read_chunks_in_ascii,
)
from controlpanel.mailstore.models import CHUNK_OCTETS, Message
from controlpanel.mailstore.retention import restore
from tests.store.factories import make_mailbox, open_session, put, remove

RAW = "From: José <jose@correo.example>\r\nSubject: mañana\r\nX-Other: yes\r\n".encode()


def parsed(text: str) -> EmailMessage:
    message = message_from_bytes(in_ascii(text.encode()) + b"\r\n", policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Subject: mañana", "mañana"),
        ("Subject: " + "año " * 60, ("año " * 60).strip()),
        ("Subject: mañana\r\n a las nueve", "mañana a las nueve"),
        ("Subject: ñ =?utf-8?q?ma=C3=B1ana?=", "ñ mañana"),
        ("X-Note: días", "días"),
        ("To: José <jose@example.org>, plain@example.org", "José <jose@example.org>, plain@example.org"),
        ("Cc: jose@ñandú.example", "jose@xn--and-6ma2c.example"),
        ('Content-Type: text/plain; charset=utf-8; name="año.txt"', 'text/plain; charset="utf-8"'),
    ],
)
def test_what_ascii_can_say_is_said(field: str, value: str) -> None:
    name = field.partition(":")[0]
    assert str(parsed(f"{field}\r\n")[name]) == value


def test_an_address_that_ascii_cannot_say_becomes_one_that_nobody_answers_to() -> None:
    [address] = parsed("From: José <josé@example.org>\r\n")["from"].addresses
    assert (address.display_name, address.addr_spec) == ("José josé@example.org", NO_ADDRESS)
    [address] = parsed("From: josé@example.org\r\n")["from"].addresses
    assert (address.display_name, address.addr_spec) == ("josé@example.org", NO_ADDRESS)


@pytest.mark.parametrize(
    "field",
    [
        "Return-Path: <josé@example.org>",
        "Received: by ñ",
        "Message-ID: <ñ@example.org>",
        "Ñame: x",
        "no field at all: ñ",
        "ñ",
        "Content-Type: téxt/plain",
    ],
)
def test_what_it_cannot_say_is_left_out(field: str) -> None:
    assert in_ascii(f"A: 1\r\n{field}\r\nB: 2\r\n".encode()) == b"A: 1\r\nB: 2\r\n"


def test_fields_in_ascii_stay_octet_for_octet() -> None:
    plain = b"subject :  two   blanks\r\n\tand a tab\r\nX: =?utf-8?q?=C3=B1?=\r\n"
    assert in_ascii(plain + "Y: ñ\r\n".encode()).startswith(plain)


def test_octets_that_are_no_utf8_are_read_as_latin_1() -> None:
    assert parsed("")["subject"] is None
    assert message_from_bytes(in_ascii(b"Subject: ma\xf1ana\r\n"), policy=policy.default)["subject"] == "mañana"


@given(
    st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"Subject: {text}\r\nFrom: {text}\r\n".encode())
)
def test_whatever_comes_goes_out_in_ascii_and_without_an_empty_line_of_ours(header: bytes) -> None:
    plain = in_ascii(header)
    assert plain.isascii()
    for field in [each for each in header.splitlines(keepends=True) if not each.isascii()]:
        assert b"\r\n\r\n" not in in_ascii(field)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (RAW + b"\r\nbody", b"T: x\r\n" + RAW),
        (RAW, b"T: x\r\n" + RAW),
        ("\r\nñ".encode(), b""),
        (b"Subject: x\r\n\r\n" + "ñ".encode(), b""),
        (b"", b""),
        ("X: ñ\r\n".encode() * SCANNED_OCTETS + b"\r\n", b""),
    ],
)
def test_the_raw_header_is_known_where_it_goes_beyond_ascii(text: bytes, header: bytes) -> None:
    assert raw_header(b"T: x\r\n", text) == header


# In the store


@pytest.fixture
def box(db: None) -> Mailbox:
    box = make_mailbox()
    box.domain.ascii_headers = True
    box.domain.save()
    return box


def listing(box: Mailbox) -> Listing:
    [found] = list_in_ascii([Wanted(box.pk, open_session(box).change)])
    return found


def by_chunks(number: int) -> bytes:
    chunks: list[bytes] = []
    while chunk := read_chunks_in_ascii([(number, len(chunks))])[0]:
        chunks.append(chunk)
    return b"".join(chunks)


def test_the_size_is_known_at_delivery_and_every_read_agrees(box: Mailbox) -> None:
    body = RAW + b"\r\nbody\r\n"
    [number, plain] = [*put(box, body, raw_header=RAW), *put(box, b"Subject: x\r\n\r\n")]
    expected = in_ascii(RAW) + b"\r\nbody\r\n"
    found = listing(box)
    assert dict(zip(found.ids, found.octets, strict=True)) == {number: len(expected), plain: 14}
    assert read_bodies_in_ascii([number, plain]) == {number: expected, plain: b"Subject: x\r\n\r\n"}
    assert read_bodies([number]) == {number: body}
    assert by_chunks(number) == expected
    assert by_chunks(plain) == b"Subject: x\r\n\r\n"


@pytest.mark.parametrize("first", [b"T: x\r\n", b"T: x\r\n" + RAW + b"\r\nbod"])
def test_a_large_message_comes_by_chunks_wherever_its_header_ends(box: Mailbox, first: bytes) -> None:
    whole = b"T: x\r\n" + RAW + b"\r\nbody " + b"x" * CHUNK_OCTETS + b"\r\n"
    chunks = [first, whole[len(first) : CHUNK_OCTETS], whole[CHUNK_OCTETS:]]
    [body] = new_bodies(1)
    stage_chunks([Chunk(body, place, chunk) for place, chunk in enumerate(chunks)])
    header = b"T: x\r\n" + RAW
    deliver([Delivery(box.pk, len(whole), body=body, raw_header=header)])
    [number] = Message.objects.values_list("id", flat=True)
    assert by_chunks(number) == in_ascii(header) + whole[len(header) :]
    assert list(listing(box).octets) == [len(by_chunks(number))]


def test_a_restored_message_keeps_its_header(box: Mailbox) -> None:
    [number] = put(box, RAW + b"\r\n", raw_header=RAW)
    remove(box, number)
    restore(box.pk, [number])
    [again] = listing(box).ids
    assert again != number
    assert read_bodies_in_ascii([again]) == {again: in_ascii(RAW) + b"\r\n"}


def test_other_domains_keep_nothing_and_pay_nothing(db: None) -> None:
    other = make_mailbox()
    [number] = put(other, RAW + b"\r\n", raw_header=RAW)
    assert Message.objects.get(pk=number).ascii_header is None
    [raw] = list_maildrops([Wanted(other.pk, open_session(other).change)])
    assert raw == listing(other)
    assert read_bodies_in_ascii([number]) == read_bodies([number])
