"""`manage.py check_store [--repair]`: compare the mail store with itself."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from controlpanel.mailstore.checking import Fault, Kind, check


def line(fault: Fault) -> str:
    """Say one fault in a line, for an operator."""
    sentences = {
        Kind.COUNTERS: _("Mailbox %(number)d: a counter says %(found)d, a recount %(expected)d."),
        Kind.CHANGE: _("Mailbox %(number)d: its change number is %(found)d, a message has %(expected)d."),
        Kind.OCTETS: _("Message %(number)d: it should have %(found)d octets, and has %(expected)d."),
        Kind.BODY: _("Message %(number)d: of its %(expected)d octets %(found)d are there; it cannot be read."),
        Kind.CHUNKS: _("Body %(number)d: no message names its chunks (%(found)d)."),
    }
    return sentences[fault.kind] % {"number": fault.number, "found": fault.found, "expected": fault.expected}


class Command(BaseCommand):
    help = "Compare counters with a recount, and messages with their bodies. Fails if anything does not fit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="mend what is found; a message without body goes")

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        faults = 0
        for fault in check(repair=repair):
            faults += 1
            self.stdout.write(line(fault))
        if not faults:
            self.stdout.write(_("Everything fits."))
        elif repair:
            self.stdout.write(_("Faults mended: %(faults)d.") % {"faults": faults})
        else:
            raise CommandError(_("Faults: %(faults)d; --repair mends them.") % {"faults": faults})
