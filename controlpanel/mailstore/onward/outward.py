"""What a delivery sends on: to where its alias points, and to where the mailbox's owner wants it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from controlpanel import relay
from controlpanel.database import fitting
from controlpanel.mailstore.beside import Errand
from controlpanel.mailstore.onward.passing import Passed
from controlpanel.mailstore.onward.queue import Outward
from controlpanel.mailstore.room import Room

if TYPE_CHECKING:
    from controlpanel.mailstore.delivery import Delivery


def may_leave() -> bool:
    """Tell whether anything can be sent elsewhere: the operator named a relay."""
    return relay.is_set_up()


def outward(
    taken: "Iterable[tuple[Delivery, int, object]]", arrived: Collection[int], rooms: Mapping[int, Room]
) -> list[Outward]:
    """Return the rows to queue for (delivery, the body that it wrote, its result). `arrived`: bodies of messages."""
    found: list[Outward] = []
    for delivery, body, result in taken:
        if delivery.passing is None:
            continue
        kept = body in arrived
        found += [_row(delivery, body, kept, None, it.forwarder, it.recipient) for it in delivery.passing.onward]
        room = rooms.get(delivery.mailbox_id)
        if room is not None and (kept or isinstance(result, Passed)):
            found += [_row(delivery, body, kept, room.mailbox_id, room.address, it) for it in own(delivery, room)]
            if room.away and delivery.sender and not delivery.spam and relay.is_set_up():
                row = _row(delivery, body, kept, room.mailbox_id, room.address, delivery.sender)
                found.append(replace(row, errand=Errand.ANSWER.value))
    return found


def own(delivery: "Delivery", room: Room) -> Sequence[str]:
    """Return where the mailbox's own forwarding sends this message: nowhere spam, and what was here before."""
    if not room.forward_to or delivery.passing is None or delivery.spam or not relay.is_set_up():
        return ()
    return () if delivery.passing.way.leads_back(room.address) else room.forward_to


def _row(delivery: "Delivery", body: int, kept: bool, mailbox: int | None, forwarder: str, recipient: str) -> Outward:
    assert delivery.passing is not None, "asked for by the caller"
    return Outward(
        errand=Errand.FORWARD.value,
        mailbox_id=mailbox,
        forwarder=forwarder,
        body=body,
        octets=delivery.octets,
        head=delivery.passing.head,
        kept=kept,
        **delivery.said() | {"recipient": fitting(recipient, 320)},
    )
