"""The database role of a mail server beside us: it signs in, reads the postfix_* views, and nothing else."""

from collections.abc import Iterator

from django.db import connection
from psycopg import sql

VIEWS = ("postfix_domains", "postfix_recipients", "postfix_aliases", "postfix_senders")
COMMENT = "Reads who exists in Casilla: made by manage.py postfix_role"


class NotOurRoleError(Exception):
    """A role of this name is there, and was made for something else."""


def statements(name: str, password: str) -> list[str]:
    """Return the SQL that creates the role, or renews it: its password (as a SCRAM verifier) and all its rights.

    Raises NotOurRoleError.
    """
    connection.ensure_connection()
    server = connection.connection
    verifier = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    verb = "ALTER" if _is_there(name) else "CREATE"
    written = _written(sql.SQL(verb), sql.Identifier(name), sql.Literal(verifier), _database())
    return [statement.as_string(server) for statement in written]


def _is_there(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", [name])
        found = cursor.fetchone()
    if found and found[0] != COMMENT:
        raise NotOurRoleError(name)
    return found is not None


def _database() -> sql.Identifier:
    return sql.Identifier(connection.settings_dict["NAME"])


def _written(
    verb: sql.SQL, role: sql.Identifier, verifier: sql.Literal, database: sql.Identifier
) -> Iterator[sql.Composed]:
    yield verb + sql.SQL(" ROLE {} LOGIN PASSWORD {}").format(role, verifier)
    yield sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(COMMENT))
    yield sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role)
    yield sql.SQL("ALTER ROLE {} SET statement_timeout = '10s'").format(role)
    yield sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role)
    yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role)
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role)
    views = sql.SQL(", ").join(map(sql.Identifier, VIEWS))
    yield sql.SQL("GRANT SELECT ON {} TO {}").format(views, role)
