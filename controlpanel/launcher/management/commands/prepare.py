"""`manage.py prepare`: what comes before every start, and changes nothing where nothing is new."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError


class Command(BaseCommand):
    help = "Check the settings and bring the database's schema up to date; safe to repeat."
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
        except DatabaseError as error:
            raise CommandError(f"the database: {str(error).splitlines()[0]}") from None
