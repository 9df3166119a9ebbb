"""The embedded PostgreSQL of the tests: one server a run, shared by all workers, in a folder that goes with it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from controlpanel.launcher.postgres import PostgreSQL

ROOT = Path(__file__).resolve().parent.parent
_numbers = count(1)


@contextmanager
def temporary_server(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """A running server in a temporary folder that goes with it. `durable`: with fsync, for crash tests."""
    folder = Path(tempfile.mkdtemp(prefix="casilla-test-"))
    server = PostgreSQL(folder / "data", durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def new_database(server_url: str, template: str | None = None) -> Iterator[str]:
    """The URL of a fresh database beside `server_url`'s, empty or a copy of the one at the URL `template`."""
    name = f"fresh_{os.getpid()}_{next(_numbers)}"
    like = sql.SQL("") if template is None else sql.SQL(" TEMPLATE {}").format(sql.Identifier(_name(template)))
    _execute(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) + like)
    try:
        yield with_name(server_url, name)
    finally:
        _execute(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def migrate(url: str) -> None:
    """Bring the database at `url` to our schema, in a process of its own."""
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "manage.py", "prepare"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def with_name(url: str, name: str) -> str:
    """The same server's URL for another database."""
    before, question_mark, query = url.partition("?")
    return f"{before.rpartition('/')[0]}/{name}{question_mark}{query}"


def clear_what_came_late(url: str) -> None:
    """Clear what a service that has ended wrote down behind the back of its last test."""
    _execute(url, sql.SQL("TRUNCATE journal_pastsession, journal_attempt, accounts_throttle, accounts_knownnetwork"))


def with_user(url: str, name: str) -> str:
    """The same database's URL for another role of the run's server, whose roles have one password."""
    scheme, _, rest = url.partition("://")
    before, _, after = rest.partition("@")
    return f"{scheme}://{name}:{before.partition(':')[2]}@{after}"


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _execute(url: str, statement: sql.Composable) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
