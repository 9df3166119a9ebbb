"""Moving from Dovecot: its clients find the same unique ids, sizes and octets at the new server."""

from pathlib import Path

import pytest
import trustme
from django.core.management import call_command

from bench.casilla import Account
from bench.dovecot import Dovecot
from controlpanel.mailboxes.models import Mailbox
from tests.programs import need
from tests.wire.clients import Pop3
from tests.wire.conftest import install
from tests.wire.service import MailService

ANA = "ana@example.org"


def seen(port: int) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """What a client sees: unique ids, sizes, and the octets of each message."""
    with Pop3(port) as client:
        assert client.login(ANA).startswith(b"+OK")
        assert client.command("UIDL").startswith(b"+OK")
        uidl = client.lines()
        assert client.command("LIST").startswith(b"+OK")
        sizes = client.lines()
        bodies = []
        for number in range(1, len(uidl) + 1):
            assert client.command(f"RETR {number}").startswith(b"+OK")
            bodies.append(b"\r\n".join(client.lines()))
        return uidl, sizes, bodies


def removing(port: int, number: int) -> None:
    with Pop3(port) as client:
        assert client.login(ANA).startswith(b"+OK")
        assert client.command(f"DELE {number}").startswith(b"+OK")
        assert client.command("QUIT").startswith(b"+OK")


@pytest.fixture
def dovecot(authority: trustme.CA, tmp_path: Path) -> Dovecot:
    program = need("dovecot")
    install(authority, tmp_path, "localhost")
    return Dovecot(program, tmp_path)


def test_a_client_finds_what_it_knows(service: MailService, ana: Mailbox, dovecot: Dovecot, tmp_path: Path) -> None:
    dovecot.start()
    try:
        dovecot.add([Account(ANA, "secret")])
        dovecot.fill([Account(ANA, "secret")], messages=12, octets=3000)
        port = dovecot.ports.pop3
        seen(port)
        removing(port, 5)
        before = seen(port)
    finally:
        dovecot.stop()
    [maildir] = [path.parent for path in tmp_path.rglob("dovecot-uidlist")]
    call_command("import_maildir", ANA, str(maildir))
    call_command("import_maildir", ANA, str(maildir))
    assert len(before[0]) == 11
    assert seen(service.pop3) == before
