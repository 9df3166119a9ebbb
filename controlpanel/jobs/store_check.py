"""Compare the mail store with itself once a day, and keep what came of it for the operators' page. Mends nothing."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from controlpanel.mailstore import checking
from controlpanel.mailstore.models import StoreCheck

log = logging.getLogger("casilla.jobs")

FIRST = 20  # faults that are kept
KEPT = timedelta(days=30)


def check_all() -> Iterator[None]:
    """Walk through all mailboxes, a hundred a step: their counters, their messages and the bodies of these."""
    StoreCheck.objects.filter(started__lt=timezone.now() - KEPT).delete()
    kept = StoreCheck.objects.create()
    after = 0
    while step := checking.check_some(after):
        _note(kept, step)
        after = step.last
        yield
    kept.ended = timezone.now()
    kept.save()
    if kept.faults:
        log.error("event=store_check faults=%d", kept.faults)
    yield


def _note(kept: StoreCheck, step: checking.Step) -> None:
    kept.mailboxes += step.mailboxes
    kept.faults += len(step.faults)
    room = FIRST - len(kept.first)
    kept.first += [[str(it.kind), it.number, it.found, it.expected] for it in step.faults[:room]]
