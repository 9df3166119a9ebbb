"""What a mailbox can take: read under its lock, and shrinking with every message of a batch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from controlpanel import database
from controlpanel.mailboxes.recipients import REFUSING, OverQuota, when_full


@dataclass(slots=True)
class Room:
    """A mailbox under its Usage lock. `answer`: its domain's policy when it is full.

    `full`: it has no octet left, or refused for want of room and has taken nothing since.
    `changed`: this batch turned `full`.
    `forward_to`: where its owner wants its mail too, or instead where not `forward_keep`; none while it is suspended.
    `away`: its owner is not there, and wants that told.
    """

    mailbox_id: int
    change: int
    octets: int
    quota: int | None
    closed: bool
    answer: str
    full: bool
    full_for_a_day: bool
    address: str
    forward_to: list[str]
    forward_keep: bool
    hold_spam: bool
    away: bool
    changed: bool = False
    uidls: set[str] = field(default_factory=set)

    def over_quota(self, octets: int) -> OverQuota | None:
        """Return why a message of these octets has no room, None where it has."""
        if self.quota is None or self.octets + octets <= self.quota:
            return None
        policy = when_full(self.answer, self.full_for_a_day, octets, self.quota)
        if octets <= self.quota:  # what never fits says nothing about the mailbox
            self._turn(full=True)
        return OverQuota(policy, (self.mailbox_id,))

    def take(self, octets: int, *, forced: bool) -> int:
        """Let a message in, and return its change number. One that was forced in never says that there is room."""
        self.change += 1
        self.octets += octets
        if self.quota is not None and self.octets >= self.quota:
            self._turn(full=True)
        elif not forced:
            self._turn(full=False)
        return self.change

    def _turn(self, *, full: bool) -> None:
        if self.full != full:
            self.full, self.full_for_a_day, self.changed = full, False, True


ROOMS = """
SELECT usage.mailbox_id, usage.change, usage.octets, mailbox.quota,
       mailbox.state = ANY(%(refusing)s::text[]) OR domain.state = ANY(%(refusing)s::text[]), domain.over_quota,
       mailbox.full_since IS NOT NULL, COALESCE(mailbox.full_since < now() - interval '1 day', false),
       mailbox.address_text,
       CASE WHEN mailbox.state = 'active' AND domain.state = 'active' AND domain.forwarding
            THEN mailbox.forward_to ELSE '{}' END::text[],
       mailbox.forward_keep, domain.hold_spam,
       COALESCE(mailbox.away_from <= now() AND mailbox.away_until > now() AND mailbox.state = 'active'
       AND domain.state = 'active', false)
FROM mailboxes_usage AS usage
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = usage.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
WHERE usage.mailbox_id = ANY(%(mailboxes)s::bigint[])
"""

KNOWN_UIDLS = """
SELECT message.mailbox_id, message.uidl
FROM unnest(%(mailboxes)s::bigint[], %(uidls)s::text[]) AS brought (mailbox_id, uidl)
JOIN mailstore_message AS message ON message.mailbox_id = brought.mailbox_id AND message.uidl = brought.uidl
"""


def read_rooms(mailboxes: Collection[int], brought: Collection[tuple[int, str]]) -> dict[int, Room]:
    """Return the rooms of these locked mailboxes. `brought`: (mailbox, unique id) pairs that an import brings along."""
    found = database.rows(ROOMS, mailboxes=list(mailboxes), refusing=list(REFUSING))
    rooms = {row[0]: Room(*row) for row in found}
    if brought:
        boxes, uidls = [mailbox for mailbox, _ in brought], [uidl for _, uidl in brought]
        for mailbox, uidl in database.rows(KNOWN_UIDLS, mailboxes=boxes, uidls=uidls):
            rooms[mailbox].uidls.add(uidl)
    return rooms


NOTE_FULL = """
WITH changed AS (
    SELECT id FROM mailboxes_mailbox WHERE id = ANY(%(full)s::bigint[] || %(roomy)s::bigint[])
    ORDER BY id FOR NO KEY UPDATE
)
UPDATE mailboxes_mailbox AS mailbox
SET full_since = CASE WHEN mailbox.id = ANY(%(full)s::bigint[]) THEN now() END
FROM changed WHERE mailbox.id = changed.id
"""


def note_full(rooms: Iterable[Room]) -> None:
    """Write down which mailboxes refused for want of room for the first time, and which have room again."""
    if changed := [room for room in rooms if room.changed]:
        full = [room.mailbox_id for room in changed if room.full]
        database.run(NOTE_FULL, full=full, roomy=[room.mailbox_id for room in changed if not room.full])
