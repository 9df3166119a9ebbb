"""A session's dialogue on its way to who wants to read it, in bounded memory."""

from datetime import UTC, datetime

from controlpanel.mailboxes.dialogues import Spoken
from controlpanel.mailstore.maildrop import Opening
from pop3service.server.ports import Line
from pop3service.tape import Entry

MOST_ENTRIES = 500


class Recording:
    """Hears the entries of one session of a mailbox."""

    __slots__ = ("_entries", "mailbox")

    def __init__(self, mailbox: int) -> None:
        self.mailbox = mailbox
        self._entries: list[Entry] = []

    def hear(self, entry: Entry) -> None:
        if len(self._entries) < MOST_ENTRIES:
            self._entries.append(entry)
        elif len(self._entries) == MOST_ENTRIES:
            self._entries.append(entry._replace(who="", text="[…]"))

    def spoken(self, line: Line, opening: Opening | None, reason: str) -> Spoken:
        """Return the whole. `opening`: of the session, None where nobody signed in."""
        begun = self._entries[0].at if self._entries else 0.0
        return Spoken(
            mailbox_id=self.mailbox,
            signed_in=opening is not None,
            started=datetime.fromtimestamp(begun, UTC),
            device="" if opening is None else opening.device,
            address=line.address or None,
            tls=line.tls,
            mechanism="" if opening is None else opening.mechanism,
            ended_by=reason[:32],
            entries=[(round((at - begun) * 1000), who, text) for at, who, text in self._entries],
        )
