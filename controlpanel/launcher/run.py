"""The order of start and stop: database, schema, first-run data, then panel, mail service and jobs."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections

from controlpanel import environment
from controlpanel.launcher import certificate, keep, ports
from controlpanel.launcher.errors import LauncherError
from controlpanel.launcher.postgres import PostgreSQL
from controlpanel.launcher.processes import Processes, Terminal

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 60.0

GUNICORN = [sys.executable, "-m", "gunicorn"]
PANEL = [*GUNICORN, "--config", "python:controlpanel.gunicorn_panel"]
MAIL = [*GUNICORN, "--config", "python:pop3service.gunicorn_mail"]
JOBS = [sys.executable, "manage.py", "run_jobs"]


class Stopped(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: the wish to stop, not an error."""


def main() -> int:
    """Run until asked to stop (0), or until something cannot start or ends by itself (1)."""
    os.chdir(ROOT)
    terminal, house = Terminal(), ExitStack()
    processes = Processes(terminal)
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        run(terminal, processes, house)
    except Stopped:
        code = 0
        terminal.say("Stopping")
    except (LauncherError, ImproperlyConfigured) as error:
        code = 1
        terminal.say(f"Casilla: {error}")
    finally:
        for number in SIGNALS:
            signal.signal(number, lambda *_: processes.hurry())
        house.close()
    return code


def run(terminal: Terminal, processes: Processes, house: ExitStack) -> NoReturn:
    """Start everything and watch it. `house` stops what was started, the last first.

    Raises LauncherError with what ended, or what could not be started; ImproperlyConfigured for a wrong setting.
    """
    started = time.monotonic()
    data = data_folder(house)
    server = embedded_server(data)
    tls_dir, binds = load_settings()
    from controlpanel.launcher import demo, greeting  # models want settings first

    static_files = gather_static_files(house)
    if server is not None:
        house.callback(server.stop)
        server.start()
        processes.watch("database", server.wait)
    prepare_database()
    people = demo.people(data) if server is not None else []
    wait_for_static_files(static_files)
    house.callback(processes.stop)
    for name, command in (("panel", PANEL), ("mail", MAIL), ("jobs", JOBS)):
        processes.start(name, command)
    wait_until_ready(processes, binds)
    if people:
        demo.deliver(binds["LMTP_BIND"])
    terminal.say(greeting.words(data, tls_dir, binds, people, time.monotonic() - started))
    raise LauncherError(f"{processes.ended()}; stopping the rest")


def data_folder(house: ExitStack) -> Path:
    """Make DATA_DIR, take it for this process, and make what every start needs in it."""
    data = Path(environment.text("DATA_DIR", "data")).resolve()
    keep.make_folder(data)
    house.enter_context(keep.lock(data))
    keep.secret(data / "secret_key")
    os.environ["DATA_DIR"] = str(data)
    return data


def embedded_server(data: Path) -> PostgreSQL | None:
    """The server of our own, whose address settings.py finds in DATA_DIR; None where DATABASE_URL names another."""
    if environment.text("DATABASE_URL"):
        return None
    server = PostgreSQL(data)
    keep.write(data / "database_url", server.url().encode())
    return server


def load_settings() -> tuple[Path, dict[str, str]]:
    """Load Django's settings and find out now what would stop a service later.

    Returns TLS_DIR and the addresses to listen on.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlpanel.settings")
    django.setup()
    from django.conf import settings

    if environment.text("TLS_DIR"):
        certificate.check(settings.TLS_DIR)
    else:
        certificate.for_localhost(settings.TLS_DIR)
    for problem in checks.run_checks():
        if problem.is_serious():
            raise LauncherError(" ".join(filter(None, (problem.msg, problem.hint))))
    binds: dict[str, str] = {name: getattr(settings, name) for name in ports.PROBES}
    ports.check_free(binds)
    return settings.TLS_DIR, binds


def gather_static_files(house: ExitStack) -> subprocess.Popen[str]:
    """Begin to gather the files for browsers, while the database starts."""
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    house.callback(process.kill)
    return process


def wait_for_static_files(process: subprocess.Popen[str]) -> None:
    words, _ = process.communicate()
    if process.returncode != 0:
        raise LauncherError(f"the files for browsers: {words.strip().splitlines()[-1]}")


def prepare_database() -> None:
    """Bring the schema up to date. Raises LauncherError if the database cannot be reached or refuses."""
    try:
        call_command("prepare", skip_checks=True)
    except CommandError as error:
        raise LauncherError(str(error)) from None
    finally:
        connections.close_all()


def wait_until_ready(processes: Processes, binds: dict[str, str]) -> None:
    """Return when all four listeners answer. Raises LauncherError if a process ends first, or none does in a minute."""
    until = time.monotonic() + PATIENCE
    for name, bind in binds.items():
        address = ports.reachable(bind)
        while not ports.PROBES[name](address):
            if (ended := processes.ended_within(0.1)) is not None:
                raise LauncherError(f"{ended}; stopping the rest")
            if time.monotonic() > until:
                raise LauncherError(f"{name}: nothing answers on {bind}")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stopped
