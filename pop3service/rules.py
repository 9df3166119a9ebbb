"""What a POP3 session is told when it begins: the house's rules, and who is calling."""

from dataclasses import dataclass

OLD_TLS = ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")  # as OpenSSL and proxies write them


@dataclass(frozen=True, slots=True)
class Rules:
    """The same for every session of a service until its settings change.

    `mechanisms` are offered strongest first, each only where it is safe and possible on the line. `login_delay`, in
    seconds, is the longest and `expire`, in days or None for never, the shortest that any user has (RFC 2449
    sections 6.5 and 6.7). `language` is what LANG * chooses.
    """

    host: str
    implementation: str = "Casilla"
    mechanisms: tuple[str, ...] = ("SCRAM-SHA-256", "PLAIN", "LOGIN")
    plain_login: bool = False  # passwords in clear from other hosts without TLS
    plain_somewhere: bool = False  # the same, for some names alone: the store knows which
    stls: bool = True  # a certificate is at hand
    login_delay: int = 0
    expire: int | None = None
    bad_commands_before_login: int = 3
    bad_commands: int = 20
    language: str = "en"
    openid_configuration: str = ""  # RFC 7628 section 3.2.2


@dataclass(frozen=True, slots=True)
class Tls:
    """What the handshake settled. `end_point` is the tls-server-end-point binding (RFC 5929), None if undefined."""

    version: str
    end_point: bytes | None = None

    @property
    def is_old(self) -> bool:
        """Whether it is one that nobody should speak any more (RFC 8996)."""
        return self.version in OLD_TLS


@dataclass(frozen=True, slots=True)
class Peer:
    address: str
    loopback: bool = False
    tls: Tls | None = None
