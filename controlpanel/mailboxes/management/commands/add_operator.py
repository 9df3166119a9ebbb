from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand
from django.db import transaction

from controlpanel.accounts.actor import SHELL
from controlpanel.accounts.addresses import canonical, shown
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.management.shell import one_line_errors, secret, takes_password


class Command(BaseCommand):
    help = "Make an operator, who may all but read mail. Who signs in already gets the password that is given."

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
                password = secret()
                with transaction.atomic():
                    changes.appoint_operator(user, actor=SHELL)
                    changes.set_password(user, password, actor=SHELL)
                said = "is an operator now, and signs in with this password."
        self.stdout.write(f"{shown(address)} {said}")
