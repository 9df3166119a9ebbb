"""RFC 5802 and RFC 7677: SCRAM, in each form that CAPA names."""

import base64

import pytest
from pop3_client import Pop3, Reply
from scram import Scram, attributes, server_end_point
from target import Target

DIGESTS = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
WRONG = "not-the-password-of-anyone"
NO_FIRST = {
    "nothing": b"",
    "header only": b"n,,",
    "no nonce": b"n,,n=",
    "no header": b"n=user,r=nonce",
    "unknown flag": b"x,,n=user,r=nonce",
    "mandatory extension": b"n,,m=mandatory,n=user,r=nonce",
    "bare equals sign": b"n,,n=us=er,r=nonce",
    "wrong order": b"n,,r=nonce,n=user",
    "empty nonce": b"n,,n=user,r=",
}


@pytest.fixture(params=list(DIGESTS))
def mechanism(request: pytest.FixtureRequest, target: Target) -> str:
    """Each SCRAM mechanism that is announced."""
    name: str = request.param
    if f"SASL {name}" not in target.capabilities:
        pytest.skip(f"not announced: SASL {name}")
    return name


@pytest.fixture
def client(target: Target, mechanism: str) -> Scram:
    return Scram(target.account.name, target.account.password, DIGESTS[mechanism])


def begun(session: Pop3, mechanism: str, client: Scram) -> bytes:
    """Send client-first-message; server-first-message."""
    challenge = session.challenge_after(f"AUTH {mechanism} {base64.b64encode(client.first()).decode()}")
    assert isinstance(challenge, bytes), f"refused at its first message: {challenge}"
    return challenge


def ended(session: Pop3, answer: bytes | Reply) -> Reply:
    """The status line that ends an exchange, perhaps after an error in a challenge; any other challenge fails."""
    if isinstance(answer, bytes):
        assert answer.startswith(b"e="), f"answered as if it were right: {answer!r}"
        answer = session.challenge_after("")
    assert isinstance(answer, Reply)
    return answer


def outcome(session: Pop3, mechanism: str, client: Scram) -> Reply:
    """A whole exchange, and how it ended; a server that signs wrongly fails the test."""
    challenge = session.challenge_after(f"AUTH {mechanism} {base64.b64encode(client.first()).decode()}")
    if isinstance(challenge, bytes) and not challenge.startswith(b"e="):
        challenge = session.answer(client.final(challenge))
    if isinstance(challenge, bytes) and challenge.startswith(b"v="):
        assert client.server_is_genuine(challenge)
        challenge = session.challenge_after("")
    return ended(session, challenge)


@pytest.mark.must("RFC 5802 §3")
def test_login(target: Target, mechanism: str, client: Scram) -> None:
    """The right password signs in, and the server proves that it knows the keys before it says +OK."""
    session = target.ready()
    signed = session.answer(client.final(begun(session, mechanism, client)))
    assert isinstance(signed, bytes), f"no server-final-message: {signed}"
    assert client.server_is_genuine(signed)
    reply = session.challenge_after("")
    assert isinstance(reply, Reply)
    assert reply.ok
    session.stat()
    session.quit()


@pytest.mark.must("RFC 5034 §4")
def test_without_initial_response(target: Target, mechanism: str, client: Scram) -> None:
    """Without an initial response the server sends an empty challenge first."""
    session = target.ready()
    assert session.challenge_after(f"AUTH {mechanism}") == b""
    challenge = session.answer(client.first())
    assert isinstance(challenge, bytes)
    signed = session.answer(client.final(challenge))
    assert isinstance(signed, bytes)
    assert client.server_is_genuine(signed)


@pytest.mark.must("RFC 5802 §5.1")
def test_nonce(target: Target, mechanism: str, client: Scram) -> None:
    """The server adds to the client's nonce, each time something else."""
    nonces = {attributes(begun(target.ready(), mechanism, client))["r"] for _ in range(3)}
    assert len(nonces) == 3
    assert all(nonce.startswith(client.nonce) and len(nonce) > len(client.nonce) for nonce in nonces)


@pytest.mark.should("RFC 7677 §4")
def test_rounds(target: Target, mechanism: str, client: Scram) -> None:
    """The iteration count is 4,096 at least."""
    assert int(attributes(begun(target.ready(), mechanism, client))["i"]) >= 4096


@pytest.mark.should("RFC 5802 §9")
def test_same_salt(target: Target, mechanism: str, client: Scram) -> None:
    """Salt and iteration count of an account stay the same, so that a client can keep its keys."""
    challenges = [attributes(begun(target.ready(), mechanism, client)) for _ in range(2)]
    assert len({(challenge["s"], challenge["i"]) for challenge in challenges}) == 1


