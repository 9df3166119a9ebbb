"""Where a POP3 session can stand, what it takes there, and where that leads (RFC 1939 section 3)."""

from enum import Enum, auto

from pop3service import authorization, capabilities, transaction
from pop3service.client import Command, Outcome


class State(Enum):
    NEW = auto()
    AUTHORIZATION = auto()
    HANDSHAKE = auto()
    TRANSACTION = auto()
    CLOSED = auto()


COMMANDS: dict[State, dict[bytes, Command]] = {
    State.AUTHORIZATION: {
        b"CAPA": capabilities.capa,
        b"STLS": authorization.stls,
        b"UTF8": authorization.utf8,
        b"LANG": capabilities.lang,
        b"USER": authorization.user,
        b"PASS": authorization.password,
        b"AUTH": authorization.auth,
        b"QUIT": authorization.leave,
    },
    State.TRANSACTION: {
        b"STAT": transaction.stat,
        b"LIST": transaction.list_messages,
        b"UIDL": transaction.uidl,
        b"RETR": transaction.retr,
        b"TOP": transaction.top,
        b"DELE": transaction.dele,
        b"RSET": transaction.rset,
        b"NOOP": transaction.noop,
        b"CAPA": capabilities.capa,
        b"LANG": capabilities.lang,
        b"QUIT": transaction.update,
    },
}

TRANSITIONS = {
    (State.AUTHORIZATION, Outcome.LOGGED_IN): State.TRANSACTION,
    (State.AUTHORIZATION, Outcome.HANDSHAKE): State.HANDSHAKE,
    (State.AUTHORIZATION, Outcome.LEAVE): State.CLOSED,
    (State.TRANSACTION, Outcome.LEAVE): State.CLOSED,
    (State.TRANSACTION, Outcome.CUT): State.CLOSED,
}

# Octets of a command line, its end included (RFC 2449 section 4). Passwords may be longer, tokens are.
LONGEST = {b"USER": 512, b"PASS": 512, b"AUTH": 16 * 1024}
LONGEST_COMMAND = 255

KEYWORDS = frozenset(keyword for commands in COMMANDS.values() for keyword in commands)
