"""RFC 5034: the AUTH command, with RFC 4616's PLAIN as the mechanism that every server has."""

import base64

import pytest
from maildrop import Maildrop
from pop3_client import Pop3, Reply
from target import Target

plain = pytest.mark.announced("SASL PLAIN")
NO_PLAIN = {
    "nothing": b"",
    "NUL": b"\0",
    "NUL NUL": b"\0\0",
    "no NUL": b"{name}",
    "one NUL": b"{name}\0{word}",
    "no password": b"\0{name}",
    "empty password": b"\0{name}\0",
    "empty name": b"\0\0{word}",
    "NUL behind": b"\0{name}\0{word}\0",
    "four parts": b"\0{name}\0{word}\0x",
}


def token(target: Target) -> bytes:
    """The PLAIN message that signs the account in."""
    return f"\0{target.account.name}\0{target.account.password}".encode()


def encoded(message: bytes) -> str:
    return base64.b64encode(message).decode()


def challenged(session: Pop3, command: str = "AUTH PLAIN") -> Pop3:
    """AUTH without an initial response, and the empty challenge that answers it."""
    challenge = session.challenge_after(command)
    assert challenge == b"", f"the empty challenge is a plus sign and a space, not {challenge!r}"
    return session


def ended(outcome: bytes | Reply) -> Reply:
    """The status line that ends an exchange; a further challenge fails the test."""
    assert isinstance(outcome, Reply), f"a challenge where the exchange should have ended: {outcome!r}"
    return outcome


@pytest.mark.must("RFC 5034 §4")
@plain
def test_initial_response(target: Target) -> None:
    """AUTH PLAIN with an initial response signs in."""
    session = target.ready()
    session.accepted(f"AUTH PLAIN {encoded(token(target))}")
    session.stat()
    session.quit()


@pytest.mark.must("RFC 5034 §4")
@plain
def test_empty_challenge(target: Target) -> None:
    """AUTH PLAIN without an initial response is answered by an empty challenge, and its answer signs in."""
    session = challenged(target.ready())
    assert ended(session.answer(token(target))).ok
    session.stat()
    session.quit()


@pytest.mark.must("RFC 5034 §5")
@plain
@pytest.mark.parametrize("command", ["auth plain", "Auth Plain", "AUTH pLaIn"])
def test_ignores_case(target: Target, command: str) -> None:
    """AUTH and the name of a mechanism are read in any case."""
    assert ended(challenged(target.ready(), command).answer(token(target))).ok


@pytest.mark.must("RFC 5034 §4")
@plain
def test_cancel(target: Target) -> None:
    """A single star cancels: -ERR, and the next login succeeds."""
    session = challenged(target.ready())
    session.refused("*")
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@plain
@pytest.mark.parametrize(
    "response",
    ["=AAA", "AAA=BBB", "AAA", "A", "AA=A", "AA===", "!!!!", "AAAA AAAA", "AAAA*", "Zm9v-_=="],
)
def test_bad_base64(target: Target, response: str) -> None:
    """A response that is not base64 is refused, and the next login succeeds."""
    session = challenged(target.ready())
    session.refused(response)
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@plain
@pytest.mark.parametrize("noise", ["!", "\t", "-", "."], ids=["!", "TAB", "-", "."])
def test_base64_with_noise(target: Target, noise: str) -> None:
    """Octets outside the base64 alphabet within the right response are not skipped."""
    right = encoded(token(target))
    challenged(target.ready()).refused(right[:8] + noise + right[8:])


@pytest.mark.must("RFC 5034 §4")
@plain
@pytest.mark.parametrize("response", ["=AAA", "AAA", "!!!!", "=="])
def test_bad_initial_response(target: Target, response: str) -> None:
    """An initial response that is not base64 is refused."""
    target.ready().refused(f"AUTH PLAIN {response}")


@pytest.mark.must("RFC 5034 §4")
@plain
def test_equals_sign(target: Target) -> None:
    """The initial response "=" is an empty response, which PLAIN refuses, and no request for a challenge."""
    session = target.ready()
    assert not ended(session.challenge_after("AUTH PLAIN =")).ok
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@plain
def test_empty_response(target: Target) -> None:
    """An empty line in answer to the challenge is an empty response, which PLAIN refuses."""
    session = challenged(target.ready())
    assert not ended(session.challenge_after("")).ok
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@pytest.mark.announced("SASL")
@pytest.mark.parametrize("mechanism", ["NOSUCH", "PLAINTEXT", "X" * 20, "-"])
def test_unknown_mechanism(target: Target, mechanism: str) -> None:
    """A mechanism that the server does not have is refused."""
    target.ready().refused(f"AUTH {mechanism}")


