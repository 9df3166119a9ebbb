"""The AUTHORIZATION state: capabilities, TLS, language, login (RFC 1939 section 4; RFC 2449, 2595, 5034, 6856).

APOP is not offered: it needs the password itself in the store, and MD5. The greeting has no timestamp, so nobody asks.
"""

from base64 import b64encode
from collections.abc import Generator
from typing import Any

from pop3service.client import Client, CommandError, Outcome, ReadLine, Talk, no_argument, refusal
from pop3service.requests import Code, LoggedIn, Login, LoginAnswer, Request, ask
from pop3service.sasl import MECHANISMS, SAFE_IN_CLEAR, Challenge, Channel, Exchange, SaslError, unbase64
from pop3service.words import NAMES, Text, find_language


def greeting(client: Client) -> bytes:
    return client.ok(Text.GREETING, host=client.rules.host)


def capa(client: Client, argument: bytes) -> bytes:
    no_argument(argument)
    lines = [*capabilities(client), "."]
    return client.ok(Text.CAPABILITIES) + "".join(f"{line}\r\n" for line in lines).encode()


def capabilities(client: Client) -> list[str]:
    """Return what CAPA lists now.

    What is there before login stays listed after it, used up or not (RFC 2449 section 5); STLS alone is listed only
    where it is permitted (RFC 2595 section 4). LOGIN-DELAY and EXPIRE become the user's own at login.
    """
    mechanisms = offered(client)
    return [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        *(["USER"] if client.may_send_passwords else []),
        *([f"SASL {' '.join(mechanisms)}"] if mechanisms else []),
        *(["STLS"] if client.may_start_tls else []),
        *login_delay(client),
        expire(client),
        "UTF8 USER",
        "LANG",
        f"IMPLEMENTATION {client.rules.implementation}",
    ]


def login_delay(client: Client) -> list[str]:
    if client.login is not None:
        return [f"LOGIN-DELAY {client.login.login_delay}"] if client.login.login_delay else []
    return [f"LOGIN-DELAY {client.rules.login_delay} USER"] if client.rules.login_delay else []


def expire(client: Client) -> str:
    if client.login is not None:
        return "EXPIRE NEVER" if client.login.expire is None else f"EXPIRE {client.login.expire}"
    return "EXPIRE NEVER" if client.rules.expire is None else f"EXPIRE {client.rules.expire} USER"


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
    """Messages go out as they came in either mode, so this changes what the client expects and nothing else."""
    no_argument(argument)
    client.utf8 = True
    return client.ok(Text.UTF8_ON)


def lang(client: Client, argument: bytes) -> bytes:
    wanted = argument.strip().decode("ascii", "replace")
    if not wanted:
        listed = "".join(f"{tag} {name}\r\n" for tag, name in NAMES.items())
        return client.ok(Text.LANGUAGES) + f"{listed}.\r\n".encode()
    found = find_language(client.rules.language if wanted == "*" else wanted)
    if found is None:
        raise CommandError(Text.UNKNOWN_LANGUAGE)
    client.language = found
    return f"+OK {found} {client.words(Text.LANGUAGE_CHANGED)}\r\n".encode()


def user(client: Client, argument: bytes) -> bytes:
    """Take any name: whether it exists is not told, and not known before PASS."""
    client.user = None
    if not client.may_send_passwords:
        raise CommandError(Text.NO_PLAIN_LOGIN, code=Code.SYS_PERM)
    client.user = text(argument.strip())
    return client.ok(Text.SEND_PASSWORD)


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
        known = name in MECHANISMS and name in client.rules.mechanisms and not client.may_send_passwords
        raise CommandError(Text.NO_PLAIN_LOGIN, code=Code.SYS_PERM) if known else CommandError(Text.UNKNOWN_MECHANISM)
    try:
        answer = yield from exchange(MECHANISMS[name](channel(client)), *words[1:])
    except SaslError:
        raise CommandError(Text.AUTH_MALFORMED, bad=True) from None
    return (yield from enter(client, answer))


def exchange(mechanism: Exchange, *initial: bytes) -> Generator[bytes | Request[Any], Any, LoginAnswer]:
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
    yield client.ok(Text.MAILDROP, messages=answer.messages, octets=answer.octets)
    return Outcome.LOGGED_IN


def leave(client: Client, argument: bytes) -> Talk:
    no_argument(argument)
    yield client.ok(Text.BYE)
    return Outcome.LEAVE


def offered(client: Client) -> list[str]:
    """Return the mechanisms that work on this line as it is, in the rules' order."""
    tls = client.peer.tls
    return [
        name
        for name in client.rules.mechanisms
        if (client.may_send_passwords or name in SAFE_IN_CLEAR)
        and (not name.endswith("-PLUS") or (tls is not None and tls.end_point is not None))
    ]


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
