"""Casilla whole, as `make run` starts it: the mail is fetched, Ctrl-C stops it, and the next start finds its data."""

import os
import poplib
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launcher.test_run_refused import ROOT, free_binds
from tests.programs import need

pytestmark = pytest.mark.timeout(180)


class Casilla:
    """`python -m controlpanel.launcher` on ports and a folder of its own, with all that it has said so far."""

    def __init__(self, data: Path, binds: dict[str, str]) -> None:
        self.data, self.binds = data, binds
        self.words = ""
        bare = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TLS_DIR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "controlpanel.launcher"],
            cwd=ROOT,
            env=bare | binds | {"DATA_DIR": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.words += line
            if "Ctrl-C stops everything" in line:
                self.ready.set()
        self.ready.set()

    def wait(self) -> str:
        """Wait until it is ready, and return what it said."""
        assert self.ready.wait(60), self.words
        assert "Casilla is ready" in self.words, self.words
        return self.words

    def end(self, number: signal.Signals | None = None) -> int:
        """Wait for its end, after a signal if one is given; return its exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join()
        return code

    def pid_of(self, word: str) -> int:
        """The child whose command line has `word` in it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(child) for child in children if word.encode() in Path(f"/proc/{child}/cmdline").read_bytes())

    def port(self, name: str) -> int:
        return int(self.binds[name].rpartition(":")[2])


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casilla]:
    """The first start on an empty folder, which the last test of this file ends."""
    started = Casilla(tmp_path_factory.mktemp("casilla") / "data", free_binds())
    started.wait()
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGINT)


def fetch(casilla: Casilla) -> bytes:
    """What the line of curl in its words brings."""
    need("curl")
    found = re.search(r"^ +(curl .*)$", casilla.words, re.MULTILINE)
    assert found, casilla.words
    fetched = subprocess.run(shlex.split(found[1]), cwd=ROOT, capture_output=True, timeout=30)
    assert fetched.returncode == 0, fetched.stderr
    return fetched.stdout


def test_the_first_start_says_whom_to_sign_in_as_and_how_to_fetch_a_message(first: Casilla) -> None:
    assert re.search(r"^ +operator +operator@casilla\.example +\S{4}-\S{4}-\S{4}-\S{4}$", first.words, re.MULTILINE)
    message = fetch(first)
    assert b"Subject: Welcome" in message
    assert "este mensaje llegó por LMTP".encode() in message
    with urllib.request.urlopen(f"http://localhost:{first.port('PANEL_BIND')}/", timeout=10) as page:
        assert page.status == 200


def test_what_is_kept_is_private(first: Casilla) -> None:
    for name in ("demo_passwords", "maria.curl", "secret_key", "database_url", "postgresql.password"):
        assert (first.data / name).stat().st_mode & 0o777 == 0o600, name
    assert first.data.stat().st_mode & 0o777 == 0o700


def test_both_owners_have_mail_and_stls_works(first: Casilla) -> None:
    passwords = dict(line.split() for line in (first.data / "demo_passwords").read_text().splitlines())
    trust = ssl.create_default_context(cafile=first.data / "tls" / "localhost" / "fullchain.pem")
    for address, messages in (("maria@demo.example", 3), ("james@demo.example", 2)):
        client = poplib.POP3("localhost", first.port("POP3_BIND"), timeout=20)
        client.stls(trust)
        client.user(address)
        client.pass_(passwords[address])
        assert client.stat()[0] == messages
        client.quit()


def test_a_shell_works_on_the_same_data(first: Casilla) -> None:
    counted = "from controlpanel.accounts.models import User; print(User.objects.count())"
    command = [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", counted]
    environment = os.environ | {"DATA_DIR": str(first.data)}
    shell = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert shell.stdout == "4\n", shell.stderr


@pytest.mark.torture
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_ctrl_c_a_second_start_and_what_happens_when_a_part_dies(first: Casilla) -> None:
    message = fetch(first)
    assert first.end(signal.SIGINT) == 0
    order = re.findall(r"^(mail|panel) .*Shutting down: Master", first.words, re.MULTILINE)
    assert order == ["mail", "panel"]
    assert "Traceback" not in first.words, first.words

    second = Casilla(first.data, first.binds)
    words = second.wait()
    assert "operator@casilla.example" in words
    assert not re.search(r"\S{4}-\S{4}-\S{4}-\S{4}", words), "passwords are shown once"
    assert fetch(second) == message
    os.kill(second.pid_of("gunicorn_mail"), signal.SIGKILL)
    assert_ended(second, r"^Casilla: mail ended \(signal SIGKILL.*; stopping the rest$")

    third = Casilla(first.data, first.binds)
    third.wait()
    os.kill(third.pid_of("postgresql"), signal.SIGKILL)
    assert_ended(third, r"^Casilla: database ended \(.*; stopping the rest$")

    fourth = Casilla(first.data, first.binds)
    fourth.wait()
    assert fetch(fourth) == message
    assert fourth.end(signal.SIGTERM) == 0


def assert_ended(casilla: Casilla, reason: str) -> None:
    """By itself, with a reason in one line, and nothing left behind."""
    assert casilla.end() == 1
    assert re.search(reason, casilla.words, re.MULTILINE), casilla.words
    for name in casilla.binds:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", casilla.port(name)), 5)
