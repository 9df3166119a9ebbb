"""The AUTHORIZATION state: TLS and login (RFC 1939 section 4, RFC 2595, RFC 5034).

APOP is not offered: it needs the password itself in the store, and MD5. The greeting has no timestamp, so nobody asks.
"""

from base64 import b64encode
from collections.abc import Generator
from typing import Any

from pop3service.capabilities import offered
from pop3service.client import Client, CommandError, Outcome, ReadLine, Talk, no_argument, refusal
from pop3service.requests import (
    CheckLine,
    Code,
    LoggedIn,
    Login,
    LoginAnswer,
    ReadListing,
    Reason,
    Request,
    TokenLogin,
    Unavailable,
    ask,
)
from pop3service.sasl import MECHANISMS, Challenge, Channel, Exchange, SaslError, unbase64
from pop3service.words import Text


def greeting(client: Client) -> bytes:
    return client.ok(Text.GREETING, host=client.rules.host)


def stls(client: Client, argument: bytes) -> Talk:
    """Begin TLS, unless something was sent behind the command: in clear, so anybody may have put it there."""
    no_argument(argument)
    if client.peer.tls is not None:
        raise CommandError(Text.TLS_ACTIVE)
    if not client.rules.stls:
        raise CommandError(Text.NO_TLS)
    if client.utf8:
        raise CommandError(Text.TLS_AFTER_UTF8)
    if len(client.lines):
        raise CommandError(Text.TLS_PIPELINED, bad=True)
    yield client.ok(Text.BEGIN_TLS)
    return Outcome.HANDSHAKE


def utf8(client: Client, argument: bytes) -> bytes:
    """Messages then go out as they came. So they do without it, unless the domain chose headers in ASCII."""
    no_argument(argument)
    client.utf8 = True
    return client.ok(Text.UTF8_ON)


def user(client: Client, argument: bytes) -> bytes | Talk:
    """Take any name: whether it exists is not told, and not known before PASS."""
    client.user = None
    if not client.line_fits_all:
        return user_if_fitting(client, argument)
    client.user = text(argument.strip())
    return client.ok(Text.SEND_PASSWORD)


def user_if_fitting(client: Client, argument: bytes) -> Talk:
    yield from require_fitting("USER", argument.strip().decode("utf-8", "replace"))
    client.user = text(argument.strip())
    yield client.ok(Text.SEND_PASSWORD)
    return None


def require_fitting(mechanism: str, name: str) -> Generator[Request[Any], Any, None]:
    """Raise CommandError where this line is not safe enough for the name: for USER before the password is sent."""
    reason = yield from ask(CheckLine(mechanism, name))
    if isinstance(reason, Unavailable):
        raise refusal(reason)
    if reason is Reason.TLS_NEEDED:
        raise CommandError(Text.NO_PLAIN_LOGIN, code=Code.SYS_PERM)
    if reason is not None:
        raise CommandError(reason, code=Code.SYS_PERM)


def password(client: Client, argument: bytes) -> Talk:
    """PASS: all that follows the one blank is the password, blanks too (RFC 1939 section 7)."""
    name, client.user = client.user, None
    if name is None:
        raise CommandError(Text.USER_FIRST, bad=True)
    answer = yield from ask(Login("USER", name, text(argument)))
    return (yield from enter(client, answer))


def auth(client: Client, argument: bytes) -> Talk:
    """AUTH mechanism [initial response]; alone, it lists the mechanisms, as RFC 1734's clients expect."""
    words = argument.split()
    if not words:
        yield client.ok(Text.MECHANISMS) + "".join(f"{name}\r\n" for name in [*offered(client), "."]).encode()
        return None
    if len(words) > 2:
        raise CommandError(Text.AUTH_MALFORMED, bad=True)
    name = words[0].upper().decode("ascii", "replace")
    if name not in offered(client):
        if name in client.rules.mechanisms and not client.may_send_passwords:
            raise CommandError(Text.NO_PLAIN_LOGIN, code=Code.SYS_PERM)
        raise CommandError(Text.UNKNOWN_MECHANISM)
    try:
        answer = yield from exchange(client, MECHANISMS[name](channel(client)), *words[1:])
    except SaslError:
        raise CommandError(Text.AUTH_MALFORMED, bad=True) from None
    return (yield from enter(client, answer))


def exchange(client: Client, mechanism: Exchange, *initial: bytes) -> Generator[bytes | Request[Any], Any, LoginAnswer]:
    """Carry a mechanism's challenges to the client in base64, and its other requests to the store."""
    answers = [*initial]
    answer: object = None
    while True:
        try:
            step = mechanism.send(answer)
        except StopIteration as end:
            outcome: LoginAnswer = end.value
            return outcome
        if not isinstance(step, Challenge):
            if isinstance(step, Login | TokenLogin) and not client.line_fits_all:
                yield from require_fitting(step.mechanism, step.name)
            answer = yield step
        elif answers:
            answer = b"" if answers[0] == b"=" else unbase64(answers[0])
            answers.clear()
        else:
            yield b"+ " + b64encode(step.data) + b"\r\n"
            line = yield from ask(ReadLine())
            if line == b"*":
                raise CommandError(Text.AUTH_CANCELLED)
            answer = unbase64(line)


def enter(client: Client, answer: LoginAnswer) -> Talk:
    if not isinstance(answer, LoggedIn):
        raise refusal(answer)
    client.enter(answer)
    if client.ascii:
        listing = yield from ask(ReadListing(ascii=True))  # where that fails, the first command says so
        if not isinstance(listing, Unavailable):
            client.maildrop.list_octets(listing.octets)
    yield client.ok(Text.MAILDROP, messages=client.maildrop.messages, octets=client.maildrop.octets)
    return Outcome.LOGGED_IN


def leave(client: Client, argument: bytes) -> Talk:
    no_argument(argument)
    yield client.ok(Text.BYE)
    return Outcome.LEAVE


def channel(client: Client) -> Channel:
    tls = client.peer.tls
    return Channel(
        end_point=None if tls is None else tls.end_point,
        plus_offered="SCRAM-SHA-256-PLUS" in offered(client),
        openid_configuration=client.rules.openid_configuration,
    )


def text(argument: bytes) -> str:
    if not argument:
        raise CommandError(Text.ARGUMENT_NEEDED, bad=True)
    try:
        return argument.decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError(Text.NOT_UTF8) from None