@pytest.mark.must("RFC 2449 §6.3")
@pytest.mark.announced("SASL")
def test_each_mechanism_begins(target: Target) -> None:
    """Each mechanism that SASL names begins an exchange, which a star ends."""
    for mechanism in target.capabilities.by_tag["SASL"]:
        session = target.ready()
        challenge = session.challenge_after(f"AUTH {mechanism}")
        assert isinstance(challenge, bytes), f"AUTH {mechanism}: {challenge}"
        session.refused("*")


@pytest.mark.must("RFC 5034 §4")
@plain
@pytest.mark.parametrize("command", ["AUTH PLAIN", "AUTH PLAIN =", "AUTH NOSUCH", "AUTH"])
def test_auth_after_login(target: Target, command: str) -> None:
    """AUTH is refused after login, and the session goes on."""
    session = target.ready()
    session.accepted(f"AUTH PLAIN {encoded(token(target))}")
    session.refused(command)
    session.accepted("NOOP")


@pytest.mark.must("RFC 5034 §4")
@plain
def test_other_command_after_failure(target: Target) -> None:
    """After a refused AUTH the server behaves as if there had been none."""
    session = target.ready()
    session.refused(f"AUTH PLAIN {encoded(token(target) + b'x')}")
    session.refused("STAT")
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@plain
def test_long_response(target: Target) -> None:
    """The longest response that PLAIN allows, three parts of 255 octets, is read whole."""
    session = challenged(target.ready())
    reply = ended(session.answer(b"\0".join([b"x" * 255] * 3)))
    assert not reply.ok
    assert reply.code == "AUTH" or "AUTH-RESP-CODE" not in target.capabilities, f"not for its credentials: {reply}"
    assert target.sign_in(session).ok


@pytest.mark.must("RFC 5034 §4")
@plain
@pytest.mark.parametrize("octets", [1024, 4096, 8192, 16384, 65536])
def test_end_of_a_long_response_is_no_command(target: Target, octets: int) -> None:
    """A response that is too long is refused once, or ends the session; its tail is never a command."""
    session = challenged(target.ready())
    response = "x" * octets + f"AUTH PLAIN {encoded(token(target))}"
    if session.refused_or_closed(response):
        session.refused_or_closed("STAT")


@pytest.mark.must("RFC 5034 §4")
@plain
def test_endless_response(target: Target) -> None:
    """A response of a megabyte is refused, or ends the session."""
    challenged(target.ready()).refused_or_closed(encoded(b"x" * 750_000))


@pytest.mark.must("RFC 5034 §4")
@plain
def test_commands_are_responses(target: Target) -> None:
    """A line within the exchange is a response, even if it looks like a command."""
    session = challenged(target.ready())
    session.refused("CAPA!")
    session = challenged(target.ready())
    session.refused("QUIT")
    assert target.sign_in(session).ok


@pytest.mark.should("RFC 5034 §4")
@pytest.mark.announced("SASL")
def test_auth_alone(target: Target) -> None:
    """AUTH without a mechanism is refused, or lists the mechanisms of CAPA one a line, as older clients expect."""
    session = target.ready()
    if session.command("AUTH").ok:
        names = [line.decode() for line in session.wire.block().split(b"\r\n")[:-1]]
        assert sorted(names) == sorted(target.capabilities.by_tag["SASL"])
    session.quit()


@pytest.mark.must("RFC 4616 §2")
@plain
@pytest.mark.parametrize("message", NO_PLAIN.values(), ids=NO_PLAIN.keys())
def test_plain_grammar(target: Target, message: bytes) -> None:
    """A PLAIN message that is not an authorization id, a name and a password is refused."""
    who = target.account
    filled = message.replace(b"{name}", who.name.encode()).replace(b"{word}", who.password.encode())
    assert not ended(challenged(target.ready()).answer(filled)).ok


@pytest.mark.should("RFC 4616 §2")
@plain
def test_authorization_id_of_oneself(target: Target) -> None:
    """An authorization id that equals the name signs in."""
    target.ready().accepted(f"AUTH PLAIN {encoded(target.account.name.encode() + token(target))}")


@pytest.mark.must("RFC 4616 §2")
@plain
def test_authorization_id_of_another(second: Maildrop) -> None:
    """An authorization id of somebody else does not open their maildrop."""
    target = second.target
    target.ready().refused(f"AUTH PLAIN {encoded(second.account.name.encode() + token(target))}")


@pytest.mark.must("RFC 5034 §4")
@pytest.mark.announced("SASL LOGIN")
def test_login_mechanism(target: Target) -> None:
    """AUTH LOGIN, announced, asks for name and password and signs in."""
    session = target.ready()
    assert isinstance(session.challenge_after("AUTH LOGIN"), bytes)
    assert isinstance(session.answer(target.account.name.encode()), bytes)
    assert ended(session.answer(target.account.password.encode())).ok
    session.stat()
