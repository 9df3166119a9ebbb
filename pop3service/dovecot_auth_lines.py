"""The lines of Dovecot's auth-client protocol: fields between tabs, escaped (Dovecot's auth protocol document, 1.3)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LARGEST_NUMBER = 2**32 - 1

PROPERTIES = {"SCRAM-SHA-256": "mutual-auth"}  # any other mechanism gives its secret away without TLS
PLAINTEXT = "plaintext"


class ProtocolError(Exception):
    """The client does not speak this protocol; nothing can be answered, the line is closed."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the handshake says of us; `connection` is new for each line, `cookie` 128 random bits in hex."""

    pid: int
    connection: int
    cookie: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in. `address` is the mail client's, `local` where it connected to; "" where the MTA does not say."""

    number: int
    mechanism: str
    service: str
    address: str = ""
    local: str = ""
    session: str = ""
    secured: bool = False


def handshake(mechanisms: Iterable[str], identity: Identity) -> bytes:
    lines = [
        "VERSION\t1\t2",
        *(f"MECH\t{name}\t{PROPERTIES.get(name, PLAINTEXT)}" for name in mechanisms),
        f"SPID\t{identity.pid}",
        f"CUID\t{identity.connection}",
        f"COOKIE\t{identity.cookie}",
        "DONE",
    ]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def attempt_of(fields: list[bytes]) -> tuple[Attempt, bytes | None]:
    """Read an AUTH line: number, mechanism, parameters. What follows resp= is ignored, as the document has it."""
    if len(fields) < 2:
        raise ProtocolError
    values: dict[str, str] = {}
    initial: bytes | None = None
    for field in fields[2:]:
        name, _, value = field.partition(b"=")
        if name == b"resp":
            initial = value or None  # Exim sends an empty one where there is none
            break
        values[unescape(name)] = unescape(value)
    if not values.get("service"):
        raise ProtocolError
    attempt = Attempt(
        number=unsigned(fields[0]),
        mechanism=unescape(fields[1]).upper(),
        service=values["service"],
        address=values.get("rip", ""),
        local=values.get("lip", ""),
        session=values.get("session", ""),
        secured="secured" in values or values.get("transport") in ("TLS", "trusted"),
    )
    return attempt, initial


def unsigned(field: bytes) -> int:
    """Return an unsigned number of 32 bits."""
    if not field.isdigit() or len(field) > 10 or int(field) > LARGEST_NUMBER:
        raise ProtocolError
    return int(field)


ESCAPES = {"\0": "\x010", "\x01": "\x011", "\t": "\x01t", "\r": "\x01r", "\n": "\x01n"}
UNESCAPES = {"0": "\0", "1": "\x01", "t": "\t", "r": "\r", "n": "\n"}


def escape(text: str) -> bytes:
    """Escape what would end a field or a line (Dovecot's tab-escaping)."""
    return "".join(ESCAPES.get(char, char) for char in text).encode("utf-8", "replace")


def unescape(field: bytes) -> str:
    """Undo `escape`; an escape that is none stands for its second character."""
    text = field.decode("utf-8", "replace")
    return re.sub("\x01(.?)", lambda found: UNESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
