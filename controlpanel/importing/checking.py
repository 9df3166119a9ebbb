"""Look at the rows of a file before anything changes: everything that would be refused is said beside its row.

A batch is looked at with a few statements, however many rows. What counts together (limits of a domain, one address
twice in the file) is counted over the good rows before it, so that a check that was interrupted goes on as it began.
"""

import json
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from controlpanel import database
from controlpanel.accounts import passwords
from controlpanel.accounts.addresses import domain_shown
from controlpanel.accounts.models import User
from controlpanel.importing import shapes
from controlpanel.importing.models import Import, Row, RowState, State
from controlpanel.importing.row_reading import Reading, beside, said_as
from controlpanel.importing.secrets import Box
from controlpanel.mailboxes import octets, rules
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.changes import labels
from controlpanel.mailboxes.changes.forwarding import can_be
from controlpanel.mailboxes.changes.mailboxes import NAME_LENGTH, NOTE_LENGTH
from controlpanel.mailboxes.changes.passwords_set import check_new
from controlpanel.mailboxes.changes.refused import ChangeRefused, said_of, text
from controlpanel.mailboxes.changes.rooms import chosen, must_have_addresses
from controlpanel.mailboxes.models import Address, Domain, Mailbox
from controlpanel.mailboxes.models import State as Standing

ROWS_A_STEP = 200
MOST_ALIASES = 50

WRITE = """
UPDATE importing_row AS row
SET state = fresh.state, values = fresh.values, secret = fresh.secret, stored = fresh.stored,
    address = fresh.address, domain_id = fresh.domain, quota = fresh.quota, faults = fresh.faults,
    takes = string_to_array(fresh.takes, ' ')
FROM unnest(%(id)s::bigint[], %(state)s::text[], %(values)s::jsonb[], %(secret)b::bytea[], %(stored)s::text[],
            %(address)s::text[], %(domain)s::bigint[], %(quota)s::bigint[], %(faults)s::jsonb[], %(takes)s::text[])
    AS fresh (id, state, values, secret, stored, address, domain, quota, faults, takes)
WHERE row.id = fresh.id
"""


def check_some(number: int) -> bool:
    """Check the next rows of an import, and say whether there may be more. At the end it is checked."""
    with transaction.atomic():
        held = Import.objects.select_for_update(no_key=True).filter(pk=number, state=State.CHECKING).first()
        if held is None:
            return False
        rows = list(held.rows.filter(state=RowState.NEW).order_by("line")[:ROWS_A_STEP])
        if not rows:
            held.state = State.CHECKED
            held.save(update_fields=["state"])
            return False
        with override(held.language):
            _Batch(held, [Reading(row) for row in rows]).check()
        _write(rows)
    return True


def _write(rows: Sequence[Row]) -> None:
    database.run(
        WRITE,
        id=[row.pk for row in rows],
        state=[str(row.state) for row in rows],
        values=[json.dumps(row.values) for row in rows],
        secret=[row.secret and bytes(row.secret) for row in rows],
        stored=[row.stored for row in rows],
        address=[row.address for row in rows],
        domain=[row.domain_id for row in rows],
        quota=[row.quota for row in rows],
        faults=[json.dumps(row.faults) for row in rows],
        takes=[" ".join(row.takes) for row in rows],
    )


