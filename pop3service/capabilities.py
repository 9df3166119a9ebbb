"""What either state answers: CAPA (RFC 2449), which must be true at every moment, and LANG (RFC 6856)."""

from pop3service.client import Client, CommandError, no_argument
from pop3service.sasl import SAFE_IN_CLEAR
from pop3service.words import NAMES, Text, find_language


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


def offered(client: Client) -> list[str]:
    """Return the mechanisms that work on this line as it is, in the rules' order."""
    tls = client.peer.tls
    return [
        name
        for name in client.rules.mechanisms
        if (client.may_send_passwords or name in SAFE_IN_CLEAR)
        and (not name.endswith("-PLUS") or (tls is not None and tls.end_point is not None))
    ]


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
