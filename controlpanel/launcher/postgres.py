"""A PostgreSQL of our own: made once in a folder, run as a direct child, reached by a private socket and a password.

For `make run` and for the tests. Production brings its own server and names it in DATABASE_URL.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from controlpanel.launcher import keep, pid_file, rights
from controlpanel.launcher.binaries import Programs, find
from controlpanel.launcher.errors import LauncherError

ROLE = DATABASE = "casilla"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107
PRIVATE = 0o700
LOCALE_C_UTF8_BUILT_IN = 17

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "random_page_cost": "1.1",  # a solid disk, and most of it in memory: PostgreSQL takes 4 for granted
    # The mail service waits a second for a lock, gives way and tries again: it, not a form, ends a deadlock.
    "deadlock_timeout": "5s",
    "max_wal_size": "256MB",
    "huge_pages": "off",
    "jit": "off",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "lc_messages": "C",
    # What people write and who they are stays out of the log: no statement, no DETAIL.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class PostgreSQL:
    """One server whose files lie in `home` (made if need be, mode 0700).

    Not `durable` means no fsync: for tests that never cut the power. Nothing is started before `start`, yet `url` can
    be asked at once.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home.resolve()
        self.data = self.home / "postgresql"
        self.log = self.home / "postgresql.log"
        self.durable = durable
        keep.make_folder(self.home)
        self._password = keep.secret(self.home / "postgresql.password")
        self._sockets = _socket_folder(self.home)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        """The address of a database of this server, as DATABASE_URL takes it: for the owner of its tables."""
        return self._url(ROLE, database)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self, patience: float = 600) -> None:
        """Make the cluster if there is none, start the server, and return when it answers.

        Raises LauncherError with the server's own words, or after `patience` seconds: a long recovery is not a fault.
        """
        programs = self._programs()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster(programs)
        self._write_settings()
        self._make_socket_folder()
        for folder in (self.data, self._sockets):
            self._hand_over(folder)
        until = time.monotonic() + patience
        while not self._started(programs, until):
            time.sleep(0.1)
        self._make_database()

    def stop(self) -> None:
        """Stop the server: clients are cut off, all is written down. Quicker means follow if that takes too long."""
        for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self._process is not None and self._end(number, seconds):
                break
        shutil.rmtree(self._sockets, ignore_errors=True)

    def kill(self) -> None:
        """End the server without warning, as a crash does."""
        self._end(signal.SIGKILL, 10)

    def wait(self) -> str:
        """Wait for the end of the running server, and return its last words."""
        assert self._process is not None
        self._process.wait()
        return self._last_words()

    # How a cluster comes to be

    def _programs(self) -> Programs:
        version_file = self.data / "PG_VERSION"
        try:
            if not version_file.exists():
                return find()
            major = int(version_file.read_text())
        except PermissionError:
            raise LauncherError(f"{self.data} belongs to another user: start Casilla as that user") from None
        try:
            return find(major)
        except LauncherError:
            raise LauncherError(
                f"{self.data} was made by PostgreSQL {major}, which is not here: dump it with the pg_dump of "
                f"PostgreSQL {major}, move the folder away, start once, and restore the dump"
            ) from None

    def _make_cluster(self, programs: Programs) -> None:
        # Made beside its place and moved there whole: an interrupted start leaves no half a cluster.
        new = self.home / "postgresql.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=PRIVATE)
        self._hand_over(new)
        built_in = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [
            programs["initdb"],
            f"--pgdata={new}",
            "--username=postgres",
            f"--pwfile={self.home / 'postgresql.password'}",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            *(built_in if programs.major >= LOCALE_C_UTF8_BUILT_IN else ["--locale=C.UTF-8"]),
            "--data-checksums",
            "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]
        made = subprocess.run(
            rights.without_root(command),
            capture_output=True,
            text=True,
            errors="replace",
            cwd="/",
            env=programs.environment,
        )
        if made.returncode != 0:
            raise LauncherError(f"PostgreSQL could not make {self.data}: {_last_line(made.stderr)}")
        with (new / "postgresql.conf").open("a") as file:
            file.write("include 'casilla.conf'\n")
        new.rename(self.data)

    def _write_settings(self) -> None:
        settings = SETTINGS | {"unix_socket_directories": _list_item(self._sockets)}
        if not self.durable:
            settings |= NOT_DURABLE
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.data / "casilla.conf").write_text("# Written at every start.\n" + "".join(lines))

    def _make_database(self) -> None:
        with psycopg.connect(self._url("postgres", "postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
                role = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
                connection.execute(role.format(sql.Identifier(ROLE), sql.Literal(self._password)))
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                database = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(database.format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))

    def _make_socket_folder(self) -> None:
        self._sockets.mkdir(mode=PRIVATE, exist_ok=True)
        found = self._sockets.lstat()
        if found.st_uid not in (os.geteuid(), rights.owner()) or stat.S_IMODE(found.st_mode) != PRIVATE:
            raise LauncherError(f"{self._sockets} is not ours: somebody else has made it")

    # Start and stop

    def _started(self, programs: Programs, until: float) -> bool:
        """Start the process and wait for it. False: the last server's processes are still going, so try again."""
        pid_file.see_through(self.data, until)
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            command = [programs["postgres"], "-D", str(self.data)]
            self._process = subprocess.Popen(
                rights.without_root(command, signal.SIGINT),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=programs.environment,
                start_new_session=True,
            )
        while not self._answers():
            if self._process.poll() is not None:
                words = self._last_words()
                if "shared memory block" in words and time.monotonic() < until:
                    return False
                raise LauncherError(f"PostgreSQL did not start: {words} (more in {self.log})")
            if time.monotonic() > until:
                self.stop()
                raise LauncherError(f"PostgreSQL did not answer in time: {self._last_words()} (more in {self.log})")
            time.sleep(0.02)
        return True

    def _answers(self) -> bool:
        if not (self._sockets / SOCKET).exists():
            return False
        try:
            psycopg.connect(self._url("postgres", "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                self.stop()
                raise LauncherError(f"{self.home / 'postgresql.password'} does not belong to {self.data}") from None
            return False
        return True

    def _end(self, number: signal.Signals, seconds: float) -> bool:
        if self._process is None:
            return True
        self._process.send_signal(number)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        return True

    # Small things

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._password}@/{database}?host={quote(str(self._sockets), safe='')}"

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        return (grave or lines or ["no word of why"])[-1]

    def _hand_over(self, folder: Path) -> None:
        try:
            rights.hand_over(folder)
        except PermissionError:
            raise LauncherError(f"{folder} cannot be given to the user nobody: start Casilla as another user") from None


def _socket_folder(home: Path) -> Path:
    """Beside the data, or where the path would be too long for a socket, in the folder for temporary files."""
    beside = home / "postgresql.socket"
    if len(os.fsencode(beside / SOCKET)) <= SOCKET_PATH_LIMIT:
        return beside
    return Path(tempfile.gettempdir()) / f"casilla-{sha256(os.fsencode(home)).hexdigest()[:16]}"


def _list_item(path: Path) -> str:
    """A path as one item of a list, inside a quoted value of postgresql.conf."""
    item = '"' + str(path).replace('"', '""') + '"'
    return item.replace("\\", "\\\\").replace("'", "''")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word of why"
