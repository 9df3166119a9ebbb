"""Postfix's access policy protocol, the server's side, as a machine without I/O (SMTPD_POLICY_README).

A request is lines `name=value` and an empty line; its answer `action=…` and an empty line. What stands to be known here
is whether who signed in may send this message: as this sender, to one recipient more (RCPT), to all of them
(END-OF-MESSAGE, where it is counted). Mail of nobody who signed in is none of our business: DUNNO.

    session.receive(data)      stores what Postfix sent
    event = session.next_event()

    bytes        send them, call again
    a MaySend    have it answered by `session.answer(…)`, then call again
    NEED_DATA    wait for more
    CLOSE        close the line: this is not the protocol. Postfix then defers the message by itself.
"""

import re
import unicodedata
from dataclasses import dataclass

from pop3service.lines import LineReader, LineTooLongError
from pop3service.requests import Reason, Unavailable
from pop3service.signals import CLOSE, NEED_DATA, Farewell, Signal
from pop3service.words import WORDS

LONGEST_LINE = 8 * 1024  # octets
MOST_LINES = 200  # of one request; Postfix 3.10 sends some thirty
UNREAD_OCTETS = 4 * LONGEST_LINE
LARGEST_NUMBER = 10**9  # recipients

WHOLE = "END-OF-MESSAGE"
DUNNO = "DUNNO"
LATER = "DEFER 4.3.0"
NEVER = "REJECT 5.7.1"


@dataclass(frozen=True, slots=True)
class MaySend:
    """May `login` send as `sender` to so many? `whole`: this is the whole message, and counts.

    Answered by `Allowed`, `NotAllowed` or `Unavailable`.
    """

    login: str
    sender: str
    recipients: int
    whole: bool
    address: str = ""  # of the mail client


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may, as far as we are concerned."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """It may not; told in the owner's language. `limit`: recipients a day, where that is the reason."""

    reason: Reason
    language: str = "en"
    limit: int = 0


Answer = Allowed | NotAllowed | Unavailable
Event = bytes | MaySend | Signal


class Session:
    """One line from Postfix, which asks one thing after the other."""

    def __init__(self) -> None:
        self._lines = LineReader(LONGEST_LINE)
        self._attributes: dict[str, str] = {}
        self._read = 0
        self._out = b""
        self._asked: MaySend | None = None
        self._closed = False
        self.ended = ""  # why it closed by itself: "protocol_error"

    @property
    def wants_input(self) -> bool:
        return not self._closed and len(self._lines) < UNREAD_OCTETS

    @property
    def inside_reply(self) -> bool:
        return self._asked is not None

    def receive(self, data: bytes) -> None:
        self._lines.feed(data)

    def next_event(self) -> Event:
        """Return what there is to do; an unanswered question is returned again."""
        while not (self._out or self._asked or self._closed):
            try:
                line = self._lines.next_line()
            except LineTooLongError:
                self._give_up()
                break
            if line is None:
                return NEED_DATA
            self._take(line)
        return self.take_output() or self._asked or CLOSE

    def answer(self, answer: Answer) -> None:
        self._asked = None
        self._say(action(answer))

    def take_output(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def farewell(self, why: Farewell) -> bytes:
        self._closed = True
        return b""

    def lost(self) -> None:
        self._closed = True

    def _take(self, line: bytes) -> None:
        if line:
            self._read += 1
            name, equals, value = line.decode("utf-8", "replace").partition("=")
            self._attributes[name] = value
            if not equals or self._read > MOST_LINES:
                self._give_up()
        else:
            attributes, self._attributes, self._read = self._attributes, {}, 0
            self._ask(attributes)

    def _ask(self, attributes: dict[str, str]) -> None:
        if attributes.get("request") != "smtpd_access_policy":
            self._give_up()
        elif not attributes.get("sasl_username"):
            self._say(DUNNO)
        else:
            self._asked = question(attributes)

    def _give_up(self) -> None:
        self._closed, self.ended = True, "protocol_error"

    def _say(self, action: str) -> None:
        self._out += f"action={action}\n\n".encode("ascii")


def question(attributes: dict[str, str]) -> MaySend:
    whole = attributes.get("protocol_state") == WHOLE
    return MaySend(
        login=attributes["sasl_username"],
        sender=attributes.get("sender", ""),
        recipients=number(attributes.get("recipient_count", "")) if whole else 1,
        whole=whole,
        address=attributes.get("client_address", ""),
    )


def number(text: str) -> int:
    """Return a number of recipients: at least the one without whom there is no message."""
    return max(1, min(int(text), LARGEST_NUMBER)) if re.fullmatch("[0-9]{1,12}", text) else 1


def action(answer: Answer) -> str:
    """Return what Postfix does, with the words that the mail client shows to its owner."""
    if isinstance(answer, Allowed):
        return DUNNO
    if isinstance(answer, Unavailable):
        return f"{LATER} {WORDS['en'][Reason.UNAVAILABLE]}"
    words = WORDS.get(answer.language, WORDS["en"])
    return f"{NEVER} {plain(words[answer.reason].format(limit=answer.limit))}"


def plain(text: str) -> str:
    """Return a text in the ASCII of an SMTP reply (RFC 5321 section 4.2), letters without their accents."""
    letters = unicodedata.normalize("NFKD", text)
    return letters.encode("ascii", "ignore").decode("ascii")
