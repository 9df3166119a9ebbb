"""What the log of the panel says of a fault: where it was and what kind, never what was being read or written.

A database that is away is one line when it goes, one a minute while it stays away, and one when it is back, however
many pages are asked for meanwhile.
"""

import logging
import threading
import time
import traceback
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.signals import connection_created
from django.http import HttpRequest

log = logging.getLogger("casilla.panel")

AGAIN_SECONDS = 60


def is_outage(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError)


def tell(request: HttpRequest, error: BaseException) -> None:
    """Log what ended a request: the view and not the path, which may be a secret link; the kind and not the message."""
    if is_outage(error):
        if _outage.is_news():
            log.error("event=database_away fault=%s", kind(error))
        return
    view = request.resolver_match.view_name if request.resolver_match else ""
    trace = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    log.error("event=fault view=%s fault=%s\n%s", view or "-", kind(error), trace)


def kind(error: BaseException) -> str:
    """Name an error without its message, with PostgreSQL's code where there is one."""
    cause = error.__cause__ or error
    code = getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__}({code})" if code else type(cause).__name__


class Outage:
    """When an outage was last told of; 0 where none is known. Shared by the threads of a process."""

    def __init__(self) -> None:
        self._told = 0.0
        self._lock = threading.Lock()

    def is_news(self) -> bool:
        with self._lock:
            now = time.monotonic()
            news = not self._told or now - self._told > AGAIN_SECONDS
            if news:
                self._told = now
            return news

    def is_over(self) -> bool:
        """End it; say whether there was one."""
        with self._lock:
            told, self._told = self._told, 0.0
            return bool(told)


_outage = Outage()


def _connected(**_signal: Any) -> None:
    if _outage.is_over():
        log.warning("event=database_back")


def watch() -> None:
    """Hear of each new connection to the database: after an outage the first one is its end."""
    connection_created.connect(_connected, dispatch_uid="casilla.panel.faults")


class NoOutage(logging.Filter):
    """For Django's own log, which has a traceback for every page that an outage refuses."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and is_outage(record.exc_info[1]))
