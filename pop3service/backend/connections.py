"""How a mail process's threads connect: once, for good, and never waiting for long."""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

LOCK_MILLISECONDS = 1000
STATEMENT_MILLISECONDS = 30_000

# libpq's words: give up on a server that does not answer, and notice one that is gone. And psycopg's: a statement that
# has come five times is prepared: reading and planning it anew is two fifths of what PostgreSQL does for a poll.
OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "tcp_user_timeout": 15_000,
    "prepare_threshold": 5,
}


def keep_connections() -> None:
    """Settle how the threads of this process connect. To be called before the first of them starts."""
    settings = connections.settings["default"]
    settings["CONN_MAX_AGE"] = None
    settings["CONN_HEALTH_CHECKS"] = False
    settings["OPTIONS"] = OPTIONS | settings["OPTIONS"]
    connection_created.connect(_limit_waits, dispatch_uid="casilla limits waits")


def _limit_waits(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}; SET statement_timeout = {STATEMENT_MILLISECONDS}")
