from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import canonical, shown
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.management.shell import one_line_errors, secret, takes_password


class Command(BaseCommand):
    help = "Make an operator, who may all but read mail. Who signs in already keeps their password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="best one of another service: it works when this one does not")
        takes_password(parser)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, address: str, name: str, **options: Any) -> None:
        with one_line_errors():
            address = canonical(address)
            user = User.objects.filter(address=address).first()
            if user is None:
                changes.create_operator(address, actor=SHELL, password=secret(), name=name)
                said = "is made."
            elif user.is_operator:
                said = "is already there."
            else:
                changes.appoint_operator(user, actor=SHELL)
                said = "is an operator now, with the password they had."
        self.stdout.write(f"{shown(address)} {said}")
