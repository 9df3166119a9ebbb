"""Casilla as it is run: PostgreSQL with fsync, gunicorn with its mail worker; filled by the panel's own functions."""

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg
from django.core.management import call_command
from django.db import connection

from bench.load import Target
from bench.messages import message
from bench.ports import free_ports, wait_until_open
from controlpanel.launcher import certificate, postgres

ROOT = Path(__file__).resolve().parents[1]
MAIL = [sys.executable, "-m", "gunicorn", "--config", "python:pop3service.gunicorn_mail"]
# A small server's: a quarter of 4 GB for PostgreSQL; the rest is as `make run` has it, and fsync is on.
MEMORY = {"shared_buffers": "1GB", "max_wal_size": "4GB", "effective_cache_size": "3GB", "random_page_cost": "1.1"}
DOMAIN = "bench.example"
BATCH = 200
LARGE = 4 * 2**20  # octets, from which a message is staged as LMTP stages it


@dataclass(frozen=True)
class Account:
    address: str
    password: str


class Casilla:
    """One database and one mail service. Django is set up in this process, for filling and looking."""

    name = "Casilla"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        postgres.SETTINGS.update(MEMORY)
        self._database = postgres.PostgreSQL(folder / "casilla")
        self._mail: subprocess.Popen[bytes] | None = None
        self.ports = free_ports()
        os.environ.update(self._environment())

    def _environment(self) -> dict[str, str]:
        pop3, pop3s, lmtp = (f"127.0.0.1:{port}" for port in self.ports)
        return {
            "DATABASE_URL": self._database.url(),
            "DATA_DIR": str(self._folder / "casilla"),
            "TLS_DIR": str(self._folder / "tls"),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "POP3_BIND": pop3,
            "POP3S_BIND": pop3s,
            "LMTP_BIND": lmtp,
            "DJANGO_SETTINGS_MODULE": "controlpanel.settings",
            **{name: os.environ[name] for name in ("UVLOOP",) if name in os.environ},
        }

    def start(self) -> None:
        self._database.start()
        django.setup()
        call_command("prepare", skip_checks=True, verbosity=0)
        certificate.for_localhost(self._folder / "tls")
        self.start_mail()

    def start_mail(self) -> None:
        with (self._folder / "casilla.log").open("ab") as log:
            self._mail = subprocess.Popen(MAIL, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until_open(self.ports, self._mail)

    def stop_mail(self) -> None:
        if self._mail is not None:
            self._mail.terminate()
            self._mail.wait(40)
            self._mail = None

    def stop(self) -> None:
        self.stop_mail()
        if django.apps.apps.ready:
            connection.close()
        self._database.stop()

    @property
    def target(self) -> Target:
        return Target(self.ports, (self.master, self._database.pid))

    @property
    def master(self) -> int:
        """gunicorn's process id."""
        assert self._mail is not None
        return self._mail.pid

    @property
    def worker(self) -> int:
        """The process id of the mail worker."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text()
        return int(children.split()[0])

    # What it holds

    def make_accounts(self, name: str, number: int, kind: str = "both") -> list[Account]:
        """Make mailboxes NAME1, NAME2, …, with a main password, a device password, or one after the other ("both")."""
        from controlpanel.accounts.actor import SHELL
        from controlpanel.mailboxes import changes
        from controlpanel.mailboxes.models import Domain

        domain = Domain.objects.filter(name=DOMAIN).first() or changes.create_domain(DOMAIN, actor=SHELL)
        made = []
        for place in range(1, number + 1):
            main = kind == "main" or (kind == "both" and place % 2 == 1)
            secret = secrets.token_urlsafe(12)
            box = changes.create_mailbox(
                domain, f"{name}{place}", actor=SHELL, quota=None, password=secret if main else None
            )
            if not main:
                _, secret = changes.create_device_password(box, "bench", actor=SHELL)
            made.append(Account(box.address_text, secret))
        return made

    def fill(self, accounts: Sequence[Account], messages: int, octets: int) -> None:
        """Put so many messages into each mailbox, as a delivery does."""
        from controlpanel.mailboxes.models import Mailbox
        from controlpanel.mailstore import delivery

        numbers = dict(Mailbox.objects.values_list("address_text", "pk"))
        boxes = [numbers[account.address] for account in accounts]
        if octets > LARGE:
            for box in boxes * messages:
                delivery.deliver([_staged(box, octets)])
            return
        batch: list[Any] = []
        for number in range(messages):
            for box in boxes:
                batch.append(_at_hand(box, number, octets))
                if len(batch) == BATCH or octets * len(batch) > LARGE:
                    delivery.deliver(batch)
                    batch = []
        if batch:
            delivery.deliver(batch)

    def settle(self) -> None:
        """Do what autovacuum would do in the night, so that no round pays for the filling."""
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        self.as_superuser("CHECKPOINT")

    def as_superuser(self, statement: str) -> None:
        url = self._database.url().replace(f"//{postgres.ROLE}:", "//postgres:")
        with psycopg.connect(url, autocommit=True) as superuser:
            superuser.execute(statement.encode())

    @property
    def database_version(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return str(cursor.fetchone()[0])


def _at_hand(box: int, number: int, octets: int) -> Any:
    from controlpanel.mailstore import delivery, headers

    body = message(number, octets)
    return delivery.Delivery(box, len(body), delivery.in_chunks(body), **headers.scan(body)._asdict())


def _staged(box: int, octets: int) -> Any:
    """Stage a large message chunk by chunk, and return its delivery."""
    from controlpanel.mailstore import delivery, headers

    body = message(0, octets)
    [number] = delivery.new_bodies(1)
    for sequence, chunk in enumerate(delivery.in_chunks(body)):
        delivery.stage_chunks([delivery.Chunk(number, sequence, chunk)])
    return delivery.Delivery(box, len(body), body=number, **headers.scan(body[:65536])._asdict())
