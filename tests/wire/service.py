"""The real mail service for tests: gunicorn and its worker as processes, on free ports of loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
COMMAND = [sys.executable, "-m", "gunicorn", "--config", "python:pop3service.gunicorn_mail"]


class MailService:
    """gunicorn with one worker. `folder` holds its certificates and what it wrote to standard error."""

    def __init__(self, database_url: str, folder: Path, **environment: str) -> None:
        self.pop3, self.pop3s, self.lmtp = free_ports(3)
        self.folder = folder
        self.log = folder / "log"
        self._environment = os.environ | {
            "DATABASE_URL": database_url,
            "DATA_DIR": str(folder),
            "TLS_DIR": str(folder / "tls"),
            "SECRET_KEY": "x" * 60,
            "PUBLIC_HOST": "mail.example.org",
            "POP3_BIND": f"127.0.0.1:{self.pop3}",
            "POP3S_BIND": f"127.0.0.1:{self.pop3s}",
            "LMTP_BIND": f"127.0.0.1:{self.lmtp}",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(COMMAND, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not all(greets(port) for port in (self.pop3, self.lmtp)):
            assert time.monotonic() < until, self.said()
            assert self.master.poll() is None, self.said()
            time.sleep(0.05)

    @property
    def master(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "start comes first"
        return self._process

    @property
    def worker(self) -> int:
        """The worker's process id."""
        children = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return int(children.read_text().split()[0])

    def kill_worker(self) -> None:
        os.kill(self.worker, signal.SIGKILL)

    def stop(self, seconds: float = 40.0) -> int:
        """Stop gracefully, and return gunicorn's exit code."""
        self.master.terminate()
        try:
            return self.master.wait(seconds)
        except subprocess.TimeoutExpired:
            self.master.kill()
            raise

    def said(self) -> str:
        return self.log.read_text()


@contextmanager
def running(database_url: str, folder: Path, **environment: str) -> Iterator[MailService]:
    service = MailService(database_url, folder, **environment)
    service.start()
    try:
        yield service
    finally:
        if service.master.poll() is None:
            service.stop()


def greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return line.recv(1) != b""
    except OSError:
        return False


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
