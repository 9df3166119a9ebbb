"""What an LMTP session is told when it begins."""

from dataclasses import dataclass

LINE_OCTETS = 2048  # RFC 5321 asks for 512; long paths and SMTPUTF8 want more (RFC 6531 section 3.4)


@dataclass(frozen=True, slots=True)
class Rules:
    """`host` names us. `size` is the largest message in octets, announced as SIZE (RFC 1870).

    `recipients`: of one message, at least 100 (RFC 5321 section 4.5.3.1.8). `bad_commands`: in a row, that end it.
    """

    host: str
    size: int
    recipients: int = 1000
    bad_commands: int = 20
