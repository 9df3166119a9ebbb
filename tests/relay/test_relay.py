"""Sending by RELAY_URL, over real sockets."""

import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
import trustme
from django.core.exceptions import ImproperlyConfigured

from controlpanel import environment, relay
from controlpanel.relay import Relay, RelayFault
from tests.relay.sink import Sink, listening


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "casilla@example.org"
        yield sink


def letter(text: str = "Hello\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Greetings"
    message.set_content(text)
    return message


def fault() -> RelayFault:
    with pytest.raises(RelayFault) as caught:
        relay.send(letter(), "luz@elsewhere.example")
    return caught.value


def tls(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the relay's client trusts, as it trusts the system's."""
    authority = trustme.CA()
    made = ssl.create_default_context

    def trusting() -> ssl.SSLContext:
        context = made()
        authority.configure_trust(context)
        return context

    monkeypatch.setattr(ssl, "create_default_context", trusting)
    return authority


def test_a_message_goes_to_one_recipient_from_the_named_sender(sink: Sink) -> None:
    relay.send(letter(), "luz@elsewhere.example")
    (taken,) = sink.taken
    assert (taken.sender, taken.recipient) == ("casilla@example.org", "luz@elsewhere.example")
    message = message_from_bytes(taken.octets)
    assert (message["From"], message["To"]) == ("casilla@example.org", "luz@elsewhere.example")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert message["Message-ID"].endswith("@example.org>")


def test_what_the_message_says_itself_stays(sink: Sink) -> None:
    message = letter()
    message["From"] = "Panel <panel@example.org>"
    relay.send(message, "luz@elsewhere.example")
    assert message_from_bytes(sink.taken[0].octets)["From"] == "Panel <panel@example.org>"


def test_lines_that_begin_with_a_dot_arrive_as_they_were(sink: Sink) -> None:
    relay.send(letter(".\n..\n.dots\n"), "luz@elsewhere.example")
    assert sink.taken[0].octets.endswith(b"\r\n\r\n.\r\n..\r\n.dots\r\n")


@pytest.mark.parametrize(
    ("pieces", "sent"),
    [
        ([b"a\r\n"], b"a\r\n.\r\n"),
        ([b"a\r\n", b".b\r\n"], b"a\r\n..b\r\n.\r\n"),
        ([b"a", b".b\r", b"\n.c\r\n"], b"a.b\r\n..c\r\n.\r\n"),
        ([b"a\r\n", b"", b".\r\n"], b"a\r\n..\r\n.\r\n"),
        ([b"a"], b"a\r\n.\r\n"),
        ([], b".\r\n"),
    ],
)
def test_dots_are_stuffed_wherever_a_piece_ends(pieces: list[bytes], sent: bytes) -> None:
    assert b"".join(relay.stuffed(pieces)) == sent


def test_one_line_carries_many_messages_and_survives_a_refusal(sink: Sink) -> None:
    sink.answers = lambda line: "550 5.1.1 nobody" if "gone@" in line else None
    with relay.open_line() as line:
        line.hand_over("", "luz@elsewhere.example", [b"Subject: 1\r\n\r\n", b"one\r\n"], 19)
        with pytest.raises(RelayFault, match=r"RCPT: 550 5.1.1 nobody") as caught:
            line.hand_over("ana@example.org", "gone@elsewhere.example", [b"x\r\n"], 3)
        assert line.hand_over("ana@example.org", "sol@elsewhere.example", [b"y\r\n"], 3) == "250 taken"
    assert not caught.value.temporary
    assert [(each.sender, each.recipient) for each in sink.taken] == [
        ("", "luz@elsewhere.example"),
        ("ana@example.org", "sol@elsewhere.example"),
    ]
    assert sum(line.startswith("EHLO") for line in sink.heard) == 1
    assert "SIZE=19 BODY=8BITMIME" in sink.taken[0].options


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(("reply", "temporary"), [("451 4.3.0 later", True), ("554 5.7.1 never", False)])
def test_a_refusal_is_for_now_or_for_good(sink: Sink, at: str, reply: str, temporary: bool) -> None:
    sink.answers = lambda line: reply if line.startswith(at) else None
    refused = fault()
    assert refused.temporary is temporary
    assert refused.reply.endswith(reply)
    assert not sink.taken


@pytest.mark.parametrize("reply", ["535 5.7.8 wrong", "454 4.7.0 later"])
def test_a_password_that_the_relay_refuses_is_no_message_s_fault(sink: Sink, settings: Any, reply: str) -> None:
    settings.RELAY_URL = f"smtp://casilla:s%40cret@127.0.0.1:{sink.port}"
    sink.answers = lambda line: reply if line.startswith("AUTH") else None
    refused = fault()
    assert refused.temporary
    assert refused.reply == reply
    assert "s@cret" not in str(refused)


def test_a_relay_that_dies_in_the_middle_of_a_message_is_asked_again(sink: Sink) -> None:
    sink.dies_in_data = 1
    assert fault().temporary
    relay.send(letter(), "luz@elsewhere.example")
    assert len(sink.taken) == 1


def test_a_message_that_breaks_off_on_our_side_does_not_arrive(sink: Sink) -> None:
    def broken() -> Iterator[bytes]:
        yield b"Subject: half\r\n\r\n"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), relay.open_line() as line:
        line.hand_over("", "luz@elsewhere.example", broken(), 100)
    relay.send(letter(), "luz@elsewhere.example")
    assert [b"half" in each.octets for each in sink.taken] == [False]


def test_a_relay_that_is_away_is_asked_again(settings: Any) -> None:
    with listening(Sink()) as sink:
        settings.RELAY_URL, settings.MAIL_FROM = sink.url, "casilla@example.org"
    refused = fault()
    assert refused.temporary
    assert refused.reply == "The relay broke the connection off."


@pytest.mark.parametrize(("url", "sender"), [("", ""), ("smtp://127.0.0.1:1", ""), ("", "casilla@example.org")])
def test_unset_nothing_is_sent(settings: Any, url: str, sender: str) -> None:
    settings.RELAY_URL, settings.MAIL_FROM = url, sender
    assert not relay.is_set_up()
    assert "not set" in fault().reply


def test_starttls_is_used_where_it_is_offered(sink: Sink) -> None:
    sink.context = tls(trustme.CA(), "unknown.example")
    relay.send(letter(), "luz@elsewhere.example")
    assert sink.taken[0].under_tls


@pytest.mark.parametrize("at_once", [False, True])
def test_a_password_travels_under_a_good_certificate(
    settings: Any, authority: trustme.CA, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOPBACK", ())
    settings.MAIL_FROM = "casilla@example.org"
    with listening(Sink(context=tls(authority, "127.0.0.1"), tls=at_once)) as sink:
        settings.RELAY_URL = sink.url.replace("//", "//casilla:secret@")
        relay.send(letter(), "luz@elsewhere.example")
    assert sink.taken[0].under_tls
    assert sink.taken[0].signed_in.startswith("AUTH")


@pytest.mark.parametrize("at_once", [False, True])
def test_a_password_does_not_travel_under_a_bad_certificate(
    settings: Any, authority: trustme.CA, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOPBACK", ())
    settings.MAIL_FROM = "casilla@example.org"
    with listening(Sink(context=tls(authority, "other.example"), tls=at_once)) as sink:
        settings.RELAY_URL = sink.url.replace("//", "//casilla:secret@")
        refused = fault()
    assert refused.temporary
    assert "certificate is not good" in refused.reply
    assert not [line for line in sink.heard if line.startswith("AUTH")]


def test_a_password_does_not_travel_in_clear(sink: Sink, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LOOPBACK", ())
    settings.RELAY_URL = sink.url.replace("//", "//casilla:secret@")
    assert "offers no TLS" in fault().reply
    assert not [line for line in sink.heard if line.startswith("AUTH")]


def test_an_address_beyond_ascii_wants_a_relay_that_knows_it(sink: Sink) -> None:
    with relay.open_line() as line:
        line.hand_over("", "josé@elsewhere.example", [b"x\r\n"], 3)
    assert "SMTPUTF8" in sink.taken[0].options
    sink.extensions = ("SIZE",)
    with relay.open_line() as line, pytest.raises(RelayFault) as caught:
        line.hand_over("", "josé@elsewhere.example", [b"x\r\n"], 3)
    assert not caught.value.temporary


@pytest.mark.parametrize(
    ("url", "port", "tls", "user", "password"),
    [
        ("smtp://mail.example.org", 25, False, "", ""),
        ("smtp://me:p%40ss@mail.example.org", 587, False, "me", "p@ss"),
        ("smtps://me%40x:pass@mail.example.org", 465, True, "me@x", "pass"),
        ("smtp://[::1]:2525", 2525, False, "", ""),
    ],
)
def test_what_a_url_says(
    monkeypatch: pytest.MonkeyPatch, url: str, port: int, tls: bool, user: str, password: str
) -> None:
    monkeypatch.setenv("RELAY_URL", url)
    found = Relay.of(environment.relay("RELAY_URL"))
    assert (found.port, found.tls, found.user, found.password) == (port, tls, user, password)
    assert "pass" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://a:secret@host:99999",
        "smtp://a:secret@host:port",
        "smtp://a:secret@host/path",
        "smtp://a:secret@host?x=1",
        "smtp://:secret@host",
        "smtp://a:secret@ho st",
    ],
)
def test_what_is_no_relay_stops_the_start_and_shows_no_password(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("RELAY_URL", url)
    with pytest.raises(ImproperlyConfigured, match="RELAY_URL takes smtp") as caught:
        environment.relay("RELAY_URL")
    assert "secret" not in str(caught.value)


def test_what_a_relay_says_moves_and_hides_no_other_text(sink: Sink) -> None:
    sink.answers = lambda line: "550 5.7.1 no\x1b[2J \u202ehidden\u2028 more" if line.startswith("RCPT") else None
    assert fault().reply == "RCPT: 550 5.7.1 no [2J hidden more"
