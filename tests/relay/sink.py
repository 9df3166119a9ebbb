"""A small SMTP server on a real socket: what it takes and how it misbehaves is said by the test."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Taken:
    """A message that was answered with 250 after the final dot, without its dot-stuffing."""

    sender: str
    recipient: str
    octets: bytes
    options: str = ""
    signed_in: str = ""
    under_tls: bool = False


Answer = Callable[[str], str | None]  # a command line to the reply that it gets instead; None: as usual


@dataclass
class Sink:
    """`answers` says what is answered instead to MAIL, RCPT, DATA, AUTH or "." (after the message).

    `context`: offers STARTTLS, or speaks TLS at once where `tls`. `dies_in_data`: so many octets of a message are read,
    then the line is cut. `lost_reply`: a message is taken and the line cut instead of the 250. Each holds for as many
    messages as its number says.
    """

    answers: Answer = lambda _line: None
    context: ssl.SSLContext | None = None
    tls: bool = False
    extensions: tuple[str, ...] = ("SIZE 104857600", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN")
    dies_in_data: int = 0
    lost_reply: int = 0
    taken: list[Taken] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    port: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"smtp{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def wait_for(self, number: int, seconds: float = 30) -> list[Taken]:
        """Return what was taken, once there are so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.taken) >= number, seconds), self.heard
            return list(self.taken)

    def keep(self, message: Taken) -> None:
        with self.changed:
            self.taken.append(message)
            self.changed.notify_all()


class Visit:
    """One connection."""

    def __init__(self, sink: Sink, line: socket.socket) -> None:
        self.sink = sink
        self.under_tls = sink.tls
        self.use(line)
        self.sender = self.recipient = self.options = self.signed_in = ""

    def use(self, line: socket.socket) -> None:
        self.line = line
        self.reader = line.makefile("rb")

    def run(self) -> None:
        self.say("220 sink")
        while raw := self.reader.readline():
            verb, space, rest = raw.decode("utf-8", "replace").rstrip("\r\n").partition(" ")
            words = f"{verb.upper()}{space}{rest}"
            self.sink.heard.append(words)
            if not self.answer(words):
                break
        self.line.close()

    def answer(self, words: str) -> bool:
        keyword = words.split(" ")[0]
        if instead := self.sink.answers(words):
            self.say(instead)
            return not instead.startswith("421")
        match keyword:
            case "EHLO":
                offered = [*self.sink.extensions]
                if self.sink.context and not self.under_tls:
                    offered.append("STARTTLS")
                self.say(*(f"250-{each}" for each in ("sink", *offered)), "250 HELP")
            case "STARTTLS":
                self.say("220 go")
                assert self.sink.context is not None
                self.use(self.sink.context.wrap_socket(self.line, server_side=True))
                self.under_tls = True
            case "AUTH":
                self.signed_in = words
                self.say("235 welcome")
            case "MAIL":
                self.sender, _, self.options = words.partition("<")[2].partition(">")
                self.say("250 sender")
            case "RCPT":
                self.recipient = words.partition("<")[2].partition(">")[0]
                self.say("250 recipient")
            case "DATA":
                self.say("354 go on")
                return self.data()
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 fine")
        return True

    def data(self) -> bool:
        octets = b""
        while (line := self.reader.readline()) not in (b".\r\n", b""):
            octets += line[1:] if line.startswith(b".") else line
            if self.sink.dies_in_data:
                self.sink.dies_in_data -= 1
                return False
        if line == b"":
            return False
        if instead := self.sink.answers("."):
            self.say(instead)
            return True
        message = Taken(self.sender, self.recipient, octets, self.options.strip(), self.signed_in, self.under_tls)
        self.sink.keep(message)
        if self.sink.lost_reply:
            self.sink.lost_reply -= 1
            return False
        self.say("250 taken")
        return True

    def say(self, *lines: str) -> None:
        self.line.sendall("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def listening(sink: Sink) -> Iterator[Sink]:
    """The sink, on a free port of loopback, a thread for each connection."""
    with socket.create_server(("127.0.0.1", sink.port)) as listener:
        sink.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, sink), daemon=True)
        thread.start()
        yield sink
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, sink: Sink) -> None:
    while True:
        try:
            line, _peer = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(sink, line), daemon=True).start()


def _serve(sink: Sink, line: socket.socket) -> None:
    try:
        if sink.tls and sink.context:
            line = sink.context.wrap_socket(line, server_side=True)
        Visit(sink, line).run()
    except OSError:  # the client hung up, or refused our certificate
        line.close()
