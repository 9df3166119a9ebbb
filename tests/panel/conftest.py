"""Who stands at the door: an operator, and administrators and owners of two domains that know nothing of each other."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from controlpanel.accounts.models import User
from controlpanel.importing.models import Import
from controlpanel.mailboxes.models import Access, Address, DevicePassword, Domain, Mailbox
from tests.store.factories import make_alias, make_domain, make_mailbox


@pytest.fixture(autouse=True)
def plain_static_files(settings: Any) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@dataclass(slots=True)
class People:
    domain: Domain
    mailbox: Mailbox
    alias: Address
    device: DevicePassword
    access: Access
    operator: User
    administrator: User
    other_administrator: User
    owner: User
    other_owner: User
    import_number: int

    def client(self, role: str) -> Client:
        """A browser in which `role` is signed in; `nobody` is signed in as nobody."""
        client = Client(headers={"host": "localhost", "accept-language": "en"})
        if role != "nobody":
            client.force_login(getattr(self, role))
        return client


@pytest.fixture
def people(db: None) -> People:
    domain, other = make_domain("papelera.example"), make_domain("otra.example")
    mailbox, other_mailbox = make_mailbox("ana@papelera.example", name="Ana Pérez"), make_mailbox("eva@otra.example")
    administrator = User.objects.create_user("lucia@estudio.example")
    other_administrator = User.objects.create_user("pedro@estudio.example")
    domain.administrators.add(administrator)
    other.administrators.add(other_administrator)
    return People(
        domain=domain,
        mailbox=mailbox,
        alias=make_alias("info@papelera.example", mailbox),
        access=mailbox.accesses.create(user=User.objects.create_user("socia@elsewhere.example")),
        device=mailbox.device_passwords.create(name="Notebook", stored_key=b"s" * 32, server_key=b"k" * 32),
        operator=User.objects.create_user("mesa@hosting.example", is_operator=True),
        administrator=administrator,
        other_administrator=other_administrator,
        owner=mailbox.user,
        other_owner=other_mailbox.user,
        import_number=Import.objects.create(by=administrator, file_name="list.csv", encoding="UTF-8", language="en").pk,
    )
