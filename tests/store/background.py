"""Calls that run beside the test, each on a thread and a database connection of its own."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from django.db import connection

Result = TypeVar("Result")

PATIENCE = 20.0  # seconds that a test waits before it fails


class Background(Generic[Result]):
    """A call under way. It may wait for a lock that the test holds: `wait_until_blocked` says when it does."""

    def __init__(self, call: Callable[..., Result], *arguments: Any) -> None:
        self._call = lambda: call(*arguments)
        self._connected = threading.Event()
        self._result: list[Result] = []
        self._error: list[BaseException] = []
        self._pid = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._pid = connection.connection.info.backend_pid
            self._connected.set()
            self._result.append(self._call())
        except BaseException as error:
            self._error.append(error)
        finally:
            connection.close()

    def result(self) -> Result:
        """Wait for the end of the call; what it raised is raised here."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the call does not end"
        for error in self._error:
            raise error
        return self._result[0]

    def wait_until_blocked(self) -> None:
        """Return once the call waits for a lock of another connection."""
        assert self._connected.wait(PATIENCE)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [self._pid])
                if cursor.fetchone()[0]:
                    return
            assert self._thread.is_alive(), "the call ended without waiting"
            time.sleep(0.01)
        raise AssertionError("the call does not wait for a lock")


def all_blocked(*calls: Background[Any]) -> None:
    for call in calls:
        call.wait_until_blocked()
