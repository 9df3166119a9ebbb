"""How a mail process's threads connect: once, for good, and never waiting for long."""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# A prepared statement keeps its plan while tables grow: it shall not walk one because that was empty when it was made.
SETTINGS = "SET lock_timeout = '1s'; SET statement_timeout = '30s'; SET enable_seqscan = off"

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
    connection_created.connect(_settle, dispatch_uid="casilla settles connections")


def _settle(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
