"""Claim what is due and do it, one kind after the other. Any number of hosts may run this at once.

A claim is a time in the row, renewed before each step: a process that dies in the middle loses it within minutes, and a
step is one transaction, so nothing is left half done.
"""

import logging
import threading
from collections.abc import Iterator, Sequence

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from controlpanel import database
from controlpanel.jobs.schedule import Work

log = logging.getLogger("casilla.jobs")

CLAIM_SECONDS = 300  # longer than any step may take
AGAIN_SECONDS = 60  # after a fault

ENLIST = """
INSERT INTO jobs_job (name, due, steps, fault)
SELECT name, now(), 0, '' FROM unnest(%(names)s::text[]) AS name ON CONFLICT (name) DO NOTHING
"""

CLAIM = """
UPDATE jobs_job SET claimed_until = now() + make_interval(secs => %(claim)s), started = now()
WHERE name = %(name)s::text AND due <= now() AND (claimed_until IS NULL OR claimed_until < now())
RETURNING name
"""

RENEW = """
UPDATE jobs_job SET claimed_until = now() + make_interval(secs => %(claim)s) WHERE name = %(name)s::text
"""

DONE = """
UPDATE jobs_job SET claimed_until = NULL, ended = now(), due = now() + make_interval(secs => %(after)s),
                    steps = %(steps)s::integer, fault = %(fault)s::text
WHERE name = %(name)s::text
"""


def run_due(schedule: Sequence[Work], stop: threading.Event) -> int:
    """Run all that is due and that nobody else has claimed, once. Returns how many kinds of work ran."""
    database.run(ENLIST, names=[work.name for work in schedule])
    return sum(_run(work, stop) for work in schedule if not stop.is_set())


def run_forever(schedule: Sequence[Work], stop: threading.Event, pause: float = 2.0) -> None:
    """Run what is due until `stop` is set. A database that is away is waited for."""
    while not stop.is_set():
        try:
            run_due(schedule, stop)
        except (DatabaseError, InterfaceError) as error:
            log.warning("event=database_away fault=%s", type(error).__name__)
            connection.close()
        close_old_connections()
        stop.wait(pause)


def _run(work: Work, stop: threading.Event) -> bool:
    if not database.rows(CLAIM, name=work.name, claim=float(CLAIM_SECONDS)):
        return False
    count, fault = 0, ""
    try:
        for count, _ in enumerate(_claimed(work), 1):  # noqa: B007
            if stop.is_set():
                break
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:
        log.exception("job=%s event=fault", work.name.replace(" ", "_"))
        fault = type(error).__name__
    # What a stop interrupted goes on at the next start.
    after = AGAIN_SECONDS if fault else 0 if stop.is_set() else work.every
    database.run(DONE, name=work.name, after=float(after), steps=count, fault=fault)
    return True


def _claimed(work: Work) -> Iterator[None]:
    for step in work.steps():
        yield step
        database.run(RENEW, name=work.name, claim=float(CLAIM_SECONDS))
