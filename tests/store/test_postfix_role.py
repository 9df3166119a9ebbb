"""The role of a mail server beside us reads who exists, and nothing else."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.postgres import ROOT

VIEWS = ["postfix_aliases", "postfix_domains", "postfix_recipients", "postfix_senders"]
PASSWORD = "it's a 'secret' of %s"


def as_role(url: str, name: str, password: str | None = None) -> str:
    """The URL of the same database for another role; all roles of the run's server have one password."""
    scheme, _, rest = url.partition("://")
    before, _, after = rest.partition("@")
    return f"{scheme}://{name}:{quote(password, safe='') if password else before.partition(':')[2]}@{after}"


@pytest.fixture
def owner(service_database_url: str) -> str:
    return service_database_url


@pytest.fixture
def superuser(service_database_url: str) -> str:
    return as_role(service_database_url, "postgres")


@pytest.fixture
def role(superuser: str) -> Iterator[str]:
    name = f"postfix_{os.getpid()}"
    yield name
    with psycopg.connect(superuser, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
            connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


@pytest.fixture(params=["superuser", "maker"])
def able(request: pytest.FixtureRequest, superuser: str, role: str) -> Iterator[str]:
    """A URL for who may make roles: the superuser, or one that owns our tables and has no right beside that."""
    if request.param == "superuser":
        yield superuser
        return
    maker = sql.Identifier(f"maker_{os.getpid()}")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEROLE IN ROLE casilla PASSWORD {}").format(maker, sql.Literal(PASSWORD))
        )
        yield as_role(superuser, maker.as_string().strip('"'), PASSWORD)
        connection.execute(
            sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}; DROP ROLE {1}").format(sql.Identifier(role), maker)
        )


def command(url: str, *words: str, given: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "postfix_role", *words, "--password-stdin"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        input=f"{given}\n",
        capture_output=True,
        text=True,
    )


def readable(url: str) -> list[str]:
    """The tables and views of our schema that who signs in here may read or change."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')"
            " AND CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'USAGE, SELECT, UPDATE') ELSE"
            " has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')"
            " OR has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE, REFERENCES') END ORDER BY relname"
        ).fetchall()
    return [name for (name,) in rows]


def test_a_role_is_made_and_renewed(able: str, superuser: str, role: str) -> None:
    made = command(able, role)
    assert (made.returncode, made.stdout) == (0, f"{role} reads the views of who exists, and nothing else.\n")
    assert readable(as_role(superuser, role, PASSWORD)) == VIEWS
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(sql.SQL("GRANT SELECT ON accounts_user TO {}").format(sql.Identifier(role)))
    assert command(able, role, given="another").returncode == 0
    assert readable(as_role(superuser, role, "another")) == VIEWS
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(as_role(superuser, role, PASSWORD))


def test_it_reads_and_writes_nothing(superuser: str, role: str) -> None:
    command(superuser, role)
    with psycopg.connect(as_role(superuser, role, PASSWORD), autocommit=True) as connection:
        assert [connection.execute(f"SELECT * FROM {view}").fetchall() for view in VIEWS] == [[]] * 4
        connection.execute("SET default_transaction_read_only = off")
        for said in ("SELECT FROM mailboxes_mailbox", "CREATE TABLE mine ()", "SELECT FROM accounts_user"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(said)


def test_what_we_may_not_do_is_written_out_without_the_password(owner: str, superuser: str, role: str) -> None:
    done = command(owner, role)
    assert (done.returncode, "may not make roles" in done.stderr) == (1, True)
    assert PASSWORD not in done.stdout
    assert PASSWORD.replace("'", "''") not in done.stdout
    with psycopg.connect(superuser) as connection:
        connection.execute(done.stdout)
    assert readable(as_role(superuser, role, PASSWORD)) == VIEWS


@pytest.mark.parametrize(("name", "why"), [("casilla", "for something else"), ("Robert'; --", "lower-case letters")])
def test_another_role_is_left_alone(superuser: str, name: str, why: str) -> None:
    done = command(superuser, name)
    assert (done.returncode, done.stdout) == (1, "")
    assert why in done.stderr
