"""Rewritten senders: the way back is the way there, and nobody else can write one."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from controlpanel.mailboxes.srs import LOCAL_LIMIT, VALID_DAYS, Rewriter, SrsError, day_of

SECRET = b"0123456789abcdef"
OURS = Rewriter("forward.example.test", [SECRET])
OTHERS = Rewriter("relay.example.org", [b"another secret of theirs"])
THIRD = Rewriter("third.example.net", [b"and a third one, longer"])
TODAY = 20_781

locals_ = st.from_regex(r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~.ñé-]{1,20}\Z")
domains = st.from_regex(r"\A[a-z][a-z0-9-]{0,8}\.(test|example)\Z")
days = st.integers(0, 40_000)


@given(locals_, domains, days, st.integers(0, VALID_DAYS))
def test_a_bounce_finds_the_way_back(local: str, domain: str, day: int, later: int) -> None:
    assume(not local.upper().startswith(("SRS0", "SRS1")))
    rewritten = OURS.rewrite(f"{local}@{domain}", day)
    assert rewritten.startswith("SRS0=")
    assert rewritten.endswith("@forward.example.test")
    assert OURS.reverse(rewritten, day + later) == f"{local}@{domain}"


@given(locals_, domains, days)
def test_a_server_that_changes_the_case_does_not_break_it(local: str, domain: str, day: int) -> None:
    assume(not local.upper().startswith(("SRS0", "SRS1")))
    assume(local.isascii())
    rewritten = OURS.rewrite(f"{local}@{domain}", day)
    assert OURS.reverse(rewritten.lower(), day).lower() == f"{local}@{domain}".lower()
    assert OURS.reverse(rewritten.upper(), day).lower() == f"{local}@{domain}".lower()


@given(locals_, domains, days)
def test_anything_whatever_it_is_comes_back_or_is_refused(local: str, domain: str, day: int) -> None:
    """SRS0 and SRS1 of no meaning included: they come back as what reaches their writer."""
    try:
        rewritten = OURS.rewrite(f"{local}@{domain}", day)
    except SrsError:
        return
    assert len(rewritten.rpartition("@")[0].encode()) <= LOCAL_LIMIT
    back = OURS.reverse(rewritten, day)
    if local.upper().startswith("SRS0"):
        assert back.lower() == f"{local}@{domain}".lower()
    elif not local.upper().startswith("SRS1"):
        assert back == f"{local}@{domain}"


def test_a_second_forwarder_adds_one_host_and_a_third_none() -> None:
    first = OTHERS.rewrite("ana@a.test", TODAY)
    second = OURS.rewrite(first, TODAY)
    third = THIRD.rewrite(second, TODAY)
    assert second.startswith("SRS1=")
    assert "relay.example.org==" in second
    assert len(third.partition("@")[0]) == len(second.partition("@")[0])
    assert THIRD.reverse(third, TODAY) == first
    assert OURS.reverse(second, TODAY) == first
    assert OTHERS.reverse(first, TODAY) == "ana@a.test"


@pytest.mark.parametrize("separator", ["=", "+", "-"])
def test_other_hosts_may_separate_and_sign_as_they_like(separator: str) -> None:
    foreign = f"SRS0{separator}aB+/=x2=a.test=ana@relay.example.org"
    assert OURS.reverse(OURS.rewrite(foreign, TODAY), TODAY) == foreign


def test_what_calls_itself_srs1_and_is_not_is_an_ordinary_sender() -> None:
    rewritten = OURS.rewrite("SRS1=rubbish@a.test", TODAY)
    assert rewritten.startswith("SRS0=")
    assert OURS.reverse(rewritten, TODAY) == "SRS1=rubbish@a.test"


def test_a_long_s_makes_no_srs0() -> None:
    assert OURS.reverse(OURS.rewrite("\u017frs0=x@a.test", TODAY), TODAY) == "\u017frs0=x@a.test"


def test_the_empty_sender_and_our_own_stay() -> None:
    assert OURS.rewrite("", TODAY) == ""
    assert OURS.rewrite("ana@Forward.Example.Test", TODAY) == "ana@Forward.Example.Test"


# Forgery


def test_every_changed_character_breaks_the_signature() -> None:
    rewritten = OURS.rewrite("ana@a.test", TODAY)
    local = rewritten.partition("@")[0]
    for place in range(5, len(local)):
        for other in "A2b=x":
            changed = local[:place] + other + local[place + 1 :]
            if changed.lower() != local.lower():
                with pytest.raises(SrsError):
                    OURS.reverse(f"{changed}@forward.example.test", TODAY)


@pytest.mark.parametrize(
    "address",
    [
        "ana@forward.example.test",
        "SRS0@forward.example.test",
        "SRS0=@forward.example.test",
        "SRS0=AAAAAAAA=AA=a.test@forward.example.test",
        "SRS0=AAAAAAAA=AA=a.test=ana@forward.example.test",
        "SRS1=AAAAAAAA=a.test==AAAA=AA=b.test=ana@forward.example.test",
        "SRS0=AAAAAAA\u0131=AA=a.test=ana@forward.example.test",
        "SRS0=AAAAAAA\u212a=AA=a.test=ana@forward.example.test",
        "SRS0=AAAAAAAA=A\u212a=a.test=ana@forward.example.test",
        "\u017fRS0=AAAAAAAA=AA=a.test=ana@forward.example.test",
        "",
        "@forward.example.test",
    ],
)
def test_what_we_did_not_write_is_refused(address: str) -> None:
    with pytest.raises(SrsError):
        OURS.reverse(address, TODAY)


def test_one_hosts_address_is_not_anothers() -> None:
    rewritten = OURS.rewrite("ana@a.test", TODAY)
    with pytest.raises(SrsError, match="another domain"):
        OTHERS.reverse(rewritten, TODAY)
    with pytest.raises(SrsError, match="signature"):
        OTHERS.reverse(rewritten.replace("forward.example.test", "relay.example.org"), TODAY)


def test_parts_cannot_be_moved_from_one_to_the_next() -> None:
    """The signature covers where each part ends."""
    _, signature, written, *_ = OURS.rewrite("b=c@a.test", TODAY).split("=")
    with pytest.raises(SrsError, match="signature"):
        OURS.reverse(f"SRS1={signature}={written}a.testb==c@forward.example.test", TODAY)
    _, signature, written, *_ = OURS.rewrite("bc@a.test", TODAY).split("=")
    with pytest.raises(SrsError, match="signature"):
        OURS.reverse(f"SRS0={signature}={written}=a.testb=c@forward.example.test", TODAY)


# Time


@pytest.mark.parametrize("day", [0, 1, 500, 1023, 1024, TODAY])
@pytest.mark.parametrize(
    ("later", "fresh"), [(-1, True), (0, True), (21, True), (22, False), (500, False), (1000, False)]
)
def test_an_address_is_answered_for_three_weeks(day: int, later: int, fresh: bool) -> None:
    rewritten = OURS.rewrite("ana@a.test", day)
    if fresh:
        assert OURS.reverse(rewritten, day + later) == "ana@a.test"
    else:
        with pytest.raises(SrsError, match="old"):
            OURS.reverse(rewritten, day + later)


def test_days_are_counted_in_utc() -> None:
    west = timezone(timedelta(hours=-3))
    assert day_of(datetime(1970, 1, 2, tzinfo=UTC)) == 1
    assert day_of(datetime(2026, 11, 24, 22, 30, tzinfo=west)) == day_of(datetime(2026, 11, 25, 1, 30, tzinfo=UTC))


# Secrets and shapes


def test_an_older_secret_still_reads_and_no_longer_writes() -> None:
    newer = Rewriter("forward.example.test", [b"a new secret, sixteen", SECRET])
    old = OURS.rewrite("ana@a.test", TODAY)
    assert newer.reverse(old, TODAY) == "ana@a.test"
    assert newer.rewrite("ana@a.test", TODAY) != old
    with pytest.raises(SrsError):
        OURS.reverse(newer.rewrite("ana@a.test", TODAY), TODAY)


def test_a_secret_is_not_printed() -> None:
    assert SECRET.decode() not in repr(OURS)


@pytest.mark.parametrize("secrets", [[], [b"short"], [SECRET, b""]])
def test_a_secret_that_can_be_guessed_is_refused(secrets: list[bytes]) -> None:
    with pytest.raises(SrsError, match="16 octets"):
        Rewriter("forward.example.test", secrets)


@pytest.mark.parametrize(
    "sender",
    [
        "ana",
        "@a.test",
        "ana@",
        '"a b"@a.test',
        "a b@a.test",
        "a\r\nb@a.test",
        "<ana@a.test>",
        "a@b@c.test",
        "ana@a=b.test",
    ],
)
def test_what_is_no_plain_address_is_refused(sender: str) -> None:
    with pytest.raises(SrsError):
        OURS.rewrite(sender, TODAY)


def test_what_would_not_fit_is_refused_rather_than_cut() -> None:
    fits = "a" * (LOCAL_LIMIT - len("SRS0=HHHHHHHH=TT=a.test="))
    assert len(OURS.rewrite(f"{fits}@a.test", TODAY).partition("@")[0]) == LOCAL_LIMIT
    with pytest.raises(SrsError, match="64 octets"):
        OURS.rewrite(f"{fits}a@a.test", TODAY)


@given(st.text(max_size=80), days)
def test_anything_is_read_or_refused(address: str, day: int) -> None:
    for act in (OURS.rewrite, OURS.reverse):
        try:
            assert isinstance(act(address, day), str)
        except SrsError as refused:
            assert str(refused)  # noqa: PT017


@given(st.text(max_size=60), days)
def test_nobody_guesses_a_signed_address(tail: str, day: int) -> None:
    with pytest.raises(SrsError):
        OURS.reverse(f"SRS0={tail}@forward.example.test", day)
