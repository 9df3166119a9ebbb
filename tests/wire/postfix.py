"""Debian's Postfix as docs/operate/postfix.md sets it up, in a folder of its own and on free ports of loopback.

Only paths, ports and what signs in to the database are other ones than there.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from tests.documents import files_of
from tests.programs import MISSING, need
from tests.wire.service import MailService, free_ports, greets

START_SECONDS = 30.0
STANDARD = Path("/usr/share/postfix/master.cf.dist")
CERTIFICATE = "/etc/casilla/tls/mail.example.org"


class Postfix:
    """`smtp` is port 25 to the world, `submission` 587, `submissions` 465. `queue` is what Casilla puts sockets in.

    It reads the test's database at the port `database`, as `role`.
    """

    def __init__(self, folder: Path, role: str, password: str, database: int) -> None:
        self.program = need("postfix")
        for there, wanted in ((os.geteuid() == 0, "root's rights for postfix"), (reads_postgresql(), "postfix-pgsql")):
            if not there:
                pytest.skip(f"{MISSING}{wanted}")
        self.smtp, self.submission, self.submissions = free_ports(3)
        self.folder = folder
        self.queue, self.configuration = folder / "spool", folder / "etc"
        self.log = folder / "log"
        self._role, self._password, self._database = role, password, database
        for place in (self.queue, self.configuration):
            place.mkdir()
        sockets = self.queue / "casilla"
        sockets.mkdir(mode=0o710)
        shutil.chown(sockets, group="postfix")

    def asked_at(self) -> dict[str, str]:
        """The settings of Casilla's that the document wants, LMTP aside."""
        lines = files_of("operate/postfix.md")["/etc/casilla/casilla.env"].splitlines()
        pairs = dict(line.partition("=")[::2] for line in lines)
        wanted = ("AUTH_BIND", "POLICY_BIND", "SOCKET_MODE")
        return {name: pairs[name].replace("/var/spool/postfix", str(self.queue)) for name in wanted}

    def start(self, service: MailService) -> None:
        """Write the files of the document, and start. What comes by submission goes on by port 25, as from outside."""
        for path, text in files_of("operate/postfix.md").items():
            if path.startswith("/etc/postfix/"):
                self._write(path, self._placed(text, service))
        with (self.configuration / "main.cf").open("a") as main:
            main.write(self._own())
        again = f"127.0.0.1:{self.submission}/inet/content_filter=smtp:[127.0.0.1]:{self.smtp}"
        subprocess.run(["postconf", "-c", self.configuration, "-P", again], check=True)
        self._command("start")
        self._wait()

    def stop(self) -> None:
        self._command("stop")

    def reconfigure(self, *pairs: str) -> None:
        subprocess.run(["postconf", "-c", self.configuration, *pairs], check=True)
        self._command("reload")
        self._wait()

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def _write(self, path: str, text: str) -> None:
        name = path.removeprefix("/etc/postfix/")
        (self.configuration / name).write_text(self._master(text) if name == "master.cf" else text)

    def _placed(self, text: str, service: MailService) -> str:
        changes = {
            "/etc/postfix/": f"{self.configuration}/",
            CERTIFICATE: str(service.folder / "tls" / "mail.example.org"),
            "inet:127.0.0.1:24\n": f"inet:127.0.0.1:{service.lmtp}\n",
            "hosts = 127.0.0.1\n": f"hosts = 127.0.0.1:{self._database}\n",
            "dbname = casilla\n": f"dbname = {connection.settings_dict['NAME']}\n",
            "user = casilla_postfix\n": f"user = {self._role}\n",
            "CHANGE_ME": self._password,
        }
        for there, here in changes.items():
            text = text.replace(there, here)
        return text

    def _master(self, text: str) -> str:
        """Debian's own master.cf with the lines of the document in the place of those of the same name."""
        ports = {"smtp": self.smtp, "submission": self.submission, "submissions": self.submissions}
        whole = STANDARD.read_text() + text
        for name, port in ports.items():
            whole = re.sub(rf"^{name}( +inet)", rf"127.0.0.1:{port}\1", whole, flags=re.MULTILINE)
        return whole

    def _own(self) -> str:
        return (
            f"queue_directory = {self.queue}\ndata_directory = {self.folder / 'data'}\n"
            f"maillog_file = {self.log}\nmaillog_file_prefixes = {self.folder}\nalias_maps =\n"
        )

    def _command(self, word: str) -> None:
        done = subprocess.run(
            [self.program, "-c", self.configuration, word], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr + self.said()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not all(map(listens, (self.smtp, self.submission, self.submissions))) or not greets(self.smtp):
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)


def reads_postgresql() -> bool:
    kinds = subprocess.run(["postconf", "-m"], capture_output=True, text=True).stdout
    return "pgsql" in kinds.split()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def placed(role: str, password: str, database: int) -> Iterator[Postfix]:
    """A Postfix that is to be started, in a folder that its processes can reach; it is stopped and taken away."""
    folder = Path(tempfile.mkdtemp(prefix="casilla-postfix-"))
    folder.chmod(0o755)
    try:
        postfix = Postfix(folder, role, password, database)
        yield postfix
        if (postfix.queue / "pid" / "master.pid").exists():
            postfix.stop()
    finally:
        shutil.rmtree(folder)
