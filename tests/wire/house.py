"""A service on a PostgreSQL of its own, with fsync, whose processes are killed; and what must hold after that."""

import time

import psycopg

from controlpanel.launcher.postgres import PostgreSQL
from tests.wire.clients import Lmtp, Pop3
from tests.wire.service import MailService


class Fault:
    """A service on a PostgreSQL of its own, with fsync, that may be killed."""

    def __init__(self, database: PostgreSQL, service: MailService) -> None:
        self.database = database
        self.service = service

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.database.url()) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload]

    def present(self) -> int:
        return int(str(self.rows("SELECT count(*) FROM mailstore_message WHERE removed IS NULL")[0][0]))

    def deliver(self, *texts: bytes, to: str = "ana@example.org") -> None:
        with Lmtp(self.service.lmtp) as lmtp:
            for text in texts:
                assert lmtp.deliver(text, to) == ["250 2.0.0 Delivered"]

    def check(self) -> None:
        """The counters are what a recount finds, and every message has its octets."""
        wrong = self.rows(
            "SELECT mailbox_id FROM mailboxes_usage AS usage WHERE (messages, octets) <> ("
            " SELECT count(*), coalesce(sum(octets), 0) FROM mailstore_message AS message"
            " WHERE message.mailbox_id = usage.mailbox_id AND removed IS NULL)"
        )
        short = self.rows(
            "SELECT id FROM mailstore_message AS message WHERE body IS NOT NULL AND octets IS DISTINCT FROM ("
            " SELECT sum(octet_length(octets)) FROM mailstore_messagechunk AS chunk WHERE chunk.body = message.body)"
        )
        assert (wrong, short) == ([], [])


EMPTY = """
TRUNCATE mailstore_message, mailstore_messagechunk, mailstore_stagedbody, mailstore_fetched, mailstore_session;
UPDATE mailboxes_usage
SET messages = 0, octets = 0, removed_messages = 0, removed_octets = 0, change = 0
"""


def message(name: str, octets: int = 100) -> bytes:
    """A message that is told by its Message-ID."""
    lines = (b"x" * 70 + b"\r\n") * (octets // 72)
    return f"Message-ID: <{name}>\r\nSubject: {name}\r\n\r\n".encode() + lines


def signed_in(fault: Fault, address: str = "ana@example.org") -> Pop3:
    client = Pop3(fault.service.pop3)
    assert client.login(address).startswith(b"+OK")
    return client


def restart(fault: Fault, seconds: float) -> None:
    """Kill PostgreSQL, and start it again after so many seconds."""
    fault.database.kill()
    time.sleep(seconds)
    fault.database.start()
