"""The listeners at which a mail server asks: in the file system and by TCP, and who may come to them."""

import os
import socket
import stat
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from controlpanel.mailboxes.models import Mailbox
from tests.postgres import clear_what_came_late, with_name
from tests.wire.service import MailService, free_ports, running

HELLO = b"VERSION\t1\t0\nCPID\t99\n"
RIGHT = b"AUTH\t1\tPLAIN\tservice=smtp\tsecured\trip=192.0.2.7\tresp=%s\n" % b64encode(b"\0ana@example.org\0secret")
ASKED = b"request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=ana@example.org\nsender=%s\n\n"


@pytest.fixture(scope="module")
def asked(
    server_url: str, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MailService, Path, int]]:
    folder, [port] = tmp_path_factory.mktemp("mail"), free_ports(1)
    binds = {
        "AUTH_BIND": f"unix:{folder}/auth, 127.0.0.1:{port}",
        "POLICY_BIND": f"unix:{folder}/policy",
        "AUTH_NETWORKS": "127.0.0.1",
        "SOCKET_MODE": "0640",
    }
    database = with_name(server_url, settings.DATABASES["default"]["NAME"])
    with running(database, folder, **binds) as service:
        yield service, folder, port
    clear_what_came_late(database)


def by_path(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(15)
    line.connect(str(path))
    return line


def by_tcp(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 15, (source, 0))


def until(line: socket.socket, end: bytes) -> bytes:
    said = b""
    while end not in said and (octets := line.recv(4096)):
        said += octets
    return said


@pytest.mark.parametrize("way", ["path", "tcp"])
def test_a_password_is_asked_for_by_either_way(asked: tuple[MailService, Path, int], ana: Mailbox, way: str) -> None:
    _, folder, port = asked
    with by_path(folder / "auth") if way == "path" else by_tcp(port) as line:
        assert until(line, b"DONE\n").startswith(b"VERSION\t1\t2\n")
        line.sendall(HELLO + RIGHT)
        assert until(line, b"\n") == b"OK\t1\tuser=ana@example.org\n"


def test_a_strange_host_is_not_heard(asked: tuple[MailService, Path, int], ana: Mailbox) -> None:
    with by_tcp(asked[2], source="127.0.0.9") as line:
        assert line.recv(1) == b""


def test_the_file_says_who_may_come(asked: tuple[MailService, Path, int]) -> None:
    for name in ("auth", "policy"):
        mode = os.stat(asked[1] / name).st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o640)


def test_who_closes_its_side_is_answered_and_then_let_go(asked: tuple[MailService, Path, int], ana: Mailbox) -> None:
    """As Exim asks: everything at once, and then the end of what it has to say."""
    with by_path(asked[1] / "policy") as line:
        line.sendall(ASKED % b"ana@example.org" + ASKED % b"luis@example.org")
        line.shutdown(socket.SHUT_WR)
        said = until(line, b"never")
    assert said.startswith(b"action=DUNNO\n\naction=REJECT 5.7.1 This sender address")
    assert said.count(b"action=") == 2


def test_many_lines_come_from_this_machine(asked: tuple[MailService, Path, int]) -> None:
    lines = [by_path(asked[1] / "auth") for _ in range(450)]
    try:
        assert all(until(line, b"DONE\n").endswith(b"DONE\n") for line in lines)
    finally:
        for line in lines:
            line.close()


def test_a_stop_takes_the_sockets_away(server_url: str, ana: Mailbox, tmp_path: Path) -> None:
    database = with_name(server_url, settings.DATABASES["default"]["NAME"])
    with running(database, tmp_path, AUTH_BIND=f"unix:{tmp_path}/auth") as service:
        with by_path(tmp_path / "auth") as line:
            until(line, b"DONE\n")
            assert service.stop() == 0
            assert until(line, b"\n") == b""
        assert not (tmp_path / "auth").exists()