class _Batch:
    """What the rows of a batch are looked at against, read once."""

    def __init__(self, held: Import, readings: list[Reading]) -> None:
        self.held, self.readings, self.box = held, readings, Box()
        for reading in readings:
            reading.read_addresses(held.domain.name if held.domain else "")
        self.named = [reading.row.address for reading in readings if reading.row.address]
        wanted = {*self.named, *(alias for reading in readings for alias in reading.aliases)}
        self.domains = self._domains({address.rpartition("@")[2] for address in wanted})
        # Of a domain that they do not run nothing is told, not even who is there.
        theirs = {address for address in wanted if address.rpartition("@")[2] in self.domains}
        self.boxes = set(Mailbox.objects.filter(address_text__in=theirs).values_list("address_text", flat=True))
        self.sign_in = set(User.objects.filter(address__in=theirs).values_list("address", flat=True))
        self.taken = self._taken(wanted)
        self.before = self._before(wanted)
        self.made = self._counted()

    def _domains(self, names: set[str]) -> dict[str, Domain]:
        """The domains in which whoever imports may make mailboxes."""
        found = Domain.objects.filter(name__in=names).exclude(state=Standing.DELETED).select_related("alias_of")
        if self.held.shell:
            return {domain.name: domain for domain in found}
        by = self.held.by
        return {domain.name: domain for domain in found if by and rules.may(by, rules.Act.CREATE_MAILBOX, domain)}

    def _taken(self, wanted: set[str]) -> set[str]:
        numbers = [domain.pk for domain in self.domains.values()]
        locals_ = {address.rpartition("@")[0] for address in wanted}
        found = Address.objects.filter(domain__in=numbers, local__in=locals_)
        return {f"{local}@{name}" for local, name in found.values_list("local", "domain__name")}

    def _before(self, wanted: set[str]) -> dict[str, int]:
        """By address the line that takes it, of the rows that are good already."""
        rows = self.held.rows.filter(state=RowState.GOOD, takes__overlap=list(wanted)).values_list("takes", "line")
        return {address: line for takes, line in rows for address in takes}

    def _counted(self) -> dict[int, tuple[int, int]]:
        """By limited domain its mailboxes and their octets, with those that good rows will make."""
        limited = [each.pk for each in self.domains.values() if {each.limit_mailboxes, each.limit_octets} != {None}]
        if not limited:
            return {}
        sums = dict.fromkeys(limited, (0, 0))
        there = Mailbox.objects.filter(domain__in=limited).exclude(state=Standing.DELETED)
        coming = self.held.rows.filter(domain__in=limited, state=RowState.GOOD)
        for rows in (there, coming):
            counted = (
                rows.order_by().values_list("domain").annotate(boxes=Count("pk"), octets=Coalesce(Sum("quota"), 0))
            )
            for number, count, total in counted:
                sums[number] = (sums[number][0] + count, sums[number][1] + int(total))
        return sums

    def check(self) -> None:
        for reading in self.readings:
            if reading.row.address in self.boxes:
                _keep_nothing(reading.row, RowState.THERE)
                continue
            self._check(reading)
            if reading.row.faults:
                _keep_nothing(reading.row, RowState.BAD)
            else:
                self._let_in(reading)

    def _check(self, reading: Reading) -> None:
        row = reading.row
        if row.values.pop("ragged", None):
            reading.fault("", _("This line has more cells than there are headings."))
        domain = self.domains.get(row.address.rpartition("@")[2])
        if row.address:
            self._check_free(reading, row.address, "address")
        if row.address and domain is None:
            self._say_no_domain(reading)
        if domain is not None:
            with beside(reading), said_as("", "address"):
                must_have_addresses(domain)
        self._check_aliases(reading)
        self._check_texts(reading)
        self._check_secret(reading)
        if domain is not None:
            row.domain = domain
            self._check_room(reading, domain)
            with beside(reading), said_as("targets", "forward"):
                row.values["forward"] = " ".join(can_be(shapes.several(reading.text("forward")), domain, row.address))

    def _say_no_domain(self, reading: Reading) -> None:
        name = domain_shown(reading.row.address.rpartition("@")[2])
        reading.fault("address", _("You run no domain %(name)s here.") % {"name": name})

    def _check_free(self, reading: Reading, address: str, column: str) -> None:
        before = f"{shown(address)}: " if column == "aliases" else ""
        if address in self.sign_in and address not in self.taken:
            reading.fault(column, before + _("Somebody signs in with this address already."))
        elif address in self.taken or address in self.boxes:
            reading.fault(column, before + _("This address is taken."))
        elif address in self.before:
            line = self.before[address]
            reading.fault(column, before + _("Line %(line)d has this address too.") % {"line": line})

    def _check_aliases(self, reading: Reading) -> None:
        home = reading.row.address.rpartition("@")[2]
        if len(reading.aliases) > MOST_ALIASES:
            reading.fault("aliases", _("A row has at most 50 aliases."))
        for alias in reading.aliases[:MOST_ALIASES]:
            if alias.rpartition("@")[2] != home:
                reading.fault("aliases", f"{shown(alias)}: " + _("An alias stands in the domain of its mailbox."))
            elif alias == reading.row.address:
                reading.fault("aliases", f"{shown(alias)}: " + _("This is the mailbox itself."))
            else:
                self._check_free(reading, alias, "aliases")

    def _check_texts(self, reading: Reading) -> None:
        values = reading.row.values
        for column, most in (("name", NAME_LENGTH), ("note", NOTE_LENGTH)):
            with beside(reading):
                values[column] = text(column, reading.text(column), most)
        with beside(reading), said_as("labels", "label"):
            values["label"] = labels.read(shapes.names(reading.text("label")))
        with beside(reading):
            values["language"] = shapes.language_of(reading.text("language"))

    def _check_secret(self, reading: Reading) -> None:
        row = reading.row
        if row.secret is None:
            return
        secret = self.box.deciphered(bytes(row.secret))
        if secret is None:
            reading.fault("password", _("SECRET_KEY has changed since this file was read. Import it again."))
        elif secret[0] == shapes.CLEAR:
            with beside(reading):
                check_new(secret[1:], row.address, reading.text("name"))
        else:
            with beside(reading), said_of("hash"):
                row.stored, row.secret = passwords.kept_as_it_came(secret[1:]), None

    def _check_room(self, reading: Reading, domain: Domain) -> None:
        row = reading.row
        with beside(reading):
            row.quota = chosen(domain, shapes.quota_of(reading.text("quota")))
            if domain.limit_octets is not None and row.quota is None:
                raise ChangeRefused("quota", _("The room of this domain is limited, so each mailbox needs a quota."))
            made, given = self.made.get(domain.pk, (0, 0))
            if domain.limit_octets is not None and given + (row.quota or 0) > domain.limit_octets:
                left = octets.shown(max(0, domain.limit_octets - given))
                raise ChangeRefused("quota", _("This domain has %(left)s left to give.") % {"left": left})
            if domain.limit_mailboxes is not None and made >= domain.limit_mailboxes:
                raise ChangeRefused("address", _full(domain.limit_mailboxes))

    def _let_in(self, reading: Reading) -> None:
        """The row is good: what comes after it counts it."""
        row = reading.row
        row.state, row.takes = RowState.GOOD, [row.address, *reading.aliases]
        self.before |= dict.fromkeys(row.takes, row.line)
        if row.domain_id in self.made:
            count, total = self.made[row.domain_id]
            self.made[row.domain_id] = (count + 1, total + (row.quota or 0))


def _keep_nothing(row: Row, state: RowState) -> None:
    row.state, row.secret, row.stored = state, None, ""


def _full(limit: int) -> str:
    return (
        ngettext(
            "This domain has room for %d mailbox, and has it.",
            "This domain has room for %d mailboxes, and has them.",
            limit,
        )
        % limit
    )
