"""The work of imports that has a clock: check, make, forget. Any number at once, each in its turn."""

import time
from collections.abc import Iterator

from controlpanel import database
from controlpanel.importing.checking import check_some
from controlpanel.importing.making import make_some
from controlpanel.importing.models import Import, State

SECONDS_A_RUN = 20  # then other work has its turn
ROWS_A_STEP = 5000


def advance() -> Iterator[None]:
    """Go on with every open import until none is left, or for a while."""
    until = time.monotonic() + SECONDS_A_RUN
    while time.monotonic() < until:
        open_now = Import.objects.filter(state__in=(State.CHECKING, State.MAKING)).order_by("pk")
        numbers = list(open_now.values_list("pk", "state"))
        if not numbers:
            return
        for number, state in numbers:
            advance_one(number, state)
            yield


def advance_one(number: int, state: str) -> bool:
    """One step of one import; say whether its present state has more."""
    return check_some(number) if state == State.CHECKING else make_some(number)


# What nobody confirmed holds passwords; what is done is a report.
FORGET = """
WITH old AS (
    SELECT id FROM importing_import
    WHERE (state IN ('checking', 'checked') AND created < now() - interval '1 day')
       OR (state = 'done' AND ended < now() - interval '30 days')
    ORDER BY id LIMIT 1
), rows AS (
    DELETE FROM importing_row
    WHERE id IN (SELECT id FROM importing_row WHERE belongs_id IN (SELECT id FROM old) LIMIT %(most)s::bigint)
    RETURNING id
)
SELECT old.id, (SELECT count(*) FROM rows) FROM old
"""


def forget() -> bool:
    """Forget what was not confirmed within a day, and reports after 30 days; say whether there may be more."""
    found = database.rows(FORGET, most=ROWS_A_STEP)
    if found and not found[0][1]:
        Import.objects.filter(pk=found[0][0]).delete()
    return bool(found)
