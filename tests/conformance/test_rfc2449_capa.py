"""RFC 2449: the CAPA command, and that what it lists is there."""

import re

import pytest
from maildrop import Maildrop, letter
from pop3_client import Capabilities
from target import Target

WITHOUT_PARAMETERS = ["TOP", "USER", "RESP-CODES", "PIPELINING", "UIDL", "STLS", "AUTH-RESP-CODE", "LANG"]
STATES = pytest.mark.parametrize("state", ["AUTHORIZATION", "TRANSACTION"])


def listed(target: Target, state: str) -> Capabilities:
    """What CAPA lists in this state, or a skip where the server does not know CAPA."""
    if not target.capabilities.lines:
        pytest.skip("not announced: CAPA")
    session = target.ready() if state == "AUTHORIZATION" else target.login()
    capabilities = session.capabilities()
    session.quit()
    return capabilities


def parameters(target: Target, state: str, tag: str) -> list[str]:
    """The parameters of a capability in this state, or a skip where it is not listed."""
    by_tag = listed(target, state).by_tag
    if tag not in by_tag:
        pytest.skip(f"not announced: {tag}")
    return by_tag[tag]


@pytest.mark.must("RFC 2449 §5")
def test_capa(target: Target) -> None:
    """CAPA is answered in both states, or in neither, and closed by a dot."""
    before, after = target.ready(), target.login()
    answered = [session.command("CAPA").ok for session in (before, after)]
    if answered == [False, False]:
        pytest.skip("not announced: CAPA")
    assert answered == [True, True]
    for session in (before, after):
        session.wire.block()
        session.quit()


@pytest.mark.must("RFC 2449 §3")
@STATES
def test_grammar(target: Target, state: str) -> None:
    """A capability is a tag and parameters with one space before each, in at most 512 octets."""
    for line in listed(target, state).lines:
        assert re.fullmatch(rb"[\x21-\x2D\x2F-\x7F]+( [\x21-\x7E]+)*", line), line
        assert len(line) + 2 <= 512


@pytest.mark.must("RFC 2449 §3")
@STATES
def test_no_tag_twice(target: Target, state: str) -> None:
    """Each tag stands once."""
    capabilities = listed(target, state)
    assert len(capabilities.by_tag) == len(capabilities.lines)


@pytest.mark.must("RFC 2449 §5")
@pytest.mark.announced("USER")
def test_capa_leaves_login_alone(target: Target) -> None:
    """CAPA before, and a second time, does not disturb the login that follows."""
    session = target.ready()
    assert session.capabilities().lines == session.capabilities().lines
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 2449 §5")
@pytest.mark.parametrize("command", ["capa", "CaPa"])
def test_keyword_ignores_case(target: Target, command: str) -> None:
    """CAPA is a keyword in any case."""
    listed(target, "AUTHORIZATION")
    assert target.ready().accepted(command)


@pytest.mark.must("RFC 2449 §5")
def test_both_states(target: Target) -> None:
    """What is announced in AUTHORIZATION state is announced in TRANSACTION state too."""
    before, after = (set(listed(target, state).by_tag) for state in ("AUTHORIZATION", "TRANSACTION"))
    assert before - after - {"STLS"} == set()


@pytest.mark.must("RFC 2449 §6")
@pytest.mark.parametrize("tag", WITHOUT_PARAMETERS)
def test_no_parameters(target: Target, tag: str) -> None:
    """The tags that have no parameters come without any."""
    assert parameters(target, "AUTHORIZATION", tag) == []


@pytest.mark.must("RFC 5034 §3")
def test_sasl_names_mechanisms(target: Target) -> None:
    """SASL names at least one mechanism, each of 1 to 20 capitals, digits, hyphens and underscores."""
    mechanisms = parameters(target, "AUTHORIZATION", "SASL")
    assert mechanisms
    assert all(re.fullmatch(r"[A-Z0-9_-]{1,20}", mechanism) for mechanism in mechanisms)


