"""Programs that people fetch mail with, each against the real service: plain, STLS and TLS."""

import os
import subprocess
from pathlib import Path

import pytest
import trustme

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore.models import Message
from tests.programs import need
from tests.store.factories import put
from tests.wire.nasty import messages
from tests.wire.service import MailService

LARGEST = 100_000  # what these programs do with larger messages is not ours to test
LINES = ["plain", "stls", "tls"]


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def bodies(ana: Mailbox) -> list[bytes]:
    return put_whole(ana, [text for text in messages().values() if len(text) < LARGEST])


@pytest.fixture
def few(ana: Mailbox) -> list[bytes]:
    """Some, for programs that start another one for each message."""
    return put_whole(ana, [text for text in messages().values() if len(text) < LARGEST][::4])


def put_whole(box: Mailbox, texts: list[bytes]) -> list[bytes]:
    kept = [text if text.endswith(b"\r\n") else text + b"\r\n" for text in texts]
    put(box, *kept)
    return kept


def run(*command: str | Path, **environment: str) -> bytes:
    done = subprocess.run(command, capture_output=True, timeout=50, env=os.environ | environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")[-2000:]
    return done.stdout


@pytest.mark.parametrize("line", LINES)
def test_curl_fetches_every_message_octet_for_octet(
    service: MailService, bodies: list[bytes], ca: Path, line: str
) -> None:
    curl = need("curl")
    port = service.pop3s if line == "tls" else service.pop3
    scheme = "pop3s" if line == "tls" else "pop3"
    options = ["--silent", "--show-error", "--user", "ana@example.org:secret", "--cacert", ca]
    options += ["--ssl-reqd"] if line == "stls" else []
    options += ["--resolve", f"mail.example.org:{port}:127.0.0.1"]
    url = f"{scheme}://mail.example.org:{port}"
    listing = run(curl, *options, f"{url}/").decode().splitlines()
    assert listing == [f"{number} {len(body)}" for number, body in enumerate(bodies, 1)]
    for number in (1, 8, 9, 14, 20, 31, len(bodies)):
        assert run(curl, *options, f"{url}/{number}") == bodies[number - 1], number


@pytest.fixture
def keeper(tmp_path: Path) -> Path:
    """A program that keeps each message it is given in a file of its own."""
    program = tmp_path / "keep"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/message.$$\n")
    program.chmod(0o700)
    return program


def kept_by(keeper: Path) -> int:
    return len(list(keeper.parent.glob("message.*")))


@pytest.mark.parametrize("line", ["plain", "tls"])
def test_getmail_fetches_all_once_and_deletes(
    service: MailService, few: list[bytes], ca: Path, keeper: Path, line: str
) -> None:
    getmail = need("getmail", "getmail6")
    kind, port = ("SSL", service.pop3s) if line == "tls" else ("", service.pop3)
    settings = keeper.with_name("getmailrc")
    settings.write_text(
        f"[retriever]\ntype = SimplePOP3{kind}Retriever\nserver = localhost\nport = {port}\n"
        f"username = ana@example.org\npassword = secret\n{f'ca_certs = {ca}' if kind else ''}\n"
        f"[destination]\ntype = MDA_external\npath = {keeper}\nallow_root_commands = true\n"
        "[options]\ndelivered_to = false\nreceived = false\nread_all = false\nverbose = 0\n"
    )
    command = [getmail, f"--getmaildir={keeper.parent}", f"--rcfile={settings.name}"]
    for _ in range(2):
        run(*command)
        assert kept_by(keeper) == len(few)
    run(*command, "--delete", "--all")
    assert not Message.objects.filter(removed__isnull=True)


@pytest.mark.parametrize("line", LINES)
def test_fetchmail_fetches_all_and_removes(
    service: MailService, few: list[bytes], ca: Path, keeper: Path, line: str
) -> None:
    fetchmail = need("fetchmail")
    port = service.pop3s if line == "tls" else service.pop3
    tls = {"plain": "sslproto ''", "stls": "sslproto 'TLS1.2+'", "tls": "ssl"}[line]
    check = "" if line == "plain" else f"sslcertfile {ca} sslcertck"
    settings = keeper.with_name("fetchmailrc")
    settings.write_text(
        f"poll localhost protocol POP3 port {port} auth password bad-header accept\n"
        f"user 'ana@example.org' password 'secret' {tls} {check} fetchall no keep mda '{keeper}'\n"
    )
    settings.chmod(0o600)
    files = ["--pidfile", keeper.with_name("pid"), "--idfile", keeper.with_name("ids")]
    run(fetchmail, "--fetchmailrc", settings, "--nodetach", "--nosyslog", *files, HOME=str(keeper.parent))
    assert kept_by(keeper) == len(few)
    assert not Message.objects.filter(removed__isnull=True)
