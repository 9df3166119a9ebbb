"""What the journal forgets: who connected from where, and what was refused, is nobody's business for ever."""

from controlpanel import database

KEEP_DAYS = 90
DIALOGUE_DAYS = 7
ROWS_A_STEP = 1000

FORGET = (
    """
    DELETE FROM journal_pastsession WHERE id IN (
        SELECT id FROM journal_pastsession WHERE ended < now() - make_interval(days => %(days)s)
        ORDER BY ended LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
    )
    """,
    """
    DELETE FROM journal_attempt WHERE id IN (
        SELECT id FROM journal_attempt WHERE last < now() - make_interval(days => %(days)s)
        ORDER BY last LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
    )
    """,
    """
    DELETE FROM journal_refusedmessage WHERE id IN (
        SELECT id FROM journal_refusedmessage WHERE at < now() - make_interval(days => %(days)s)
        ORDER BY at LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
    )
    """,
    """
    DELETE FROM journal_dialogue WHERE id IN (
        SELECT id FROM journal_dialogue WHERE ended < now() - make_interval(days => %(dialogue_days)s)
        ORDER BY ended LIMIT %(rows)s::bigint FOR UPDATE SKIP LOCKED
    )
    """,
)


def forget() -> bool:
    """Forget some sessions, refused sign-ins and refused messages older than 90 days, and dialogues after 7.

    Changes stay. Returns whether there may be more.
    """
    values = {"days": KEEP_DAYS, "dialogue_days": DIALOGUE_DAYS, "rows": ROWS_A_STEP}
    return sum(database.run(statement, **values) for statement in FORGET) > 0
