"""The disk of PostgreSQL full: senders are told to come back, nothing is kept half, and room alone heals it.

On a small file system in memory, which only root can mount; elsewhere these tests are skipped and say so.
"""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from controlpanel.launcher.postgres import PostgreSQL
from tests.postgres import migrate
from tests.wire.clients import Lmtp, Pop3, until
from tests.wire.service import ROOT, running
from tests.wire.test_faults import Fault, message

pytestmark = [pytest.mark.torture, pytest.mark.timeout(300)]

DISK = "size=400m"
MANY = 1500  # messages whose marks of removal do not fit into pages that are there already
LARGE = 2 * 2**20


class Disk:
    """A small file system at `place`."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._ballast = place / "ballast"

    def fill(self) -> None:
        """Leave not one block."""
        with self._ballast.open("wb", buffering=0) as file:
            for block in (2**20, 4096):
                with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                    write_for_ever(file.fileno(), b"\1" * block)

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)


def write_for_ever(file: int, block: bytes) -> None:
    while os.write(file, block):
        pass


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    tmp_path.chmod(0o755)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", place], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a full disk needs a file system of its own, and none can be mounted: {mounted.stderr.strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture(params=["tables", "tables and log"])
def fault(request: pytest.FixtureRequest, disk: Disk, tmp_path: Path) -> Iterator[Fault]:
    """A service whose tables lie on the small disk, and with them, or elsewhere, PostgreSQL's own log of changes."""
    database = PostgreSQL(disk.place / "database")
    database.start()
    try:
        if request.param == "tables":
            database.stop()
            move_log(database, tmp_path / "log of changes")
            database.start()
        migrate(database.url())
        people = [sys.executable, "-m", "tests.wire.people", "ana@example.org", "eve@example.org"]
        subprocess.run(people, cwd=ROOT, env=os.environ | {"DATABASE_URL": database.url()}, check=True)
        (tmp_path / "mail").mkdir()
        with running(database.url(), tmp_path / "mail") as service:
            yield Fault(database, service)
    finally:
        disk.make_room()
        database.stop()


def move_log(database: PostgreSQL, place: Path) -> None:
    log = database.data / "pg_wal"
    subprocess.run(["cp", "-a", log, place], check=True)
    shutil.rmtree(log)
    log.symlink_to(place)


def delivered_until_refused(fault: Fault) -> int:
    """Deliver until there is no room, and return how many were taken; each refusal says that it is for now."""
    for taken in range(2000):
        with Lmtp(fault.service.lmtp) as lmtp:
            replies = lmtp.deliver(message(f"full-{taken}", 20_000), "ana@example.org")
        if not replies[-1].startswith("250"):
            assert replies[-1][:3] in ("451", "452"), replies
            return taken
    raise AssertionError("the disk does not fill")


def goes_on_or_says_why(fault: Fault) -> None:
    """A new session gets a message whole, or is told that it is for now."""
    with Pop3(fault.service.pop3) as client:
        reply = client.login("ana@example.org")
        if reply.startswith(b"+OK"):
            reply = client.command("RETR 1")
            assert not reply.startswith(b"+OK") or b"".join(client.lines())
        assert reply.startswith((b"+OK", b"-ERR [SYS/TEMP]")), reply


def is_up(database: PostgreSQL) -> bool:
    try:
        with psycopg.connect(database.url(), connect_timeout=2) as connection:
            return connection.execute("SELECT true").fetchone() is not None
    except psycopg.OperationalError:
        return False


def removes(fault: Fault) -> bool:
    """Sign in, mark the first message, and say whether QUIT removed it."""
    with Pop3(fault.service.pop3) as client:
        signed_in = client.login("ana@example.org").startswith(b"+OK")
        return signed_in and client.command("DELE 1").startswith(b"+OK") and client.command("QUIT").startswith(b"+OK")


def test_nothing_is_lost_or_kept_half_and_room_heals_it(fault: Fault, disk: Disk) -> None:
    worker = fault.service.worker
    fault.deliver(*[message(str(number)) for number in range(MANY)])
    with Pop3(fault.service.pop3) as client:
        assert client.login("ana@example.org").startswith(b"+OK")
        client.send(b"".join(b"DELE %d\r\n" % number for number in range(1, MANY + 1)))
        assert all(client.line().startswith(b"+OK") for _ in range(MANY))
        disk.fill()
        taken = delivered_until_refused(fault)
        with Lmtp(fault.service.lmtp) as lmtp:
            assert lmtp.deliver(message("large", LARGE), "eve@example.org")[-1][:3] in ("451", "452")
        goes_on_or_says_why(fault)
        assert client.command("QUIT").startswith(b"-ERR [SYS/TEMP]")
    assert is_up(fault.database) or not (fault.database.data / "pg_wal").is_symlink()
    disk.make_room()
    if not is_up(fault.database):  # PostgreSQL ends itself where it cannot write its log of changes
        fault.database.kill()
        fault.database.start()
    until(lambda: is_up(fault.database))
    until(lambda: removes(fault))
    assert fault.present() == MANY + taken - 1
    fault.deliver(message("after"))
    fault.deliver(message("large", LARGE), to="eve@example.org")
    fault.check()
    assert fault.service.worker == worker
    environment = os.environ | {"DATABASE_URL": fault.database.url()}
    check = [sys.executable, "manage.py", "check_store"]
    said = subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout
