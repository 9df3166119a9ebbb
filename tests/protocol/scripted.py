"""A store made of a few Python values, and a wire between a session and its client: all that protocol tests need."""

from array import array
from dataclasses import dataclass, field

from pop3service.pop3 import START_TLS, Peer, Rules, Session, Signal, Tls
from pop3service.requests import (
    CheckLine,
    Code,
    Finish,
    Finished,
    Listing,
    LoggedIn,
    Login,
    ReadListing,
    ReadMessage,
    ReadMore,
    ReadUniqueIds,
    Reason,
    Refused,
    Request,
    StopReading,
    TokenLogin,
    Unavailable,
)

NAME, SECRET = "ana@example.org", "a b  c "
MESSAGES = [
    b"Subject: one\r\n\r\nbody\r\n.dot\r\n..\r\nend\r\n",
    b"Subject: two\r\n\r\n",
    b"\r\nno header\r\n",
    b"Subject: four\r\n\r\n" + b"line of four\r\n" * 9,
]


@dataclass
class Store:
    """Answers every request that a session makes.

    `down` is a kind of request, or several, that finds no database; `instead` has other answers by kind.
    """

    messages: list[bytes] = field(default_factory=lambda: list(MESSAGES))
    piece: int = 7  # octets given at a time
    down: type | tuple[type, ...] = ()
    instead: dict[type, object] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    finished: Finish | None = None
    reading: list[bytes] = field(default_factory=list)

    def answer(self, request):
        self.asked.append(request)
        if isinstance(request, self.down):
            return Unavailable()
        if type(request) in self.instead:
            return self.instead[type(request)]
        match request:
            case Login(name=name, secret=secret) | TokenLogin(name=name, token=secret):
                return self.log_in(name, secret)
            case CheckLine():
                return Reason.TLS_NEEDED
            case ReadListing():
                return Listing(array("q", map(len, self.messages)))
            case ReadUniqueIds(first, count):
                return [f"id-{number}" for number in range(first, first + count)]
            case ReadMessage(number):
                self.reading = cut(self.messages[number - 1], self.piece)
                return self.reading.pop(0)
            case ReadMore():
                return self.reading.pop(0)
            case StopReading():
                return self.reading.clear()
            case Finish():
                self.finished = request
                return Finished()

    def log_in(self, name, secret):
        if (name, secret) == (NAME, SECRET):
            return LoggedIn(len(self.messages), sum(map(len, self.messages)))
        return Refused(Code.AUTH, Reason.WRONG_PASSWORD)

    def kinds(self):
        return [type(request) for request in self.asked]


def cut(message, size):
    return [message[start : start + size] for start in range(0, len(message), size)] + [b""]


class Wire:
    """A session with a client on one side and a store on the other."""

    def __init__(self, store=None, rules=None, peer=None, *, greeted=True):
        self.store = store or Store()
        self.session = Session(rules or Rules("mail.example.org"), peer or Peer("192.0.2.7", tls=Tls("TLSv1.3")))
        self.signal = None
        if greeted:
            self.send(b"")

    def send(self, data: bytes) -> bytes:
        """Send octets and return all that comes back, up to the next signal, which is kept."""
        self.session.receive(data)
        said = b""
        while True:
            event = self.session.next_event()
            if isinstance(event, bytes):
                said += event
            elif isinstance(event, Signal):
                self.signal = event
                return said
            else:
                self.session.answer(self.store.answer(event))

    def until(self, kind):
        """Go on until the session has an event of this kind, and return it; a request stays unanswered."""
        while not isinstance(event := self.session.next_event(), kind):
            if not isinstance(event, bytes):
                self.session.answer(self.store.answer(event))
        return event

    def start_tls(self, tls=None):
        assert self.send(b"STLS\r\n").startswith(b"+OK ")
        assert self.signal is START_TLS
        self.session.tls_started(tls or Tls("TLSv1.3"))

    def log_in(self):
        assert self.send(f"USER {NAME}\r\n".encode()).startswith(b"+OK ")
        assert self.send(f"PASS {SECRET}\r\n".encode()).startswith(b"+OK ")
        return self


def logged_in(store=None, rules=None, peer=None):
    return Wire(store, rules, peer).log_in()


def body(reply: bytes) -> bytes:
    """Return what a reply of several lines holds, dots undone; fails where it does not begin with +OK or not end."""
    first, _, rest = reply.partition(b"\r\n")
    assert first.startswith(b"+OK"), reply
    assert rest == b".\r\n" or rest.endswith(b"\r\n.\r\n"), reply
    lines = rest.split(b"\r\n")[:-2]
    assert b"." not in lines
    return b"".join(line.removeprefix(b".") + b"\r\n" for line in lines)


CLEAR = Peer("192.0.2.7")
LOOPBACK = Peer("127.0.0.1", loopback=True)
