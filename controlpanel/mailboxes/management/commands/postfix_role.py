import re
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from controlpanel.mailboxes.management.shell import secret, takes_password
from controlpanel.mailboxes.postfix_role import NotOurRoleError, statements

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")


class Command(BaseCommand):
    help = (
        "Make the database role with which Postfix or Exim reads who exists, or renew its password and its rights. "
        "Where our own role may not make roles, the SQL is written out for one that may: pipe it into psql."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="casilla_postfix")
        takes_password(parser)

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        if not NAME.match(name):
            raise CommandError("A role's name has lower-case letters, digits and underscores, 63 at most.")
        try:
            said = statements(name, secret())
        except NotOurRoleError:
            raise CommandError(f"The role {name} is there for something else: choose another name.") from None
        if not self._ran(said):
            self.stdout.write("".join(f"{each};\n" for each in said))
            raise CommandError("Our own role may not make roles: run this SQL as one that may.")
        self.stdout.write(f"{name} reads the views of who exists, and nothing else.")

    def _ran(self, said: Sequence[str]) -> bool:
        """Run the statements, all or none; False where we have not the right to."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                for each in said:
                    cursor.execute(each)
        except ProgrammingError as error:
            if isinstance(error.__cause__, InsufficientPrivilege):
                return False
            raise
        return True
