"""Postfix's lookups as it makes them of deploy/postfix/*.cf: `%s`, `%u` and `%d` put in, quoted for SQL."""

from pathlib import Path

from django.db import connection

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "postfix"
TABLES = sorted(path.stem.removeprefix("pgsql-") for path in FOLDER.glob("pgsql-*.cf"))


def statement(table: str, key: str) -> str:
    """Return the statement of one table for a key."""
    return _put_in(_query(table), key)


def look_up(table: str, key: str) -> list[str]:
    """Return the values that Postfix would get from a table: without what is NULL. An unasked question has none."""
    if "%u" in _query(table) and not all(key.rpartition("@")[::2]):
        return []  # pgsql_table(5): a lookup is suppressed where what it names is empty
    with connection.cursor() as cursor:
        cursor.execute(statement(table, key))
        return [value for (value,) in cursor.fetchall() if value is not None]


def _query(table: str) -> str:
    text = (FOLDER / f"pgsql-{table}.cf").read_text()
    return " ".join(text.partition("\nquery = ")[2].split())


def _put_in(query: str, key: str) -> str:
    local, _, domain = key.replace("'", "''").rpartition("@")
    return query.replace("%s", key.replace("'", "''")).replace("%u", local).replace("%d", domain)
