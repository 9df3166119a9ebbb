"""Clients that see every octet: LMTP, which Python's own reads wrongly, and POP3 where poplib knows too much."""

import socket
import ssl
import time
from collections.abc import Callable, Sequence

SECONDS = 15.0


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fails after some twenty seconds."""
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


class Talk:
    """A line to a server, read by lines."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS, source_address=(source, 0))
        if context is not None:
            self.start_tls(context)
        self.file = self.socket.makefile("rb")

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.socket = context.wrap_socket(self.socket, server_hostname="mail.example.org")
        self.file = self.socket.makefile("rb")

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self) -> bytes:
        line = self.file.readline()
        return line.removesuffix(b"\r\n")

    def rest(self) -> bytes:
        """Everything up to the end of the line; b"" where it is reset."""
        try:
            return self.file.read()
        except ConnectionError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


class Lmtp(Talk):
    """Says LHLO at once."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        super().__init__(port, source=source)
        self.greeting = self.reply()
        self.features = self.command("LHLO tests.example")

    def reply(self) -> str:
        """A whole reply; of one with several lines, all of them."""
        lines = [self.line().decode()]
        while lines[-1][3:4] == "-":
            lines.append(self.line().decode())
        return "\n".join(lines)

    def command(self, line: str) -> str:
        self.send(f"{line}\r\n".encode())
        return self.reply()

    def begin(self, recipients: Sequence[str], sender: str = "sender@example.net", parameters: str = "") -> list[str]:
        """MAIL, every RCPT and DATA in one go; their replies."""
        lines = [f"MAIL FROM:<{sender}>{parameters}", *[f"RCPT TO:<{to}>" for to in recipients], "DATA"]
        self.send("".join(f"{line}\r\n" for line in lines).encode())
        return [self.reply() for _ in lines]

    def text(self, text: bytes) -> None:
        """The message, dot-stuffed, and the final dot, on a line of its own."""
        end = b".\r\n" if text.endswith(b"\r\n") or not text else b"\r\n.\r\n"
        self.send(stuffed(text) + end)

    def deliver(self, text: bytes, *recipients: str, sender: str = "sender@example.net") -> list[str]:
        """The reply to each recipient that was accepted, or the refusals."""
        replies = self.begin(recipients, sender)
        if not replies[-1].startswith("354"):
            self.command("RSET")
            return replies[1:-1]
        accepted = sum(reply.startswith("250") for reply in replies[1:-1])
        self.text(text)
        return [self.reply() for _ in range(accepted)]


class Pop3(Talk):
    """POP3 by lines; `login` as USER and PASS."""

    def __init__(
        self, port: int, context: ssl.SSLContext | None = None, source: str = "127.0.0.1", first: bytes = b""
    ) -> None:
        super().__init__(port, context, source)
        self.send(first)
        self.greeting = self.line()

    def command(self, line: str) -> bytes:
        self.send(f"{line}\r\n".encode())
        return self.line()

    def lines(self) -> list[bytes]:
        """The lines of a reply behind its first one, up to the final dot."""
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            assert line.endswith(b"\r\n"), line
            lines.append(line.removesuffix(b"\r\n"))
        return lines

    def login(self, address: str, password: str = "secret") -> bytes:
        self.command(f"USER {address}")
        return self.command(f"PASS {password}")

    def retrieve(self, number: int) -> bytes:
        """A message as it was before dot-stuffing."""
        reply = self.command(f"RETR {number}")
        assert reply.startswith(b"+OK"), reply
        return b"".join(line.removeprefix(b".") + b"\r\n" for line in self.lines())


def stuffed(text: bytes) -> bytes:
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in text.split(b"\r\n"))
