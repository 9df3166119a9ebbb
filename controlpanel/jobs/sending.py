"""Send what is queued to leave: one message at a time, over one line to the relay for as long as there is mail."""

import logging
import threading
from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from controlpanel.jobs import answers, failure_notices
from controlpanel.mailstore.beside import Errand, Fate
from controlpanel.mailstore.onward import queue, returned, senders
from controlpanel.mailstore.onward.queue import Claimed
from controlpanel.relay import Line, RelayFault, is_set_up, open_line

log = logging.getLogger("casilla.sending")

PAUSE_SECONDS = 2.0
AWAY_SECONDS = 30.0  # between two tries to reach a relay that is away


def run_forever(stop: threading.Event) -> None:
    """Send until `stop` is set. What is away, the relay or the database, is waited for."""
    while not stop.is_set():
        try:
            reached = send_due(stop)
        except (DatabaseError, InterfaceError) as error:
            log.warning("event=database_away fault=%s", type(error).__name__)
            connection.close()
            reached = False
        close_old_connections()
        stop.wait(PAUSE_SECONDS if reached else AWAY_SECONDS)
    connection.close()


def send_due(stop: threading.Event) -> bool:
    """Send all that is due. False: the relay cannot be reached, and what was claimed for it is put off."""
    if not is_set_up():
        return True  # what is queued waits for the operator
    while not stop.is_set() and (claimed := queue.claim()):
        try:
            with open_line() as line:
                _send_all(claimed, line, stop)
        except RelayFault as fault:
            _settle(claimed, fault, "")
            return False
    return True


def _send_all(first: Claimed, line: Line, stop: threading.Event) -> None:
    claimed: Claimed | None = first
    while claimed:
        _send_or_put_off(claimed, line)
        if stop.is_set() or not line.usable:
            return
        claimed = queue.claim()


def _send_or_put_off(claimed: Claimed, line: Line) -> None:
    """A message that we cannot send by a fault of our own shall stop no other."""
    try:
        if claimed.errand == Errand.ANSWER:
            answers.answer(claimed)
        else:
            _send(claimed, line)
    except (DatabaseError, InterfaceError):
        raise
    except Exception:
        log.exception("event=fault id=%d errand=%s", claimed.id, claimed.errand)
        _settle(claimed, RelayFault("A fault of this service."), "")


def _send(claimed: Claimed, line: Line) -> None:
    """Hand one message over, and write down what became of it. Whatever it is, it is this message's affair."""
    envelope = senders.envelope_for(claimed.sender, claimed.forwarder, timezone.now())
    head = _head(claimed)
    try:
        octets = len(head) + claimed.octets - claimed.head
        reply = line.hand_over(envelope, claimed.recipient, _pieces(claimed, head), octets)
    except RelayFault as fault:
        _settle(claimed, fault, envelope)
    else:
        queue.end(claimed, Fate.SENT, reply, envelope)
        _say(claimed, "sent", reply)


def _head(claimed: Claimed) -> bytes:
    """Mark what we hand on, so that we know it again should it come back."""
    return f"Delivered-To: {claimed.forwarder}\r\n".encode() if claimed.errand == Errand.FORWARD else b""


def _pieces(claimed: Claimed, head: bytes) -> Iterator[bytes]:
    yield head
    skipped, sequence = claimed.head, 0
    while (chunk := queue.read_chunk(claimed, sequence)) is not None:
        yield chunk[skipped:]
        skipped = max(0, skipped - len(chunk))
        sequence += 1


def _settle(claimed: Claimed, fault: RelayFault, envelope: str) -> None:
    """Put a message off, or end it and tell whoever has to know."""
    if fault.temporary and queue.put_off(claimed, fault.reply):
        _say(claimed, "put_off", fault.reply)
        return
    fate = Fate.EXPIRED if fault.temporary else Fate.REFUSED
    if not _stays_with_its_owner(claimed, fate, fault.reply):
        failure_notices.end_and_tell(claimed, fate, fault.reply)
    _say(claimed, fate.value, fault.reply)


def _stays_with_its_owner(claimed: Claimed, fate: Fate, reply: str) -> bool:
    """Whether a copy is in a mailbox, or now returns to the one that it left: then its owner sees what happened."""
    if claimed.kept:
        queue.end(claimed, fate, reply)
        return True
    return claimed.mailbox_id is not None and returned.put_back(claimed, fate, reply)


def _say(claimed: Claimed, event: str, reply: str) -> None:
    log.info(
        "event=%s id=%d errand=%s domain=%s tries=%d octets=%d reply=%r",
        event,
        claimed.id,
        claimed.errand,
        claimed.forwarder.rpartition("@")[2],
        claimed.tries,
        claimed.octets,
        reply[:12],
    )
