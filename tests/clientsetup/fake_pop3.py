"""A small POP3 server on a real socket: what it holds and how it misbehaves is said by the test."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class FakePop3:
    """`messages` by unique id. `heard` is every command line; `sessions` how many connections there were.

    `tls`: from the first byte, else STLS. `refuses`: the reply to PASS. `garbage`: said instead of a greeting.
    `cut_at`: the command at which the line is dropped. `capabilities`: what CAPA lists.
    """

    context: ssl.SSLContext
    messages: dict[str, bytes] = field(default_factory=dict)
    tls: bool = False
    refuses: str = ""
    garbage: bytes = b""
    cut_at: str = ""
    capabilities: tuple[str, ...] = ("USER", "UIDL", "TOP", "SASL PLAIN", "STLS")
    heard: list[str] = field(default_factory=list)
    sessions: int = 0
    port: int = 0

    def serve(self, line: socket.socket) -> None:
        self.sessions += 1
        if self.tls:
            line = self.context.wrap_socket(line, server_side=True)
        Visit(self, line).run()


class Visit:
    """One connection. Marks are its own; QUIT removes what is marked."""

    def __init__(self, server: FakePop3, line: socket.socket) -> None:
        self.server = server
        self.line = line
        self.ids = list(server.messages)
        self.marks: set[int] = set()
        self.open = False

    def run(self) -> None:
        self.say(self.server.garbage.decode("latin-1") or "+OK fake")
        reader = self.line.makefile("rb")
        while (raw := reader.readline()) and (line := raw.decode(errors="replace").rstrip("\r\n")):
            self.server.heard.append(line)
            keyword, *arguments = line.split()
            if keyword == self.server.cut_at:
                break
            if keyword == "STLS":
                self.say("+OK begin")
                self.line = self.server.context.wrap_socket(self.line, server_side=True)
                reader = self.line.makefile("rb")
                continue
            self.answer(keyword, arguments)
            if keyword == "QUIT":
                break
        self.line.close()

    def answer(self, keyword: str, arguments: list[str]) -> None:
        if keyword == "CAPA":
            return self.say("+OK", *self.server.capabilities, ".")
        if keyword in ("USER", "LANG"):
            return self.say("+OK")
        if keyword == "PASS":
            self.open = not self.server.refuses
            return self.say(self.server.refuses or f"+OK {len(self.ids)} messages")
        if keyword == "QUIT":
            for number in self.marks:
                self.server.messages.pop(self.ids[number - 1], None)
            return self.say("+OK bye")
        if not self.open:
            return self.say("-ERR log in first")
        return self.in_transaction(keyword, arguments)

    def in_transaction(self, keyword: str, arguments: list[str]) -> None:
        left = [n for n in range(1, len(self.ids) + 1) if n not in self.marks]
        if arguments and int(arguments[0]) not in left:
            return self.say("-ERR no such message")
        match keyword, arguments:
            case "STAT", _:
                self.say(f"+OK {len(left)} {sum(len(self.body(n)) for n in left)}")
            case "LIST", []:
                self.say("+OK", *(f"{n} {len(self.body(n))}" for n in left), ".")
            case "LIST", [number]:
                self.say(f"+OK {number} {len(self.body(int(number)))}")
            case "UIDL", []:
                self.say("+OK", *(f"{n} {self.ids[n - 1]}" for n in left), ".")
            case ("RETR", [number]) | ("TOP", [number, _]):
                self.say("+OK")
                self.line.sendall(self.body(int(number)).replace(b"\r\n.", b"\r\n..") + b".\r\n")
            case "DELE", [number]:
                self.marks.add(int(number))
                self.say("+OK marked")
            case "RSET", _:
                self.marks.clear()
                self.say("+OK")
            case _:
                self.say("+OK")
        return None

    def body(self, number: int) -> bytes:
        return self.server.messages[self.ids[number - 1]]

    def say(self, *lines: str) -> None:
        self.line.sendall("".join(f"{line}\r\n" for line in lines).encode("latin-1"))


@contextmanager
def listening(server: FakePop3) -> Iterator[FakePop3]:
    """The server, on a free port of loopback, a thread for each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, server: FakePop3) -> None:
    while True:
        try:
            line, _peer = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(server, line), daemon=True).start()


def _serve(server: FakePop3, line: socket.socket) -> None:
    try:
        server.serve(line)
    except OSError:  # the client hung up, or refused our certificate
        line.close()
