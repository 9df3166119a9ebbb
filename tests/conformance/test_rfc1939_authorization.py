"""RFC 1939: the greeting, the AUTHORIZATION state, and the commands that end it."""

import hashlib
import re

import pytest
from pop3_client import Pop3
from target import Target
from wire import ClosedError

WRONG = "not-the-password-of-anyone"


@pytest.mark.must("RFC 1939 §4")
def test_greeting(target: Target) -> None:
    """The server greets first, in one positive line of at most 512 octets."""
    assert target.ready().greeting.ok


@pytest.mark.must("RFC 1939 §4")
def test_greeting_is_one_line(target: Target) -> None:
    """Nothing follows the greeting until a command is sent."""
    session = target.ready()
    session.quit()


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize(
    "command",
    ["STAT", "LIST", "LIST 1", "RETR 1", "DELE 1", "NOOP", "RSET", "TOP 1 0", "UIDL", "UIDL 1"],
)
def test_transaction_commands_wait_for_login(target: Target, command: str) -> None:
    """Commands of the TRANSACTION state are refused in AUTHORIZATION state."""
    target.ready().refused(command)


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("command", ["NOSUCH", "XYZZY 1", "", " ", "HELO example.org", "USERNAME x"], ids=repr)
def test_unknown_command_before_login(target: Target, command: str) -> None:
    """An unrecognized command is refused before login."""
    target.ready().refused(command)


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.parametrize("octet", [b"\x00", b"\x07", b"\x80", b"\xff"], ids=["NUL", "BEL", "0x80", "0xFF"])
def test_hostile_octets_before_login(target: Target, octet: bytes) -> None:
    """A keyword with a control or 8-bit octet in it is refused, and the session goes on or ends in order."""
    session = target.ready()
    session.refused(b"QU" + octet + b"IT")
    session.quit()


@pytest.mark.must("RFC 1939 §4")
def test_quit_before_login(target: Target) -> None:
    """QUIT is accepted in AUTHORIZATION state, and the connection closed."""
    target.ready().quit()


@pytest.mark.must("RFC 1939 §4")
@pytest.mark.announced("USER")
def test_quit_after_user(target: Target) -> None:
    """QUIT is accepted between USER and PASS."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.quit()


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_user_and_pass(target: Target) -> None:
    """USER and PASS open the maildrop."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.accepted(f"PASS {target.account.password}")
    session.accepted("NOOP")
    session.quit()


@pytest.mark.must("RFC 1939 §3")
@pytest.mark.announced("USER")
@pytest.mark.parametrize(("user", "password"), [("user", "pass"), ("uSeR", "PasS")])
def test_keywords_ignore_case_before_login(target: Target, user: str, password: str) -> None:
    """USER, PASS and QUIT are keywords in any case."""
    session = target.ready()
    session.accepted(f"{user} {target.account.name}")
    session.accepted(f"{password} {target.account.password}")
    session.accepted("quit")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_pass_needs_user(target: Target) -> None:
    """PASS is refused without a USER before it."""
    target.ready().refused(f"PASS {target.account.password}")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
@pytest.mark.parametrize("command", ["USER", "USER "], ids=["USER", "USER and a space"])
def test_user_needs_a_name(target: Target, command: str) -> None:
    """USER without a name is refused."""
    target.ready().refused(command)


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_empty_password(target: Target) -> None:
    """PASS without a password is refused."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused("PASS")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_wrong_password(target: Target) -> None:
    """A wrong password is refused, and the session stays in AUTHORIZATION state or ends."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused(f"PASS {WRONG}")
    session.refused_or_closed("STAT")


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
@pytest.mark.parametrize("change", ["longer", "shorter"])
def test_password_is_compared_whole(target: Target, change: str) -> None:
    """The right password with a letter more or less is refused."""
    password = target.account.password
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused(f"PASS {password}x" if change == "longer" else f"PASS {password[:-1]}")


@pytest.mark.must("RFC 1939 §4")
@pytest.mark.announced("USER")
def test_second_try(target: Target) -> None:
    """After a refused password, a server that keeps the connection takes the right one."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused(f"PASS {WRONG}")
    try:
        session.accepted(f"USER {target.account.name}")
    except ClosedError:
        return
    session.accepted(f"PASS {target.account.password}")
    session.quit()


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_pass_follows_user_at_once(target: Target) -> None:
    """After a refused PASS, PASS alone is refused: it needs a successful USER immediately before it."""
    session = target.ready()
    session.accepted(f"USER {target.account.name}")
    session.refused(f"PASS {WRONG}")
    session.refused_or_closed(f"PASS {target.account.password}")


@pytest.mark.should("RFC 1939 §13")
@pytest.mark.announced("USER")
def test_user_tells_nothing(target: Target) -> None:
    """USER and PASS answer alike for an unknown name and a wrong password."""
    known, unknown = (_user_and_wrong_pass(target, name) for name in (target.account.name, target.unknown()))
    assert known == unknown


@pytest.mark.should("RFC 1939 §7")
@pytest.mark.announced("USER")
def test_spaces_in_password(target: Target) -> None:
    """Spaces within the argument of PASS belong to the password."""
    if target.second is None or " " not in target.second.password:
        pytest.skip("needs a --second-password with a space in it")
    session = target.ready()
    session.accepted(f"USER {target.second.name}")
    session.accepted(f"PASS {target.second.password}")
    session.quit()


@pytest.mark.must("RFC 1939 §7")
def test_timestamp_differs(target: Target) -> None:
    """A timestamp in the greeting is a message id, and never the same twice."""
    first, second = (_timestamp(target.ready()) for _ in range(2))
    assert re.fullmatch(rb"<[^<>@\s]+@[^<>@\s]+>", first)
    assert first != second


@pytest.mark.must("RFC 1939 §7")
def test_apop(target: Target) -> None:
    """APOP with the right digest opens the maildrop where the greeting has a timestamp."""
    session = target.ready()
    digest = hashlib.md5(_timestamp(session) + target.account.password.encode(), usedforsecurity=False).hexdigest()
    session.accepted(f"APOP {target.account.name} {digest}")
    session.quit()


@pytest.mark.must("RFC 1939 §7")
@pytest.mark.parametrize(
    "digest",
    ["", "0", "0" * 32, hashlib.md5(b"", usedforsecurity=False).hexdigest()],
    ids=["none", "short", "zeros", "empty"],
)
def test_apop_with_a_wrong_digest(target: Target, digest: str) -> None:
    """APOP is refused with a wrong digest, and where it is not implemented."""
    target.ready().refused(f"APOP {target.account.name} {digest}".rstrip())


def _user_and_wrong_pass(target: Target, name: str) -> list[str]:
    session = target.ready()
    replies = [session.command(f"USER {name}"), session.command(f"PASS {WRONG}")]
    return [str(reply).replace(name, "NAME") for reply in replies]


def _timestamp(session: Pop3) -> bytes:
    found = re.search(rb"<.*>", session.greeting.text)
    if not found:
        pytest.skip("not announced: a timestamp for APOP")
    return found[0]