@pytest.mark.must("RFC 2449 §6.5")
def test_login_delay_before_login(target: Target) -> None:
    """LOGIN-DELAY is a number of seconds, before login perhaps with USER."""
    assert re.fullmatch(r"\d+( USER)?", " ".join(parameters(target, "AUTHORIZATION", "LOGIN-DELAY")))


@pytest.mark.must("RFC 2449 §6.5")
def test_login_delay_after_login(target: Target) -> None:
    """LOGIN-DELAY after login is a number of seconds, not above what was announced before."""
    before = parameters(target, "AUTHORIZATION", "LOGIN-DELAY")
    (seconds,) = parameters(target, "TRANSACTION", "LOGIN-DELAY")
    assert int(seconds) <= int(before[0])
    assert seconds == before[0] or before[1:] == ["USER"]


@pytest.mark.should("RFC 2449 §6.5")
def test_login_delay_is_enforced(target: Target) -> None:
    """A second login within LOGIN-DELAY seconds is refused."""
    (seconds,) = parameters(target, "TRANSACTION", "LOGIN-DELAY")
    if not int(seconds):
        pytest.skip("not announced: a LOGIN-DELAY above 0")
    target.login().quit()
    assert not target.sign_in(target.ready()).ok


@pytest.mark.must("RFC 2449 §6.7")
def test_expire_before_login(target: Target) -> None:
    """EXPIRE is a number of days or NEVER, before login perhaps with USER."""
    assert re.fullmatch(r"(\d+|NEVER)( USER)?", " ".join(parameters(target, "AUTHORIZATION", "EXPIRE")))


@pytest.mark.must("RFC 2449 §6.7")
def test_expire_after_login(target: Target) -> None:
    """EXPIRE after login is a number of days or NEVER, not below what was announced before."""
    before = parameters(target, "AUTHORIZATION", "EXPIRE")
    (after,) = parameters(target, "TRANSACTION", "EXPIRE")
    assert _days(after) >= _days(before[0])
    assert after == before[0] or before[1:] == ["USER"]


@pytest.mark.must("RFC 2449 §6.7")
def test_messages_stay(maildrop: Maildrop) -> None:
    """With EXPIRE above 0, a message that was read is still there in the next session."""
    if _days(parameters(maildrop.target, "TRANSACTION", "EXPIRE")[0]) == 0:
        pytest.skip("not announced: EXPIRE above 0")
    session = maildrop.holding(letter())
    session.retr(1)
    session.quit()
    maildrop.open(1).quit()


@pytest.mark.must("RFC 2449 §6.9")
@STATES
def test_implementation(target: Target, state: str) -> None:
    """IMPLEMENTATION names the server in at least one token."""
    assert parameters(target, state, "IMPLEMENTATION")


@pytest.mark.must("RFC 2449 §6.1")
@pytest.mark.announced("TOP")
def test_top_is_there(maildrop: Maildrop) -> None:
    """TOP is announced in AUTHORIZATION state and answered in TRANSACTION state."""
    maildrop.holding(letter()).multi_line("TOP 1 1")


@pytest.mark.must("RFC 2449 §6.2")
@pytest.mark.announced("USER")
def test_user_is_there(target: Target) -> None:
    """USER and PASS are answered where CAPA says USER."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.accepted(f"PASS {target.account.password}")


@pytest.mark.must("RFC 2449 §6.8")
@pytest.mark.announced("UIDL")
def test_uidl_is_there(target: Target) -> None:
    """UIDL is announced in AUTHORIZATION state and answered in TRANSACTION state."""
    target.login().multi_line("UIDL")


@pytest.mark.should("RFC 2449 §5")
@pytest.mark.parametrize("tag", ["TOP", "UIDL"])
def test_optional_commands_are_announced(maildrop: Maildrop, tag: str) -> None:
    """An optional command that the server knows is announced, already before login."""
    if not maildrop.holding(letter()).command({"TOP": "TOP 1 0", "UIDL": "UIDL 1"}[tag]).ok:
        pytest.skip(f"not announced: {tag}")
    assert tag in listed(maildrop.target, "AUTHORIZATION")


def _days(parameter: str) -> float:
    return float("inf") if parameter.upper() == "NEVER" else int(parameter)
