"""How the door's threads connect."""

import pytest
from django.db import connection

from controlpanel import database
from pop3service.backend import Backend
from tests.store.doors import beside_a_backend, in_thread


def prepared() -> list[str]:
    """Say the same thing often, then ask the server what it has prepared of that."""
    for number in range(10):
        database.rows("SELECT %(number)s::bigint + 1", number=number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_what_comes_again_is_prepared() -> None:
    async def test(backend: Backend) -> None:
        assert await in_thread(prepared) == ["SELECT $1::bigint + 1"]

    beside_a_backend(test)


@pytest.mark.django_db(transaction=True)
def test_no_thread_waits_for_long() -> None:
    def limits() -> list[str]:
        return [database.rows(f"SHOW {name}")[0][0] for name in ("lock_timeout", "statement_timeout")]

    async def test(backend: Backend) -> None:
        assert await in_thread(limits) == ["1s", "30s"]

    beside_a_backend(test)


@pytest.mark.django_db(transaction=True)
def test_no_plan_is_made_for_an_empty_table() -> None:
    """It would be kept when thousands of sessions have come and gone, and walk over all that they left."""

    def plan() -> str:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE mailstore_session")
            cursor.execute("EXPLAIN DELETE FROM mailstore_session WHERE id = ANY('{1,2}')")
            return "\n".join(line for (line,) in cursor.fetchall())

    async def test(backend: Backend) -> None:
        assert "Seq Scan" not in await in_thread(plan)

    beside_a_backend(test)
