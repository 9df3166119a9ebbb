"""A mailbox that tests fill by LMTP and leave empty, and the messages they put there."""

import re
import time
import uuid
from dataclasses import dataclass

import pytest
from pop3_client import Pop3
from target import Account, Target


def letter(body: bytes = b"A line.\r\n", header: bytes = b"") -> bytes:
    """A plain message unlike any other; `header` is further header lines, each with its CRLF."""
    mark = uuid.uuid4().hex
    usual = (
        "From: Sender <sender@conformance.invalid>",
        "To: Reader <reader@conformance.invalid>",
        f"Subject: Conformance {mark}",
        "Date: Mon, 02 Jan 2023 10:11:12 +0000",
        f"Message-ID: <{mark}@conformance.invalid>",
    )
    return "".join(f"{line}\r\n" for line in usual).encode() + header + b"\r\n" + body


@dataclass
class Maildrop:
    """One account's maildrop. What it holds before a test and what a test leaves there is removed."""

    target: Target
    account: Account

    def deliver(self, *messages: bytes) -> None:
        """Hand each message over by LMTP, in order; each must be accepted."""
        session = self.target.lmtp()
        for message in messages:
            (reply,) = session.deliver(message, self.account.recipient)
            if not reply.ok:
                pytest.fail(f"the message was not accepted: {reply}")
        session.quit()

    def open(self, expected: int | None = None) -> Pop3:
        """Log in. With `expected`, wait until the maildrop shows so many messages; it must never show more."""
        until = time.monotonic() + self.target.patience
        session = self.target.login(self.account)
        while expected is not None and (count := session.stat()[0]) != expected:
            session.quit()
            if count > expected or time.monotonic() > until:
                pytest.fail(f"{count} messages in the maildrop, where {expected} were delivered")
            time.sleep(0.2)
            session = self.target.login(self.account)
        return session

    def holding(self, *messages: bytes) -> Pop3:
        """Deliver these to the empty maildrop and log in."""
        self.deliver(*messages)
        return self.open(len(messages))

    def contents(self) -> list[bytes]:
        """Every message, read in a session of its own that ends with QUIT."""
        session = self.open()
        messages = list(session.everything().values())
        session.quit()
        return messages

    def empty(self) -> None:
        """Remove all messages."""
        session = self.open()
        for number in session.sizes():
            session.accepted(f"DELE {number}")
        session.quit()


def number_of(session: Pop3, message: bytes) -> int:
    """The number under which this session shows `message`, found by its subject."""
    wanted = re.search(rb"Subject: Conformance (\w{32})", message)
    assert wanted, "only for messages made by letter()"
    numbers = [number for number, octets in session.everything().items() if wanted[1] in octets]
    assert len(numbers) == 1, f"one message was delivered, {len(numbers)} are there"
    return numbers[0]


def header_of(message: bytes) -> bytes:
    """The header lines and the blank line that ends them."""
    return b"\r\n" if message.startswith(b"\r\n") else message[: message.index(b"\r\n\r\n") + 4]


def body_of(message: bytes) -> bytes:
    """What follows the first blank line."""
    return message[len(header_of(message)) :]
