import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import AddressError, canonical, shown
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import Mailbox, State
from controlpanel.mailstore.bringing import Brought, bring
from controlpanel.mailstore.maildir import DEFAULT_FORMAT, MaildirError, messages


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # it serves no page
    help = (
        "Bring the inbox of a Maildir that Dovecot kept into a mailbox, with the unique ids that its POP3 gave: no "
        "mail client downloads anything again. Begun again, it brings what is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("path", help="the Maildir, or the home that it is in")
        parser.add_argument(
            "--uidl-format",
            default=DEFAULT_FORMAT,
            help="Dovecot's pop3_uidl_format, as `doveconf pop3_uidl_format` says: %%u, %%v and %%f are known",
        )

    def handle(self, *args: Any, address: str, path: str, uidl_format: str, **options: Any) -> None:
        mailbox = _mailbox(address)
        try:
            kept = messages(Path(path), uidl_format)
        except (MaildirError, OSError) as error:
            raise CommandError(f"{path}: {error}") from None
        brought = Brought()
        for brought in bring(mailbox.pk, kept):
            self._show(brought, len(kept))
        if brought.messages:
            _tell(mailbox, brought)
        self.stdout.write(f"{shown(mailbox.address_text)}: {brought.messages} brought, {brought.there} there already.")
        if brought.unreadable:
            raise CommandError("Not readable: " + "; ".join(brought.unreadable))

    def _show(self, brought: Brought, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{brought.messages + brought.there} of {total} ", ending="")


def _mailbox(address: str) -> Mailbox:
    try:
        found = Mailbox.objects.filter(address_text=canonical(address)).exclude(state=State.DELETED).first()
    except AddressError as error:
        raise CommandError(str(error.sentence)) from None
    if found is None:
        raise CommandError(f"There is no mailbox {address}: import_mailboxes or add_mailbox makes it.")
    return found


def _tell(mailbox: Mailbox, brought: Brought) -> None:
    tell_of_mailbox(SHELL, "import_maildir", mailbox, {"count": brought.messages})
