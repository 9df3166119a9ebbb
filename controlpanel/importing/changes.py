"""Take a file in, let it become mailboxes, or throw it away. What follows is work of the jobs: running.py."""

from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.database import fitting
from controlpanel.importing.entries import Entry
from controlpanel.importing.models import Import, Row, RowState, State
from controlpanel.importing.reading import UnreadableError, read
from controlpanel.importing.secrets import enciphered
from controlpanel.importing.shapes import secret_of
from controlpanel.journal import record
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act

AT_ONCE = 2000
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
        Row.objects.bulk_create(_rows(made, table.entries), batch_size=AT_ONCE)
    return made


def _rows(made: Import, entries: Iterable[Entry]) -> Iterator[Row]:
    for entry in entries:
        secret = secret_of(entry.values)
        values = {name: fitting(text, LONGEST) for name, text in entry.values.items() if name not in SECRETS}
        yield Row(
            belongs=made,
            line=entry.line,
            values=values | ({"ragged": "1"} if entry.ragged else {}),
            secret=enciphered(secret) if secret else None,
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
