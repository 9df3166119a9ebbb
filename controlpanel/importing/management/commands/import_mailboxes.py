import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import domain_name
from controlpanel.importing import changes
from controlpanel.importing.checking import check_some
from controlpanel.importing.making import make_some
from controlpanel.importing.models import Import, RowState
from controlpanel.mailboxes.management.shell import one_line_errors
from controlpanel.mailboxes.models import Domain


class Command(BaseCommand):
    help = (
        "Make mailboxes from a file: a table with headings, a Dovecot passwd-file, a shadow file of cPanel, or an "
        "export of PostfixAdmin or Modoboa. What is wrong is said first. Repeated, it makes what is missing; mailboxes "
        "that are there stay as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a path, or - for standard input")
        parser.add_argument("--domain", help="where addresses without a domain belong")
        parser.add_argument("--dry-run", action="store_true", help="say what is wrong, and make nothing")
        parser.add_argument("--skip-wrong", action="store_true", help="make the good rows although others are wrong")

    def handle(self, *args: Any, file: str, domain: str | None, **options: Any) -> None:
        octets, name = _read(file)
        with one_line_errors():
            there = _domain(domain) if domain else None
            held = changes.start_import(octets, name, actor=SHELL, language="en", domain=there)
        try:
            while check_some(held.pk):
                self._show(held, "checked")
            counts = changes.counts(held)
            self._tell(held, counts)
            wrong = counts.get(RowState.BAD, 0)
            if options["dry_run"] or (wrong and not options["skip_wrong"]) or not counts.get(RowState.GOOD):
                changes.discard_import(held.pk, actor=SHELL)
                if wrong:
                    raise CommandError(f"{wrong} rows are wrong. Nothing was made.")
                return
        except KeyboardInterrupt:
            changes.discard_import(held.pk, actor=SHELL)
            raise CommandError("Nothing was made.") from None
        self._make(held)

    def _make(self, held: Import) -> None:
        with one_line_errors():
            changes.confirm_import(held.pk, actor=SHELL)
        while make_some(held.pk):
            self._show(held, "made")
        counts = changes.counts(held)
        for row in held.rows.filter(state=RowState.FAILED).order_by("line").iterator():
            self._faults(row.line, row.address, row.faults)
        self.stdout.write(f"{counts.get(RowState.MADE, 0)} mailboxes made.")
        if counts.get(RowState.FAILED):
            raise CommandError(f"{counts[RowState.FAILED]} rows were refused.")

    def _tell(self, held: Import, counts: dict[str, int]) -> None:
        self.stdout.write(f"Read as {held.encoding}.")
        if held.unread:
            self.stdout.write(f"Not read: {', '.join(held.unread)}.")
        for row in held.rows.filter(state=RowState.BAD).order_by("line").iterator():
            self._faults(row.line, str(row.values.get("address", "")), row.faults)
        self.stdout.write(
            f"{counts.get(RowState.GOOD, 0)} to be made, {counts.get(RowState.THERE, 0)} there already, "
            f"{counts.get(RowState.BAD, 0)} wrong."
        )

    def _faults(self, line: int, address: str, faults: list[list[str]]) -> None:
        for column, sentence in faults:
            self.stderr.write(f"line {line}, {address}{f', {column}' if column else ''}: {sentence}")

    def _show(self, held: Import, word: str) -> None:
        """How far it is, on a terminal alone."""
        if sys.stderr.isatty():
            counts = changes.counts(held)
            left = counts.get(RowState.NEW, 0) if word == "checked" else counts.get(RowState.GOOD, 0)
            self.stderr.write(f"\r{sum(counts.values()) - left} {word}, {left} to go  ", ending="")


def _read(file: str) -> tuple[bytes, str]:
    if file == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return Path(file).read_bytes(), Path(file).name
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None


def _domain(name: str) -> Domain:
    found = Domain.objects.filter(name=domain_name(name)).first()
    if found is None:
        raise CommandError(f"The domain {name} is not here: add_domain makes it.")
    return found
