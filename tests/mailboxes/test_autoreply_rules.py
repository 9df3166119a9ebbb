"""Automatic replies: people get one, and nothing else does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailboxes.autoreply_rules import Silence, due, silence

OWN = {"ana@example.test", "ventas@example.test", "ñandú@xn--and-6ma2c.example"}
SENDER = "juan@example.org"
NORMAL = [("From", "Juan <juan@example.org>"), ("To", "Ana <ana@example.test>"), ("Subject", "Hola")]


def test_a_person_who_wrote_to_the_owner_gets_a_reply() -> None:
    assert silence(SENDER, NORMAL, OWN) is None


@pytest.mark.parametrize("sender", ["", "<>", "  ", "juan", "@example.org", "juan@"])
def test_nobody_is_there_to_be_answered(sender: str) -> None:
    assert silence(sender, NORMAL, OWN) is Silence.NO_SENDER


@pytest.mark.parametrize(
    "sender", ["ana@example.test", "ANA@Example.Test", "<ana+list@example.test>", "Ñandú@Ñandú.example"]
)
def test_the_owner_is_not_answered(sender: str) -> None:
    assert silence(sender, NORMAL, OWN) is Silence.OWN_ADDRESS


@pytest.mark.parametrize(
    "local",
    [
        *("MAILER-DAEMON", "mailer-daemon+x", "owner-news", "news-owner", "news-request", "LISTSERV", "majordomo"),
        *("noreply", "no-reply", "No-Reply+abc", "donotreply", "noreply-orders", "orders-noreply", "noresponder"),
        *("bounces", "bounces+juan=example.test", "news-bounces", "bounce-17", "list-return-123-ana=example.test"),
        *("postmaster", "root"),
    ],
)
def test_a_robot_is_not_answered(local: str) -> None:
    assert silence(f"{local}@example.org", NORMAL, OWN) is Silence.ROBOT


@pytest.mark.parametrize(
    "local",
    ["juan", "request", "owner", "bouncer", "return-1", "lista", "no-replyx", "a.noreply.b", "SRS0=ABC=DE=x.org=juan"],
)
def test_a_person_whose_name_only_looks_like_a_robots_is_answered(local: str) -> None:
    assert silence(f"{local}@example.org", NORMAL, OWN) is None


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (("Auto-Submitted", "auto-replied"), Silence.AUTO_SUBMITTED),
        (("auto-submitted", "auto-generated; type=test"), Silence.AUTO_SUBMITTED),
        (("Auto-Submitted", "auto-notified"), Silence.AUTO_SUBMITTED),
        (("Auto-Submitted", "anything-new"), Silence.AUTO_SUBMITTED),
        (("Auto-Submitted", ""), Silence.AUTO_SUBMITTED),
        (("X-Autoreply", "yes"), Silence.AUTO_SUBMITTED),
        (("Content-Type", "multipart/report; report-type=delivery-status"), Silence.REPORT),
        (("CONTENT-TYPE", "Multipart/Report;\r\n report-type=disposition-notification"), Silence.REPORT),
        (("List-Id", "<news.example.org>"), Silence.MAILING_LIST),
        (("List-Unsubscribe", "<mailto:x@example.org>"), Silence.MAILING_LIST),
        (("LIST-POST", "NO"), Silence.MAILING_LIST),
        (("X-BeenThere", "news@example.org"), Silence.MAILING_LIST),
        (("Precedence", "bulk"), Silence.BULK),
        (("precedence", "List"), Silence.BULK),
        (("Precedence", "junk"), Silence.BULK),
        (("X-Auto-Response-Suppress", "OOF, AutoReply"), Silence.SUPPRESSED),
        (("X-Auto-Response-Suppress", "All"), Silence.SUPPRESSED),
        (("X-Auto-Response-Suppress", "DR, RN,\r\n\tOOF"), Silence.SUPPRESSED),
        (("X-Spam-Flag", "YES"), Silence.SPAM),
        (("X-Spam-Status", "Yes, score=9.1 required=5.0"), Silence.SPAM),
    ],
)
def test_a_message_that_no_person_sent_to_the_owner_is_not_answered(header: tuple[str, str], reason: Silence) -> None:
    assert silence(SENDER, [*NORMAL, header], OWN) is reason
    assert silence(SENDER, [header, *NORMAL], OWN) is reason


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "no"),
        ("Auto-Submitted", " NO (a person) ; x=y"),
        ("Precedence", "normal"),
        ("Precedence", "first-class"),
        ("X-Auto-Response-Suppress", "DR, RN, NRN"),
        ("X-Spam-Flag", "NO"),
        ("X-Spam-Status", "No, score=-1"),
        ("Content-Type", "multipart/mixed; boundary=report"),
        ("Subject", "List-Id: no list"),
        ("X-List", "x"),
    ],
)
def test_a_header_that_means_nothing_of_the_kind_does_not_silence(header: tuple[str, str]) -> None:
    assert silence(SENDER, [*NORMAL, header], OWN) is None


def test_one_word_of_several_is_enough() -> None:
    twice = [*NORMAL, ("Auto-Submitted", "no"), ("Auto-Submitted", "auto-replied")]
    assert silence(SENDER, twice, OWN) is Silence.AUTO_SUBMITTED


@pytest.mark.parametrize(
    "header",
    [
        ("To", "ana@example.test"),
        ("To", '"Núñez, Ana" <ANA@EXAMPLE.TEST>, otro@example.org'),
        ("Cc", "otro@example.org,\r\n\tAna <ana@example.test>"),
        ("To", "equipo: luis@example.org, ana@example.test;"),
        ("Resent-To", "ana@example.test"),
        ("To", "ana+tienda@example.test"),
        ("To", "Ventas <ventas@example.test>"),
        ("Bcc", "ana@example.test"),
        ("To", "Ñandú@ÑANDÚ.example"),
    ],
)
def test_the_owner_was_written_to(header: tuple[str, str]) -> None:
    assert silence(SENDER, [header], OWN) is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("To", "undisclosed-recipients:;")],
        [("To", "otro@example.test")],
        [("To", "xana@example.test")],
        [("To", "ana@example.test.evil.org")],
        [("To", "ana@example.testx")],
        [("From", "ana@example.test"), ("Reply-To", "ana@example.test")],
    ],
)
def test_somebody_else_was_written_to(headers: list[tuple[str, str]]) -> None:
    assert silence(SENDER, headers, OWN) is Silence.NOT_ADDRESSED


headers = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=60)), max_size=12)


@given(st.text(max_size=60), headers)
def test_anything_is_judged(sender: str, given_headers: list[tuple[str, str]]) -> None:
    assert silence(sender, given_headers, OWN) in {None, *Silence}


@given(headers, st.sampled_from(["auto-replied", "auto-generated", "yes"]))
def test_whatever_else_it_says_an_automatic_message_gets_none(given_headers: list[tuple[str, str]], word: str) -> None:
    assert silence(SENDER, [*given_headers, *NORMAL, ("Auto-Submitted", word)], OWN) is Silence.AUTO_SUBMITTED


def test_two_of_these_responders_never_answer_each_other() -> None:
    """Our reply has no envelope sender and says auto-replied: each alone is enough."""
    assert silence("", [("To", "ana@example.test")], OWN) is Silence.NO_SENDER
    reply = [("To", "ana@example.test"), ("Auto-Submitted", "auto-replied")]
    assert silence(SENDER, reply, OWN) is Silence.AUTO_SUBMITTED


def test_a_long_header_is_judged_by_its_beginning() -> None:
    assert silence(SENDER, [("To", "ana@example.test, " + "x@example.org," * 50_000)], OWN) is None
    assert silence(SENDER, [("To", "x" * 10_000_000)], OWN) is Silence.NOT_ADDRESSED


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "answer"),
    [
        (None, True),
        (NOW - timedelta(days=4), True),
        (NOW - timedelta(days=4) + timedelta(seconds=1), False),
        (NOW, False),
        (NOW + timedelta(hours=1), False),
    ],
)
def test_a_sender_gets_one_in_four_days(last: datetime | None, answer: bool) -> None:
    assert due(last, NOW) is answer
