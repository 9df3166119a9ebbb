"""The embedded server, for real: made, crashed, started again, and refusing what it should."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from controlpanel.launcher import binaries, rights
from controlpanel.launcher.errors import LauncherError
from controlpanel.launcher.postgres import SOCKET, PostgreSQL

ROOT = Path(__file__).resolve().parents[2]
needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked at in /proc")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgreSQL]:
    server = PostgreSQL(tmp_path / "data", durable=False)
    yield server
    server.stop()


def rows(server: PostgreSQL) -> int:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1)")
        return connection.execute("SELECT count(*) FROM kept").fetchone()[0]


def sockets(server: PostgreSQL) -> Path:
    return Path(conninfo_to_dict(server.url())["host"])


def modes(folder: Path) -> dict[Path, int]:
    return {each: each.stat().st_mode for each in (folder, *folder.parents)}


def test_data_outlives_a_stop(server: PostgreSQL) -> None:
    server.start()
    assert rows(server) == 1
    server.stop()
    server.start()
    assert rows(server) == 2


def test_a_crash_is_recovered_from(server: PostgreSQL) -> None:
    server.start()
    rows(server)
    server.kill()
    server.start()
    assert rows(server) == 2


def test_letters_and_their_case_are_unicode(server: PostgreSQL) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT lower('Ñandú'), current_setting('server_encoding'), current_setting('data_checksums')"
        ).fetchone()
    assert row == ("ñandú", "UTF8", "on")


def test_nothing_listens_but_a_private_socket(server: PostgreSQL) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert (sockets(server) / SOCKET).is_socket()
    assert sockets(server).stat().st_mode & 0o777 == 0o700
    assert (server.home / "postgresql.password").stat().st_mode & 0o777 == 0o600


def test_a_wrong_password_is_refused(server: PostgreSQL) -> None:
    server.start()
    before, _, after = server.url().partition("casilla:")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{before}casilla:wrong{after[after.index('@') :]}")


def test_the_owner_of_the_tables_is_no_superuser(server: PostgreSQL) -> None:
    server.start()
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)


def test_no_statement_and_no_value_reaches_the_log(server: PostgreSQL) -> None:
    server.start()
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (address text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('maria@demo.example')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('maria@demo.example')")
    server.stop()
    assert "people_pkey" in server.log.read_text()
    assert "maria" not in server.log.read_text()


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    server = PostgreSQL(tmp_path / ("deep-" * 20) / "data", durable=False)
    try:
        server.start()
        assert rows(server) == 1
        assert tmp_path not in sockets(server).parents
        assert sockets(server).stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    assert not sockets(server).exists()


def test_a_folder_that_somebody_put_in_the_sockets_place(tmp_path: Path) -> None:
    server = PostgreSQL(tmp_path / ("deep-" * 20) / "data", durable=False)
    sockets(server).mkdir()
    sockets(server).chmod(0o777)
    try:
        with pytest.raises(LauncherError, match="is not ours"):
            server.start()
    finally:
        sockets(server).rmdir()


def test_a_folder_with_awkward_signs_in_its_name(tmp_path: Path) -> None:
    server = PostgreSQL(tmp_path / 'it\'s "a", señor \\ & %20?', durable=False)
    try:
        server.start()
        assert rows(server) == 1
    finally:
        server.stop()


@needs_proc
def test_another_program_with_the_old_process_id(server: PostgreSQL) -> None:
    server.start()
    server.kill()
    pid_file = server.data / "postmaster.pid"
    _, rest = pid_file.read_text().split("\n", 1)
    pid_file.write_text(f"{os.getpid()}\n{rest}")
    server.start()
    assert rows(server) == 1


def test_a_second_server_on_the_same_data_is_refused(server: PostgreSQL) -> None:
    server.start()
    second = PostgreSQL(server.home, durable=False)
    with pytest.raises(LauncherError, match=f"still runs.*kill -INT {server.pid}"):
        second.start(patience=0.5)
    assert rows(server) == 1


def test_data_of_another_version_is_refused_with_the_way_out(server: PostgreSQL) -> None:
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LauncherError, match=r"made by PostgreSQL 9.*pg_dump of PostgreSQL 9"):
        server.start()


def test_a_lost_password_is_said_plainly(server: PostgreSQL) -> None:
    server.start()
    server.stop()
    (server.home / "postgresql.password").unlink()
    with pytest.raises(LauncherError, match="does not belong to"):
        PostgreSQL(server.home, durable=False).start()


def test_an_interrupted_making_leaves_no_half_a_cluster(server: PostgreSQL) -> None:
    half = server.home / "postgresql.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert rows(server) == 1
    assert not half.exists()


def test_broken_settings_are_reported_in_the_servers_words(server: PostgreSQL) -> None:
    server.start()
    server.stop()
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("max_connections = many\n")
    with pytest.raises(LauncherError, match=r"did not start: .*max_connections|did not start: .*configuration"):
        server.start()


def test_no_program_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, server: PostgreSQL) -> None:
    monkeypatch.setattr(binaries, "_places", lambda: iter(()))
    with pytest.raises(LauncherError, match="DATABASE_URL"):
        server.start()


def installed(folder: Path, version: str) -> Path:
    """A folder of programs that say they are of `version`."""
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version} (Debian)'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_first_recent_program_is_taken_or_the_one_that_the_data_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folders = [installed(tmp_path / version, version) for version in ("14.2", "18.4", "17.6")]
    places = [binaries.Programs(folder) for folder in (tmp_path / "absent", *folders)]
    monkeypatch.setattr(binaries, "_places", lambda: iter(places))
    assert binaries.find().folder == folders[1]
    assert binaries.find(17).folder == folders[2]
    with pytest.raises(LauncherError, match="no PostgreSQL 16 found"):
        binaries.find(16)


def test_modes_outside_the_folder_stay(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = modes(private)
    server = PostgreSQL(private / "data", durable=False)
    try:
        server.start()
        assert rows(server) == 1
    finally:
        server.stop()
    assert modes(private) == before


@needs_proc
@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_root_without_namespaces_becomes_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As in a chroot or a container; below a folder that nobody cannot enter."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = modes(private)
    monkeypatch.setattr(rights, "way", lambda: "account")
    server = PostgreSQL(private / "data", durable=False)
    try:
        server.start()
        assert rows(server) == 1
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert "Uid:\t65534\t65534\t65534\t65534" in status
        # Of root's rights it has one: files below a private folder open for it.
        assert "CapEff:\t0000000000000002" in status
    finally:
        server.stop()
    assert modes(private) == before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of their parent's end")
def test_the_server_ends_with_a_killed_launcher(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from controlpanel.launcher.postgres import PostgreSQL\n"
        "server = PostgreSQL(Path(sys.argv[1]), durable=False); server.start(); print(server.pid, flush=True)\n"
        "time.sleep(60)"
    )
    home = tmp_path / "data"
    launcher = subprocess.Popen([sys.executable, "-c", program, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert launcher.stdout is not None
    assert int(launcher.stdout.readline()) > 0
    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()
    again = PostgreSQL(home, durable=False)
    try:
        again.start(patience=30)
        assert rows(again) == 1
    finally:
        again.stop()


def test_the_sockets_path_is_short_enough(server: PostgreSQL) -> None:
    server.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(sockets(server) / SOCKET))