@pytest.mark.must("RFC 5802 §3")
def test_wrong_password(target: Target, mechanism: str, client: Scram) -> None:
    """A wrong password is refused, and the server shows no signature."""
    client.password = WRONG
    session = target.ready()
    assert not ended(session, session.answer(client.final(begun(session, mechanism, client)))).ok


@pytest.mark.must("RFC 5802 §5.1")
def test_unknown_name(target: Target, mechanism: str, client: Scram) -> None:
    """An unknown name is refused."""
    client.name = target.unknown()
    assert not outcome(target.ready(), mechanism, client).ok


@pytest.mark.must("RFC 5802 §5.1")
@pytest.mark.parametrize("change", ["nonce", "no nonce of the server", "channel binding", "proof", "no proof"])
def test_tampered_final_message(target: Target, mechanism: str, client: Scram, change: str) -> None:
    """A client-final-message with another nonce, channel binding or proof is refused, however right its proof is."""
    session = target.ready()
    challenge = begun(session, mechanism, client)
    if change == "nonce":
        client.false_nonce = attributes(challenge)["r"] + "x"
    elif change == "no nonce of the server":
        client.false_nonce = client.nonce
    elif change == "channel binding":
        client.false_channel = b"y,,"
    message, _, proof = client.final(challenge).rpartition(b",p=")
    if change == "proof":
        message += b",p=" + base64.b64encode(bytes(len(base64.b64decode(proof))))
    elif change != "no proof":
        message += b",p=" + proof
    assert not ended(session, session.answer(message)).ok


@pytest.mark.must("RFC 5802 §5.1")
def test_replay(target: Target, mechanism: str, client: Scram) -> None:
    """A final message that signed in once does not sign in again."""
    first = target.ready()
    final = client.final(begun(first, mechanism, client))
    assert isinstance(first.answer(final), bytes)
    second = target.ready()
    begun(second, mechanism, client)
    assert not ended(second, second.answer(final)).ok


@pytest.mark.must("RFC 5802 §7")
@pytest.mark.parametrize("message", NO_FIRST.values(), ids=NO_FIRST.keys())
def test_first_message_grammar(target: Target, mechanism: str, message: bytes) -> None:
    """A client-first-message outside the grammar, or with an extension that must be understood, is refused."""
    session = target.ready()
    assert session.challenge_after(f"AUTH {mechanism}") == b""
    assert not ended(session, session.answer(message)).ok


@pytest.mark.must("RFC 5802 §6")
def test_binding_without_plus(target: Target, mechanism: str, client: Scram) -> None:
    """The p flag, which asks for channel binding, is refused by a mechanism without -PLUS."""
    client.header = "p=tls-server-end-point,,"
    assert not outcome(target.ready(), mechanism, client).ok


@pytest.mark.must("RFC 5802 §6")
def test_downgrade(target: Target, mechanism: str, client: Scram) -> None:
    """The y flag signs in where no -PLUS is announced, and is refused where it is: somebody hid it."""
    client.header = "y,,"
    assert outcome(target.ready(), mechanism, client).ok == (f"SASL {mechanism}-PLUS" not in target.capabilities)


@pytest.mark.must("RFC 5802 §5.1")
def test_authorization_id_of_another(target: Target, mechanism: str, client: Scram) -> None:
    """An authorization id of somebody else does not sign in."""
    client.header = f"n,a={target.unknown()},"
    assert not outcome(target.ready(), mechanism, client).ok


@pytest.mark.must("RFC 5802 §6")
def test_plus(target: Target, mechanism: str, client: Scram) -> None:
    """A -PLUS mechanism that is announced signs in, bound to the TLS server's certificate or to the handshake."""
    if f"SASL {mechanism}-PLUS" not in target.capabilities:
        pytest.skip(f"not announced: SASL {mechanism}-PLUS")
    assert any(_bound(target, mechanism, client, kind).ok for kind in ("tls-server-end-point", "tls-unique"))


@pytest.mark.must("RFC 5802 §6")
def test_plus_over_another_channel(target: Target, mechanism: str, client: Scram) -> None:
    """A -PLUS mechanism refuses the binding of another channel."""
    if f"SASL {mechanism}-PLUS" not in target.capabilities:
        pytest.skip(f"not announced: SASL {mechanism}-PLUS")
    client.header, client.binding = "p=tls-server-end-point,,", bytes(32)
    assert not outcome(target.ready(), f"{mechanism}-PLUS", client).ok


def _bound(target: Target, mechanism: str, client: Scram, kind: str) -> Reply:
    session = target.ready()
    tls = session.wire.tls
    assert tls is not None, "a -PLUS mechanism is announced without TLS"
    if kind == "tls-server-end-point":
        client.binding = server_end_point(tls.getpeercert(binary_form=True) or b"")
    else:
        client.binding = tls.get_channel_binding("tls-unique") or b""
    client.header = f"p={kind},,"
    return outcome(session, f"{mechanism}-PLUS", client)
