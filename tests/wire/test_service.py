"""The service as a process: starting, who may connect, stopping."""

import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from tests.wire.clients import Lmtp, Pop3, Talk, until
from tests.wire.conftest import install
from tests.wire.service import COMMAND, ROOT, MailService, running


def test_a_stop_says_farewell_and_is_clean(service_database_url: str, tmp_path: Path, authority: trustme.CA) -> None:
    install(authority, tmp_path, "mail.example.org")
    with running(service_database_url, tmp_path) as service, Pop3(service.pop3) as client:
        assert service.stop() == 0
        assert client.line().startswith(b"-ERR [SYS/TEMP] ")
        assert client.rest() == b""
        assert "Traceback" not in service.said()
        assert "level=ERROR" not in service.said()


def test_without_a_certificate_there_is_no_stls(service_database_url: str, tmp_path: Path) -> None:
    with running(service_database_url, tmp_path) as service:
        with Pop3(service.pop3) as client:
            client.command("CAPA")
            assert b"STLS" not in client.lines()
        with Talk(service.pop3s) as line:
            assert line.rest() == b""
        lines = [line for line in service.said().splitlines() if "level=ERROR" in line]
        assert len(lines) == 1
        assert str(tmp_path / "tls") in lines[0]


def test_a_first_certificate_needs_no_restart(
    service_database_url: str, tmp_path: Path, authority: trustme.CA, client_context: ssl.SSLContext
) -> None:
    with running(service_database_url, tmp_path) as service:
        install(authority, tmp_path, "mail.example.org")
        until(lambda: greets_over_tls(service, client_context))


def greets_over_tls(service: MailService, context: ssl.SSLContext) -> bool:
    try:
        with Pop3(service.pop3s, context) as client:
            return client.greeting.startswith(b"+OK")
    except (ssl.SSLError, ConnectionError):
        return False


def test_mail_is_taken_from_named_networks_only(service_database_url: str, tmp_path: Path) -> None:
    with running(service_database_url, tmp_path, LMTP_NETWORKS="127.0.0.1,127.0.0.7/32") as service:
        with Lmtp(service.lmtp, source="127.0.0.7") as lmtp:
            assert lmtp.greeting.startswith("220")
        with Talk(service.lmtp, source="127.0.0.8") as line:
            assert line.rest() == b"554 5.7.1 Mail is taken from named networks only\r\n"


def test_a_proxy_speaks_for_its_clients(service_database_url: str, tmp_path: Path) -> None:
    settings = {"PROXY_NETWORKS": "127.0.0.9/32", "CONNECTIONS_PER_ADDRESS": "1"}
    with running(service_database_url, tmp_path, **settings) as service:
        with Talk(service.pop3, source="127.0.0.9") as proxied, Talk(service.pop3, source="127.0.0.9") as other:
            proxied.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 110\r\nUSER ana@example.org\r\n")
            assert proxied.line().startswith(b"+OK")
            assert proxied.line().startswith(b"-ERR [SYS/PERM]")  # no longer loopback, so no password in clear
            other.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4712 110\r\n")
            assert other.rest().startswith(b"-ERR [SYS/TEMP]")
        with Talk(service.pop3, source="127.0.0.9") as silent:
            silent.send(b"USER ana@example.org\r\n")
            assert silent.rest() == b""


def test_a_listener_that_serves_nothing_stops_the_start(service_database_url: str, tmp_path: Path) -> None:
    service = MailService(service_database_url, tmp_path)
    done = subprocess.run(
        [*COMMAND, "--bind", f"127.0.0.1:{service.pop3}"],
        cwd=ROOT, env=service._environment, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode != 0
    assert "event=not_started fault=addresses" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "value"), [("POP3_BIND", "nonsense"), ("LMTP_NETWORKS", "10.0.0.0/99")])
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, name: str, value: str) -> None:
    service = MailService("postgresql:///unused", tmp_path, **{name: value})
    done = subprocess.run(COMMAND, cwd=ROOT, env=service._environment, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert done.stderr.startswith(f"Casilla: {name}")
    assert done.stderr.count("\n") == 1
