from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import shown
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.management.shell import user_at


class Command(BaseCommand):
    help = "Take away somebody's second factors (codes, passkeys, recovery codes), and end their sessions in the panel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        user = user_at(address)
        had = changes.reset_second_factor(user, actor=SHELL)
        said = "signs in by password alone from now on." if had else "has no second factor."
        self.stdout.write(f"{shown(user.address)} {said}")
