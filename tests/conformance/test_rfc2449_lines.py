"""RFC 2449 and RFC 3206: how long a line may be, and what stands in brackets."""

import base64

import pytest
from maildrop import Maildrop, letter
from pop3_client import Pop3, Reply
from target import Target
from wire import ClosedError

REGISTERED = {"LOGIN-DELAY", "IN-USE", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"}
WRONG = "not-the-password-of-anyone"


@pytest.mark.must("RFC 2449 §4")
@pytest.mark.announced("USER")
def test_command_of_255_octets(target: Target) -> None:
    """A command of 255 octets with its CRLF is read as one command, and not refused for its length."""
    session = target.ready()
    usual = session.command("USER nobody")
    long = session.command("USER " + "n" * (255 - len("USER \r\n")))
    assert long.ok == usual.ok
    session.quit()


@pytest.mark.must("RFC 2449 §4")
@pytest.mark.announced("SASL PLAIN")
def test_auth_of_255_octets(target: Target) -> None:
    """AUTH with an initial response is read as one command up to 255 octets."""
    session = target.ready()
    room = (255 - len("AUTH PLAIN \r\n")) // 4 * 3
    name, secret = b"nobody", b"p" * (room - len(b"\0nobody\0"))
    assert not session.command(b"AUTH PLAIN " + base64.b64encode(b"\0" + name + b"\0" + secret)).ok
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("length", [256, 510, 512, 513, 1000, 1024, 2048, 4096, 8192, 65536])
def test_end_of_a_long_line_is_no_command(maildrop: Maildrop, length: int) -> None:
    """A line that is too long is refused once, or ends the session; its tail is never a command."""
    session = maildrop.holding(letter())
    session.send(b"X" * length + b"DELE 1")
    try:
        assert session.wire.line().startswith(b"-ERR")
        assert session.stat()[0] == 1
        session.quit()
    except ClosedError:
        session.wire.close()
    maildrop.open(1).quit()


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", [b"NOSUCH ", b"", b"RETR "], ids=["unknown", "no keyword", "RETR"])
def test_line_of_a_megabyte(target: Target, command: bytes) -> None:
    """A line of a megabyte is refused, or ends the session, in good time."""
    session = target.login()
    session.refused_or_closed(command + b"1" * 1_000_000)


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("state", ["AUTHORIZATION", "TRANSACTION"])
def test_no_reply_beyond_512_octets(target: Target, state: str) -> None:
    """A refusal is no longer than 512 octets, however long the command was that it repeats."""
    session = target.ready() if state == "AUTHORIZATION" else target.login()
    session.refused_or_closed("X" * 600)


@pytest.mark.must("RFC 2449 §8")
@pytest.mark.announced("RESP-CODES")
def test_brackets_are_codes(target: Target) -> None:
    """A reply whose text begins with a bracket begins with a registered response code."""
    for reply in _refusals(target):
        if reply.text.startswith(b"["):
            assert reply.code in REGISTERED, reply


@pytest.mark.must("RFC 3206 §6")
@pytest.mark.announced("AUTH-RESP-CODE")
def test_wrong_password_has_auth(target: Target) -> None:
    """A refusal for wrong credentials carries [AUTH]."""
    assert target.sign_in(target.ready(), password=WRONG).code == "AUTH"


@pytest.mark.must("RFC 3206 §6")
@pytest.mark.announced("AUTH-RESP-CODE", "SASL PLAIN")
def test_wrong_plain_has_auth(target: Target) -> None:
    """AUTH PLAIN with wrong credentials is refused with [AUTH]."""
    assert _plain(target.ready(), target.account.name, WRONG).code == "AUTH"


@pytest.mark.must("RFC 3206 §5")
@pytest.mark.announced("AUTH-RESP-CODE")
def test_auth_is_about_credentials(target: Target) -> None:
    """[AUTH] stands on no refusal that has nothing to do with credentials."""
    before, after = target.ready(), target.login()
    assert {session.refused("NOSUCH").code for session in (before, after)} & {"AUTH"} == set()
    assert after.refused("RETR 999999").code != "AUTH"


@pytest.mark.should("RFC 2449 §8.1.2")
@pytest.mark.announced("RESP-CODES")
def test_busy_maildrop_has_in_use(target: Target) -> None:
    """A login that is refused because another session is open carries [IN-USE]."""
    target.login()
    reply = target.sign_in(target.ready())
    if reply.ok:
        pytest.skip("two sessions at once are let in")
    assert reply.code == "IN-USE"


@pytest.mark.must("RFC 2449 §8.1.2")
@pytest.mark.announced("RESP-CODES")
def test_in_use_tells_nothing_without_the_password(target: Target) -> None:
    """A wrong password is never told [IN-USE]: the code says that the credentials were right."""
    target.login()
    assert target.sign_in(target.ready(), password=WRONG).code != "IN-USE"


def _refusals(target: Target) -> list[Reply]:
    before, after = target.ready(), target.login()
    return [
        before.refused("NOSUCH"),
        before.refused("STAT"),
        target.sign_in(before, password=WRONG),
        after.refused("NOSUCH"),
        after.refused("RETR 999999"),
        after.refused("DELE 0"),
    ]


def _plain(session: Pop3, name: str, password: str) -> Reply:
    return session.command("AUTH PLAIN " + base64.b64encode(f"\0{name}\0{password}".encode()).decode())
