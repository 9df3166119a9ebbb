"""The server that a run points at: where it listens, who signs in, and the safest way in that it offers."""

import base64
import ssl
import time
import uuid
from dataclasses import dataclass, field

import pytest
from lmtp_client import Lmtp
from pop3_client import Capabilities, Pop3, Reply
from wire import Wire

Address = tuple[str, int] | str


@dataclass(frozen=True)
class Account:
    """Who signs in, with what, and the address that mail for them is sent to."""

    name: str
    password: str = field(repr=False)
    recipient: str


@dataclass
class Target:
    """`login()` and `ready()` take the first way in that allows a password: in clear, by STLS, over the pop3s port."""

    pop3: Address | None
    pop3s: Address | None
    lmtp_address: Address | None
    account: Account
    second: Account | None
    utf8: Account | None
    tls: ssl.SSLContext
    patience: float
    verified: bool = False
    _open: list[Wire] = field(default_factory=list)
    _way: str | None = None
    _capabilities: Capabilities | None = None
    _extensions: dict[str, list[str]] | None = None

    def connect(self) -> Pop3:
        """A connection in clear, greeted."""
        if self.pop3 is None:
            pytest.skip("needs --pop3")
        return Pop3(self.wire(self.pop3))

    def connect_tls(self, context: ssl.SSLContext | None = None) -> Pop3:
        """A connection to the pop3s port, greeted."""
        if self.pop3s is None:
            pytest.skip("needs --pop3s")
        wire = self.wire(self.pop3s)
        wire.start_tls(context or self.tls, host_of(self.pop3s))
        return Pop3(wire)

    def start_tls(self, session: Pop3, context: ssl.SSLContext | None = None) -> Pop3:
        """STLS on a connection in clear."""
        session.accepted("STLS")
        session.wire.start_tls(context or self.tls, host_of(self.pop3 or ""))
        return session

    def ready(self) -> Pop3:
        """A connection in AUTHORIZATION state that takes passwords."""
        self._way = self._way or self._find_way()
        if self._way == "pop3s":
            return self.connect_tls()
        return self.start_tls(self.connect()) if self._way == "STLS" else self.connect()

    def login(self, account: Account | None = None) -> Pop3:
        """A connection in TRANSACTION state; while the maildrop is [IN-USE], tries again until our patience ends."""
        until = time.monotonic() + self.patience
        while True:
            session = self.ready()
            reply = self.sign_in(session, account)
            if reply.ok:
                return session
            if reply.code != "IN-USE" or time.monotonic() > until:
                pytest.fail(f"login refused: {reply}", pytrace=False)
            session.wire.close()
            time.sleep(0.2)

    def sign_in(self, session: Pop3, account: Account | None = None, password: str | None = None) -> Reply:
        """USER and PASS where they are announced (or nothing is), else AUTH PLAIN."""
        who = account or self.account
        secret = who.password if password is None else password
        if self.capabilities.lines and "USER" not in self.capabilities:
            token = base64.b64encode(f"\0{who.name}\0{secret}".encode()).decode()
            return session.command(f"AUTH PLAIN {token}")
        user = session.command(f"USER {who.name}")
        return session.command(f"PASS {secret}") if user.ok else user

    @property
    def capabilities(self) -> Capabilities:
        """What CAPA lists where a password may be given; asked once a run."""
        if self._capabilities is None:
            session = self.ready()
            self._capabilities = session.capabilities()
            session.wire.close()
        return self._capabilities

    def announces(self, capability: str) -> bool:
        """Whether CAPA names it, in clear or where a password may be given."""
        if capability in self.capabilities:
            return True
        return self.pop3 is not None and capability in self.connect().capabilities()

    def lmtp(self) -> Lmtp:
        """An LMTP connection, greeted and introduced by LHLO."""
        session = self.lmtp_greeted()
        session.lhlo()
        return session

    def lmtp_greeted(self) -> Lmtp:
        if self.lmtp_address is None:
            pytest.skip("needs --lmtp")
        return Lmtp(self.wire(self.lmtp_address))

    @property
    def extensions(self) -> dict[str, list[str]]:
        """What the answer to LHLO offers; asked once a run."""
        if self._extensions is None:
            session = self.lmtp_greeted()
            self._extensions = session.lhlo()
            session.wire.close()
        return self._extensions

    def unknown(self) -> str:
        """An address in the account's domain that nobody has."""
        return f"nobody-{uuid.uuid4().hex}@{self.account.recipient.rpartition('@')[2]}"

    def close_all(self) -> None:
        """Close what the test left open."""
        for wire in self._open:
            wire.close()
        self._open.clear()

    def wire(self, address: Address) -> Wire:
        """A connection that nothing was said on yet."""
        wire = Wire(address, self.patience)
        self._open.append(wire)
        return wire

    def _find_way(self) -> str:
        if self.pop3 is None:
            return "pop3s"
        announced = self.connect().capabilities()
        if "USER" in announced or "SASL PLAIN" in announced or not announced.lines:
            return "clear"
        if "STLS" in announced:
            return "STLS"
        return "pop3s"


def host_of(address: Address) -> str:
    return address if isinstance(address, str) else address[0]


def address(text: str, port: int) -> Address:
    """HOST, HOST:PORT, [IPv6]:PORT, or the path of a Unix socket, which holds a slash."""
    if "/" in text:
        return text
    host, colon, number = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, number = text, str(port)
    return host.strip("[]"), int(number)
