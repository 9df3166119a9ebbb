"""A POP3 and LMTP server small enough to be seen through, and servers that each have one fault."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

USER, PASSWORD = "reader@faulty.test", "a-password"


class Handler(socketserver.StreamRequestHandler):
    """Reads command lines, and answers each by the method of its name."""

    server: "Server"

    def handle(self) -> None:
        self.begin()
        while line := self.rfile.readline():
            word, _, rest = line.decode().removesuffix("\r\n").partition(" ")
            if getattr(self, "on_" + word.lower(), self.unknown)(rest):
                return
        self.dropped()

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def begin(self) -> None:
        raise NotImplementedError

    def unknown(self, rest: str) -> None:
        raise NotImplementedError

    def dropped(self) -> None:
        """The client went without QUIT."""


class Pop3(Handler):
    """As RFC 1939 has it, for one mailbox."""

    maildrop: list[bytes] | None = None

    def begin(self) -> None:
        self.deleted: set[int] = set()
        self.say("+OK ready")

    def unknown(self, rest: str) -> None:
        self.say("-ERR unknown")

    def on_capa(self, rest: str) -> None:
        self.say("+OK\r\nUSER\r\n.")

    def on_user(self, rest: str) -> None:
        self.say("+OK")

    def on_pass(self, rest: str) -> None:
        if rest != PASSWORD:
            return self.say("-ERR wrong")
        self.maildrop = list(self.server.messages)
        return self.say("+OK")

    def on_stat(self, rest: str) -> None:
        self.say(f"+OK {len(self.listed())} {sum(self.listed().values())}" if self.maildrop is not None else "-ERR")

    def on_list(self, rest: str) -> None:
        lines = [f"{number} {size}" for number, size in self.listed().items()]
        if not rest:
            return self.say("\r\n".join(["+OK", *lines, "."]))
        number = self.number(rest)
        return self.say("-ERR no such message" if number is None else f"+OK {number} {self.listed()[number]}")

    def on_retr(self, rest: str) -> None:
        if self.number(rest) is None:
            return self.say("-ERR no such message")
        self.say("+OK")
        self.wfile.write(self.stuffed(self.server.messages[int(rest) - 1]))
        return self.say(".")

    def on_dele(self, rest: str) -> None:
        number = self.number(rest)
        if number is None:
            return self.say("-ERR no such message")
        self.deleted.add(number)
        return self.say("+OK")

    def on_noop(self, rest: str) -> None:
        self.say("+OK")

    def on_rset(self, rest: str) -> None:
        self.deleted.clear()
        self.say("+OK")

    def on_quit(self, rest: str) -> bool:
        self.remove()
        self.say("+OK")
        return True

    def remove(self) -> None:
        doomed = [(self.maildrop or [])[number - 1] for number in self.deleted]
        self.server.messages[:] = [message for message in self.server.messages if message not in doomed]

    def listed(self) -> dict[int, int]:
        messages = enumerate(self.maildrop or [], start=1)
        return {number: self.size(message) for number, message in messages if number not in self.deleted}

    def number(self, text: str) -> int | None:
        return int(text) if re.fullmatch("[0-9]+", text, re.ASCII) and int(text) in self.listed() else None

    def size(self, message: bytes) -> int:
        return len(message)

    def stuffed(self, message: bytes) -> bytes:
        return re.sub(rb"(\A|\r\n)\.", rb"\1..", message)


class Lmtp(Handler):
    """Enough of RFC 2033 to fill the mailbox."""

    def begin(self) -> None:
        self.say("220 ready")

    def unknown(self, rest: str) -> None:
        self.say("250 2.0.0 fine")

    def on_data(self, rest: str) -> None:
        self.say("354 go on")
        lines = list(iter(self.rfile.readline, b".\r\n"))
        self.server.messages.append(b"".join(line.removeprefix(b".") for line in lines))
        self.say("250 2.0.0 delivered")

    def on_quit(self, rest: str) -> bool:
        self.say("221 2.0.0 bye")
        return True


class Unstuffed(Pop3):
    def stuffed(self, message: bytes) -> bytes:
        return re.sub(rb"(\A|\r\n)\.(?=\r\n)", rb"\1..", message)


class CountsLineEndsOnce(Pop3):
    def size(self, message: bytes) -> int:
        return len(message.replace(b"\r\n", b"\n"))


class ZeroIsOne(Pop3):
    def number(self, text: str) -> int | None:
        return super().number("1" if text == "0" else text)


class Renumbers(Pop3):
    def listed(self) -> dict[int, int]:
        return dict(enumerate(super().listed().values(), start=1))


class RemovesOnDrop(Pop3):
    def dropped(self) -> None:
        self.remove()


class RereadsOnReset(Pop3):
    def on_rset(self, rest: str) -> None:
        self.maildrop = list(self.server.messages)
        super().on_rset(rest)


class AnswersTwice(Pop3):
    def on_rset(self, rest: str) -> None:
        super().on_rset(rest)
        self.say("+OK")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, handler: Callable[..., Handler], messages: list[bytes]) -> None:
        self.messages = messages
        super().__init__(("127.0.0.1", 0), handler)


@contextmanager
def serving(pop3: type[Pop3]) -> Iterator[tuple[str, str]]:
    """The addresses of a POP3 and an LMTP server over one mailbox."""
    messages: list[bytes] = []
    servers = [Server(pop3, messages), Server(Lmtp, messages)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    pop3_address, lmtp_address = (f"127.0.0.1:{server.server_address[1]}" for server in servers)
    yield pop3_address, lmtp_address
    for server in servers:
        server.shutdown()
        server.server_close()
