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

pytestmark = pytest.mark.timeout(120)


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


@pytest.fixture
def casilla(tmp_path: Path) -> Iterator[Casilla]:
    started = Casilla(tmp_path / "data", free_binds())
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGINT)


def curl_line(words: str) -> list[str]:
    found = re.search(r"^ +(curl .*)$", words, re.MULTILINE)
    assert found, words
    return shlex.split(found[1])


def fetch(casilla: Casilla, words: str) -> bytes:
    curl = need("curl")
    fetched = subprocess.run([curl, *curl_line(words)[1:]], cwd=ROOT, capture_output=True, timeout=30)
    assert fetched.returncode == 0, fetched.stderr
    return fetched.stdout


def test_the_whole_way_from_the_first_start_to_the_second(casilla: Casilla) -> None:
    words = casilla.wait()
    assert re.search(r"^ +operator +operator@casilla\.example +\S{4}-\S{4}-\S{4}-\S{4}$", words, re.MULTILINE)
    message = fetch(casilla, words)
    assert b"Subject: Welcome" in message
    assert "este mensaje llegó por LMTP".encode() in message
    with urllib.request.urlopen(f"http://localhost:{casilla.port('PANEL_BIND')}/", timeout=10) as page:
        assert page.status == 200
    assert casilla.end(signal.SIGINT) == 0

    again = Casilla(casilla.data, casilla.binds)
    try:
        words = again.wait()
        assert "operator@casilla.example" in words
        assert not re.search(r"\S{4}-\S{4}-\S{4}-\S{4}", words), "passwords are shown once"
        assert fetch(again, words).endswith(message[-200:])
    finally:
        assert again.end(signal.SIGTERM) == 0


def test_what_is_kept_is_private(casilla: Casilla) -> None:
    casilla.wait()
    for name in ("demo_passwords", "maria.curl", "secret_key", "database_url", "postgresql.password"):
        assert (casilla.data / name).stat().st_mode & 0o777 == 0o600, name
    assert casilla.data.stat().st_mode & 0o777 == 0o700


def test_both_owners_have_mail_and_stls_works(casilla: Casilla) -> None:
    casilla.wait()
    passwords = dict(line.split() for line in (casilla.data / "demo_passwords").read_text().splitlines())
    trust = ssl.create_default_context(cafile=casilla.data / "tls" / "localhost" / "fullchain.pem")
    for address, messages in (("maria@demo.example", 3), ("james@demo.example", 2)):
        client = poplib.POP3("localhost", casilla.port("POP3_BIND"), timeout=20)
        client.stls(trust)
        client.user(address)
        client.pass_(passwords[address])
        assert client.stat()[0] == messages
        client.quit()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("gunicorn_mail", r"^Casilla: mail ended \(signal SIGKILL.*; stopping the rest$"),
        ("-D", r"^Casilla: database ended \(.*; stopping the rest$"),
    ],
)
def test_what_dies_stops_the_rest(casilla: Casilla, word: str, reason: str) -> None:
    casilla.wait()
    os.kill(casilla.pid_of(word), signal.SIGKILL)
    assert casilla.end() == 1
    assert re.search(reason, casilla.words, re.MULTILINE), casilla.words
    assert "Traceback" not in casilla.words.partition("Casilla: ")[0]
    for name in casilla.binds:
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", casilla.port(name)), 5)
