"""MAIL and RCPT arguments (RFC 5321 section 4.1.2, RFC 1870, RFC 6152, RFC 6531)."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop3service.envelope import Address, Envelope, MalformedError, parse_mail, parse_rcpt

LIMIT = 1000


def refusal(argument: str | bytes) -> str:
    octets = argument.encode() if isinstance(argument, str) else argument
    with pytest.raises(MalformedError) as caught:
        parse_mail(b"FROM:" + octets, LIMIT)
    return str(caught.value)[:9]


@pytest.mark.parametrize(
    ("argument", "envelope"),
    [
        ("FROM:<ana@example.org>", Envelope("ana@example.org")),
        ("from: <ana@example.org>", Envelope("ana@example.org")),
        ("FROM:<>", Envelope("")),
        ("FROM:<ana@example.org> SIZE=1000 BODY=8bitmime", Envelope("ana@example.org", 1000)),
        ("FROM:<añá@example.org> SMTPUTF8", Envelope("añá@example.org", 0, True)),
        ("FROM:<@relay.test,@other.test:ana@example.org>", Envelope("ana@example.org")),
        ('FROM:<"a b\\"c"@example.org>', Envelope('"a b\\"c"@example.org')),
        ("FROM:<a..b.@example.org>", Envelope("a..b.@example.org")),
        ("FROM:<ana@[192.0.2.1]>", Envelope("ana@[192.0.2.1]")),
        ("FROM:<ana@[IPv6:2001:db8::1]>", Envelope("ana@[IPv6:2001:db8::1]")),
    ],
)
def test_what_mail_may_say(argument: str, envelope: Envelope) -> None:
    assert parse_mail(argument.encode(), LIMIT) == envelope


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("ana@example.org", "501 5.5.4"),
        ("<ana@example.org", "501 5.5.4"),
        ("<ana>", "501 5.5.4"),
        ("<ana@example.org>SIZE=1", "501 5.5.4"),
        ("<ana@-example.org>", "501 5.5.4"),
        ("<ana@example..org>", "501 5.5.4"),
        ("<a b@example.org>", "501 5.5.4"),
        ("<a\rb@example.org>", "501 5.5.4"),
        ("<a\0b@example.org>", "501 5.5.4"),
        ('<"a\nb"@example.org>', "501 5.5.4"),
        (b"<\xff@example.org>", "501 5.5.2"),
        (f"<{'a' * 65}@example.org>", "501 5.1.3"),
        (f"<a@{'a' * 256}>", "501 5.1.3"),
        ("<ana@example.org> SIZE=1001", "552 5.3.4"),
        ("<ana@example.org> SIZE=99999999999999999999", "552 5.3.4"),
        ("<ana@example.org> SIZE=999999999999999999999", "501 5.5.4"),
        ("<ana@example.org> SIZE=-1", "501 5.5.4"),
        ("<ana@example.org> SIZE=١", "501 5.5.4"),
        ("<ana@example.org> SIZE", "501 5.5.4"),
        ("<ana@example.org> SIZE=1 SIZE=1", "501 5.5.4"),
        ("<ana@example.org> BODY=BINARYMIME", "501 5.5.4"),
        ("<ana@example.org> SMTPUTF8=yes", "501 5.5.4"),
        ("<ana@example.org> =", "501 5.5.4"),
        ("<ana@example.org> RET=FULL", "555 5.5.4"),
        ("<añá@example.org>", "553 5.6.7"),
        ("<ana@exámple.org> BODY=8BITMIME", "553 5.6.7"),
    ],
)
def test_what_mail_may_not_say(argument: str | bytes, reply: str) -> None:
    assert refusal(argument) == reply


def test_a_quoted_recipient_is_looked_up_by_what_it_means() -> None:
    assert parse_rcpt(b'TO:<"ana"@example.org>', utf8=False) == Address('"ana"@example.org', "ana@example.org")
    assert parse_rcpt(rb'TO:<"a\"\n"@example.org>', utf8=False).plain == 'a"n@example.org'


def test_postmaster_needs_no_domain() -> None:
    assert parse_rcpt(b"TO:<Postmaster>", utf8=False).plain == "Postmaster"


@pytest.mark.parametrize("argument", [b"TO:<>", b"TO:ana@example.org", b"FROM:<ana@example.org>", b""])
def test_a_recipient_is_an_address_in_brackets(argument: bytes) -> None:
    with pytest.raises(MalformedError, match=r"501 5\.5\.4"):
        parse_rcpt(argument, utf8=False)


def test_rcpt_knows_no_parameter() -> None:
    with pytest.raises(MalformedError, match=r"555 5\.5\.4"):
        parse_rcpt(b"TO:<ana@example.org> NOTIFY=NEVER", utf8=False)


def answer_to(parse: Callable[[], object]) -> str:
    try:
        parse()
    except MalformedError as error:
        return str(error)
    return "250"


@given(st.binary(max_size=80))
def test_any_octets_are_parsed_or_refused_with_a_reply(octets: bytes) -> None:
    for parse in (lambda: parse_mail(octets, LIMIT), lambda: parse_rcpt(octets, utf8=True)):
        assert answer_to(parse)[0] in "25"


@given(st.binary(max_size=40))
def test_an_address_never_holds_a_line_end(octets: bytes) -> None:
    try:
        address = parse_rcpt(b"TO:<" + octets + b"@example.org>", utf8=True)
    except MalformedError:
        return
    assert not any(ord(sign) < 32 or ord(sign) == 127 for sign in address.text)
