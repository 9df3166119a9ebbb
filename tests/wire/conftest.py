"""The mail service of a test run, and the mailboxes of a test."""

import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trustme
from django.conf import settings
from django.contrib.auth.hashers import make_password

from controlpanel.mailboxes.models import Mailbox
from tests.postgres import migrate, temporary_server, with_name
from tests.store.factories import make_mailbox
from tests.wire.house import EMPTY, Fault
from tests.wire.service import ROOT, MailService, running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def stored_password() -> str:
    """What is stored for the password "secret"."""
    return make_password("secret")


@pytest.fixture(scope="module")
def service(
    server_url: str, django_db_setup: None, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MailService]:
    """The service on the test database: what a test's own Django writes it reads.

    It ends with its file: it beats in the database, and the tests of the heartbeat count the processes there.
    """
    folder = tmp_path_factory.mktemp("mail")
    install(authority, folder, "mail.example.org", "localhost")
    with running(with_name(server_url, settings.DATABASES["default"]["NAME"]), folder) as running_service:
        yield running_service


@pytest.fixture
def ana(transactional_db: None, stored_password: str) -> Mailbox:
    return with_password(make_mailbox("ana@example.org"), stored_password)


def with_password(box: Mailbox, stored: str) -> Mailbox:
    box.user.password = stored
    box.user.save()
    return box


def install(authority: trustme.CA, folder: Path, *names: str) -> None:
    """Put a certificate for `names` where the service looks for one."""
    certificate = authority.issue_cert(*names, common_name=names[0])
    place = folder / "tls" / names[0]
    place.mkdir(parents=True, exist_ok=True)
    certificate.private_key_pem.write_to_path(place / "privkey.pem")
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(place / "fullchain.pem", append=number > 0)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fault]:
    with temporary_server(durable=True) as database:
        migrate(database.url())
        people = [sys.executable, "-m", "tests.wire.people", *[f"{name}@example.org" for name in ("ana", "eve", "leo")]]
        subprocess.run(people, cwd=ROOT, env=os.environ | {"DATABASE_URL": database.url()}, check=True)
        with running(database.url(), tmp_path_factory.mktemp("mail")) as service:
            yield Fault(database, service)


@pytest.fixture
def fault(house: Fault) -> Fault:
    """The house, with empty mailboxes."""
    house.service.wait_until_ready()
    with psycopg.connect(house.database.url()) as connection:
        connection.execute(EMPTY)
    return house
