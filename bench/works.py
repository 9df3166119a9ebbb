"""The works that both servers do: what a client does, on which mailboxes, and what Casilla has set itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Mailboxes that several works use: so many, with so many messages of so many octets. `settled`: filled once."""

    name: str
    mailboxes: int
    messages: int = 0
    octets: int = 4096


SMALL = Group("small", 200, 50)
DRAINED = Group("drained", 200, 50)
LARGE = Group("large", 40, 8, 2**20)
HUGE = Group("huge", 1, 1, 100 * 2**20)
CROWDED = Group("crowded", 1, 100_000, 1024)
INBOXES = Group("inbox", 200)


@dataclass(frozen=True)
class Work:
    """`options` are load.c's; `unit` is what is counted: session, message or MiB. `reach`, `beyond`: times Dovecot.

    `emptied`: each round wants its mailboxes full again, and ends when all are empty.
    """

    name: str
    words: str
    group: Group
    mode: str
    unit: str = "session"
    connections: int = 40
    options: tuple[str, ...] = ()
    port: str = "pop3"
    reach: float = 1.5
    beyond: float | None = None
    emptied: bool = False
    quick: bool = True
    seconds: float = 1.0  # times the length of a round


def deliveries() -> list[Work]:
    """LMTP at two sizes, three numbers of connections, to one mailbox and to many."""
    return [
        Work(
            f"deliver-{octets}-{connections}-{mailboxes}",
            f"{connections} connection{'s' * (connections > 1)}, {octets // 1024} KiB, "
            + ("one mailbox" if mailboxes == 1 else f"{mailboxes} mailboxes"),
            INBOXES,
            "deliver",
            "message",
            connections,
            ("-z", str(octets), "-b", str(mailboxes)),
            "lmtp",
            beyond=3,
        )
        for octets in (4096, 51200)
        for mailboxes in (1, 200)
        for connections in (1, 10, 50)
    ]


POP3 = [
    Work("poll", "poll: sign in, STAT, QUIT", SMALL, "poll", reach=2.5, beyond=3.5),
    Work("poll-tls", "poll over TLS, full handshakes", SMALL, "poll", port="pop3s", options=("-T",)),
    Work("poll-tls-resumed", "poll over TLS, resumed", SMALL, "poll", port="pop3s", options=("-T", "-R"), reach=2),
    Work("list", "list: LIST and UIDL of 50 messages", SMALL, "list", beyond=2),
    Work("fetch", "fetch 50 messages of 4 KiB one by one", SMALL, "fetch", "message", beyond=2),
    Work("pipe", "fetch them pipelined", SMALL, "pipe", "message", reach=1, beyond=1.5),
    Work("fetch-tls", "fetch one by one over TLS", SMALL, "fetch", "message", port="pop3s", options=("-T",), reach=1),
    Work("large", "fetch messages of 1 MiB", LARGE, "fetch", "MiB", connections=10, reach=1),
    Work("huge", "fetch one of 100 MiB", HUGE, "fetch", "MiB", connections=1, reach=1),
    Work("drain", "drain: RETR and DELE of 50 messages, QUIT", DRAINED, "drain", "message", emptied=True, beyond=2),
    Work("crowded-poll", "STAT on 100,000 messages", CROWDED, "poll", connections=1, reach=15),
    Work("crowded-list", "LIST and UIDL of 100,000 messages", CROWDED, "list", connections=1),
]
