"""RFC 2595: STLS, and what an attacker on the line could try with it."""

import pytest
from target import Target, host_of
from wire import ClosedError, ProtocolError

pytestmark = pytest.mark.announced("STLS")


@pytest.mark.must("RFC 2595 §4")
def test_stls(target: Target) -> None:
    """STLS begins TLS, and the session goes on in AUTHORIZATION state without a second greeting."""
    session = target.start_tls(target.connect())
    session.refused("STAT")
    assert session.capabilities().lines
    session.quit()


@pytest.mark.must("RFC 2595 §4")
def test_login_after_stls(target: Target) -> None:
    """Under TLS begun by STLS a login succeeds."""
    session = target.start_tls(target.connect())
    assert target.sign_in(session).ok
    session.accepted("NOOP")
    session.quit()


@pytest.mark.must("RFC 2595 §4")
def test_keyword_ignores_case(target: Target) -> None:
    """STLS is a keyword in any case."""
    session = target.connect()
    session.accepted("stls")
    session.wire.start_tls(target.tls, host_of(target.pop3 or ""))
    session.quit()


@pytest.mark.must("RFC 2595 §4")
def test_stls_after_login(target: Target) -> None:
    """STLS is refused after login."""
    target.login().refused("STLS")


@pytest.mark.must("RFC 2595 §4")
def test_stls_with_an_argument(target: Target) -> None:
    """STLS takes no argument."""
    target.connect().refused("STLS now")


@pytest.mark.should("RFC 2595 §4")
def test_stls_twice(target: Target) -> None:
    """STLS is refused where TLS is there already."""
    target.start_tls(target.connect()).refused("STLS")


@pytest.mark.must("RFC 2595 §4")
@pytest.mark.parametrize("where", ["under TLS", "after login"])
def test_announced_where_permitted(target: Target, where: str) -> None:
    """CAPA does not list STLS where it is not permitted."""
    session = target.start_tls(target.connect())
    if where == "after login":
        assert target.sign_in(session).ok
    assert "STLS" not in session.capabilities()


@pytest.mark.must("RFC 2595 §4")
@pytest.mark.parametrize(
    "injected",
    [b"NOSUCH\r\n", b"CAPA\r\n", b"USER injected\r\nPASS injected\r\n", b"QUIT\r\n", b"NOO"],
    ids=["unknown command", "CAPA", "USER and PASS", "QUIT", "half a command"],
)
def test_injected_commands(target: Target, injected: bytes) -> None:
    """What follows STLS in clear is not executed under TLS: it is dropped, or the connection is."""
    session = target.connect()
    session.wire.send(b"STLS\r\n" + injected)
    if not session.reply().ok:
        return
    try:
        session.wire.start_tls(target.tls, host_of(target.pop3 or ""))
    except (OSError, ProtocolError):
        return
    try:
        first = session.command("CAPA")
        assert first.ok, f"the injected command was answered: {first}"
        block = session.wire.block()
        assert not block.startswith((b"+OK", b"-ERR")), "the injected command was answered"
        session.quit()
    except ClosedError:
        return


@pytest.mark.must("RFC 2595 §4")
@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01\x00\x05hello"], ids=["nothing", "a broken ClientHello"])
def test_no_handshake(target: Target, hello: bytes) -> None:
    """Commands in clear after STLS, where the handshake belongs or has failed, are not answered."""
    session = target.connect()
    session.accepted("STLS")
    session.wire.send(hello + b"CAPA\r\nCAPA\r\n")
    session.wire.stop_sending()
    answer = session.wire.rest()
    assert b"+OK" not in answer
    assert b"-ERR" not in answer


@pytest.mark.must("RFC 2595 §2.3")
def test_no_password_in_clear(target: Target) -> None:
    """Where CAPA in clear lists no USER, USER and PASS are refused in clear."""
    session = target.connect()
    if "USER" in session.capabilities():
        pytest.skip("USER is announced in clear")
    if session.command(f"USER {target.account.name}").ok:
        session.refused(f"PASS {target.account.password}")
    session.refused_or_closed("STAT")


@pytest.mark.must("RFC 2449 §6.2")
def test_what_is_announced_in_clear_works_in_clear(target: Target) -> None:
    """Where CAPA in clear lists USER, USER and PASS open the maildrop in clear, and LIST answers."""
    session = target.connect()
    if "USER" not in session.capabilities():
        pytest.skip("USER is not announced in clear")
    session.accepted(f"USER {target.account.name}")
    session.accepted(f"PASS {target.account.password}")
    session.multi_line("LIST")


@pytest.mark.must("RFC 2595 §2.3")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_no_plaintext_mechanism_in_clear(target: Target, mechanism: str) -> None:
    """Where CAPA in clear does not list a plaintext mechanism that it lists under TLS, AUTH refuses it in clear."""
    if not target.announces(f"SASL {mechanism}"):
        pytest.skip(f"not announced: SASL {mechanism}")
    session = target.connect()
    if f"SASL {mechanism}" in session.capabilities():
        pytest.skip(f"SASL {mechanism} is announced in clear")
    session.refused(f"AUTH {mechanism}")


@pytest.mark.should("RFC 5034 §4")
def test_plain_waits_for_tls(target: Target) -> None:
    """CAPA lists SASL PLAIN and USER only under TLS."""
    in_clear = target.connect().capabilities()
    assert "SASL PLAIN" not in in_clear
    assert "USER" not in in_clear
