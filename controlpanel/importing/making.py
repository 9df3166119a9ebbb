"""Make mailboxes of the good rows, a few at a time: hashed first, outside every lock, then made in one transaction.

A row is marked in the transaction that makes its mailbox, so whatever kills the process, no row is made twice or lost.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel.accounts import passwords
from controlpanel.accounts.actor import SHELL, Actor
from controlpanel.importing.models import Import, Row, RowState, State
from controlpanel.importing.secrets import Box
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.changes.refused import ChangeRefused

ROWS_A_STEP = 20
HASHERS = 2  # Argon2 takes 19 MiB and a core each


def make_some(number: int) -> bool:
    """Make the next mailboxes of an import, and say whether there may be more. At the end it is done."""
    held = Import.objects.select_related("by").filter(pk=number, state=State.MAKING).first()
    if held is None:
        return False
    with override(held.language):
        _hash(_next(held))
        return _make(held)


def _next(held: Import) -> list[Row]:
    """Good rows of one domain, the first first: one domain's lock is taken at a time."""
    good = held.rows.filter(state=RowState.GOOD).order_by("line")
    first = good.first()
    return list(good.filter(domain=first.domain_id)[:ROWS_A_STEP]) if first else []


def _hash(rows: Sequence[Row]) -> None:
    """Put hashes in the place of passwords, which are gone then."""
    clear = [row for row in rows if row.secret is not None]
    if not clear:
        return
    with ThreadPoolExecutor(HASHERS) as pool:
        hashes = list(pool.map(_hashed, (bytes(row.secret or b"") for row in clear)))
    with transaction.atomic():
        for row, stored in zip(clear, hashes, strict=True):
            # Another process may have done this row meanwhile.
            untouched = Row.objects.filter(pk=row.pk, state=RowState.GOOD, secret__isnull=False)
            untouched.update(**(_unreadable() if stored is None else {"stored": stored, "secret": None}))


def _unreadable() -> dict[str, Any]:
    sentence = _("SECRET_KEY has changed since this file was read. Import it again.")
    return {"state": RowState.FAILED, "secret": None, "faults": [["password", sentence]]}


def _hashed(secret: bytes) -> str | None:
    clear = Box().deciphered(secret)
    return None if clear is None else passwords.make(clear[1:])


def _make(held: Import) -> bool:
    with transaction.atomic():
        rows = _next(held)
        if not rows:
            Import.objects.filter(pk=held.pk, state=State.MAKING).update(state=State.DONE, ended=timezone.now())
            return False
        locked = Row.objects.filter(pk__in=[row.pk for row in rows]).order_by("line").select_for_update(no_key=True)
        done = [row for row in locked if row.state == RowState.GOOD and row.secret is None]
        for row in done:
            _make_one(row, held)
        Row.objects.bulk_update(done, ["state", "stored", "values", "mailbox_id", "faults", "takes"])
    return True


def _make_one(row: Row, held: Import) -> None:
    invited = not row.stored
    try:
        with transaction.atomic():
            row.mailbox_id = _made(row, _actor(held))
        row.state = RowState.MADE
        row.values = {"name": row.values.get("name", ""), "invited": invited}
    except ChangeRefused as refused:
        row.state, row.faults = RowState.FAILED, [[refused.field, str(refused.sentence)]]
    except rules.NotAllowed:
        row.state, row.faults = RowState.FAILED, [["", _("Whoever began this import may not make mailboxes here now.")]]
    row.stored = ""


def _actor(held: Import) -> Actor:
    if held.shell:
        return SHELL
    if held.by is None or not held.by.is_active:
        raise rules.NotAllowed(rules.Act.CREATE_MAILBOX)
    return Actor(held.by, held.address)


def _made(row: Row, actor: Actor) -> int:
    assert row.domain is not None, "a good row has its domain"
    local = row.address.rpartition("@")[0]
    mailbox = changes.create_mailbox(
        row.domain,
        local,
        actor=actor,
        name=row.values.get("name", ""),
        quota=row.quota,
        hashed=row.stored or None,
        language=row.values.get("language", ""),
        note=row.values.get("note", ""),
    )
    for alias in row.takes[1:]:
        changes.create_alias(row.domain, alias.rpartition("@")[0], [row.address], actor=actor)
    if row.values.get("forward"):
        changes.choose_forwarding(mailbox, row.values["forward"].split(), keep=True, actor=actor)
    if row.values.get("label"):
        changes.label_mailbox(mailbox, row.values["label"], actor=actor)
    return mailbox.pk
