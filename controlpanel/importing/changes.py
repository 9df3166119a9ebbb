"""Take a file in, let it become mailboxes, or throw it away. What follows is work of the jobs: running.py."""

import json
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from controlpanel import database
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.database import fitting
from controlpanel.importing import secrets
from controlpanel.importing.entries import Entry
from controlpanel.importing.models import Import, RowState, State
from controlpanel.importing.reading import UnreadableError, read
from controlpanel.importing.shapes import secret_of
from controlpanel.journal import record
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act

LONGEST = 2000  # characters of a cell that are kept
SECRETS = frozenset({"password", "hash"})


def start_import(octets: bytes, file_name: str, *, actor: Actor, language: str, domain: Domain | None = None) -> Import:
    """Read a file and keep its rows for checking; no mailbox is made. Refused: file."""
    if domain is not None:
        rules.require(actor, Act.CREATE_MAILBOX, domain)
    elif actor.user is not None and not rules.runs_any(rules.rights(actor.user)):
        raise rules.NotAllowed(Act.CREATE_MAILBOX)
    try:
        table = read(octets)
    except UnreadableError as error:
        raise ChangeRefused("file", error.sentence) from None
    with transaction.atomic():
        made = Import.objects.create(
            by=actor.user,
            address=actor.address,
            shell=actor.user is None,
            domain=domain,
            file_name=fitting(file_name, 200) or "-",
            encoding=table.encoding,
            separator=table.separator,
            unread=[fitting(each, 200) for each in table.unread[:50]],
            language=language,
        )
        _keep_rows(made, table.entries)
    return made


COPY = "COPY importing_row (belongs_id, line, state, values, secret, stored, address, takes, faults) FROM STDIN"


def _keep_rows(made: Import, entries: Iterable[Entry]) -> None:
    """Write 50,000 rows in a second or two, where as many INSERTs would keep the browser waiting."""
    with database.binary_cursor() as cursor, cursor.copy(COPY) as copy:
        for line, values, secret in _rows(entries):
            copy.write_row((made.pk, line, RowState.NEW.value, values, secret, "", "", "{}", "[]"))


def _rows(entries: Iterable[Entry]) -> Iterator[tuple[int, str, bytes | None]]:
    box = secrets.Box()
    for entry in entries:
        secret = secret_of(entry.values)
        values = {name: fitting(text, LONGEST) for name, text in entry.values.items() if name not in SECRETS}
        yield (
            entry.line,
            json.dumps(values | ({"ragged": "1"} if entry.ragged else {})),
            box.enciphered(secret) if secret else None,
        )


def confirm_import(number: int, *, actor: Actor) -> None:
    """Let the good rows of a checked import become mailboxes. Refused: "" (nothing to make, or not the moment)."""
    with transaction.atomic():
        held = _held(number, actor)
        good = held.rows.filter(state=RowState.GOOD)
        domains = list(good.order_by().values_list("domain", flat=True).distinct()[:2])
        if held.state != State.CHECKED or not domains:
            raise ChangeRefused("", _("There is nothing to make in this import."))
        held.state = State.MAKING
        held.save(update_fields=["state"])
        record.activity(
            actor,
            "import_mailboxes",
            domain_id=domains[0] if len(domains) == 1 else None,
            subject=held.file_name,
            details={"mailboxes": good.count()},
        )


def discard_import(number: int, *, actor: Actor) -> None:
    """Forget an import with its rows. Refused: "" (it is under way)."""
    with transaction.atomic():
        held = _held(number, actor)
        if held.state == State.MAKING:
            raise ChangeRefused("", _("This import is under way."))
        held.rows.all()._raw_delete(held.rows.db)
        held.delete()


def _held(number: int, actor: Actor) -> Import:
    """Return the import, locked. Raises NotAllowed for what is another's."""
    held = visible_imports(actor.user).select_for_update(no_key=True, of=("self",)).filter(pk=number).first()
    if held is None:
        raise rules.NotAllowed(Act.CREATE_MAILBOX)
    return held


def visible_imports(user: User | None) -> QuerySet[Import]:
    """Of the shell all; of an operator all; of an administrator their own."""
    if user is None or rules.rights(user).operator:
        return Import.objects.all()
    return Import.objects.filter(by=user) if rules.runs_any(rules.rights(user)) else Import.objects.none()


def counts(held: Import) -> dict[str, int]:
    """Return how many rows are in each state."""
    return dict(held.rows.order_by().values_list("state").annotate(Count("pk")))
