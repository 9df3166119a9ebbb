from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import canonical, domain_shown, shown
from controlpanel.mailboxes import changes, octets
from controlpanel.mailboxes.changes.rooms import DEFAULT, Quota
from controlpanel.mailboxes.management.shell import one_line_errors, secret
from controlpanel.mailboxes.models import Domain, Mailbox


class Command(BaseCommand):
    help = (
        "Make a mailbox. Repeated, it says that the mailbox is already there and changes nothing, no password either."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        secrets = parser.add_mutually_exclusive_group(required=True)
        secrets.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        secrets.add_argument(
            "--hash-stdin",
            action="store_true",
            help="read a hash of another server from standard input: {SSHA512}…, $6$…",
        )
        parser.add_argument("--quota", help="500M, 1.5 GB, none; the domain's own if not given")
        parser.add_argument("--name", default="", help="the name of its owner")

    def handle(self, *args: Any, address: str, quota: str | None, name: str, **options: Any) -> None:
        with one_line_errors():
            address = canonical(address)
            there = Mailbox.objects.filter(address_text=address).first()
            if there is None:
                self._make(address, _quota(quota), name, options["hash_stdin"])
        state = "" if there is None or there.state == "active" else f" ({there.state})"
        self.stdout.write(f"{shown(address)} is {'made' if there is None else 'already there'}{state}.")

    def _make(self, address: str, quota: Quota, name: str, as_hash: bool) -> None:
        local, _at, domain_name = address.rpartition("@")
        domain = Domain.objects.filter(name=domain_name).first()
        if domain is None:
            raise CommandError(f"The domain {domain_shown(domain_name)} is not here: add_domain makes it.")
        given = secret()
        changes.create_mailbox(
            domain,
            local,
            actor=SHELL,
            name=name,
            quota=quota,
            password=None if as_hash else given,
            password_hash=given if as_hash else None,
        )


def _quota(words: str | None) -> Quota:
    if words is None:
        return DEFAULT
    return None if words.lower() == "none" else octets.read(words)
