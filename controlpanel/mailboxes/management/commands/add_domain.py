from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import domain_name, domain_shown
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.management.shell import one_line_errors
from controlpanel.mailboxes.models import Domain


class Command(BaseCommand):
    help = "Make a mail domain. Repeated, it says that the domain is already there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="as people write it: example.org, münchen.example")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        with one_line_errors():
            name = domain_name(name)
            there = Domain.objects.filter(name=name).first()
            if there is None:
                changes.create_domain(name, actor=SHELL)
        state = "" if there is None or there.state == "active" else f" ({there.state})"
        self.stdout.write(f"{domain_shown(name)} is {'made' if there is None else 'already there'}{state}.")
