from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from controlpanel.accounts import passwords
from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import shown
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.management.shell import one_line_errors, secret, takes_password, user_at


class Command(BaseCommand):
    help = "Set somebody's password, and end their sessions in the panel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        takes_password(parser)

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        user, password = user_at(address), secret()
        same = passwords.check(user.password, password).right
        if not same:
            with one_line_errors():
                changes.set_password(user, password, actor=SHELL)
        self.stdout.write(f"{shown(user.address)} has {'this password already' if same else 'a new password'}.")
