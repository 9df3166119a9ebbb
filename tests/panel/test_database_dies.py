"""The panel in processes of its own while PostgreSQL dies and comes back: a page says so, and then all is as before."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlpanel.launcher.postgres import PostgreSQL
from tests.launcher.test_run_refused import free_binds
from tests.postgres import ROOT, migrate

pytestmark = pytest.mark.timeout(120)


def ask(address: str, cookie: str = "") -> tuple[int, str]:
    request = urllib.request.Request(address, headers={"Accept-Language": "en", "Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def panel(durable_server: PostgreSQL, tmp_path: Path) -> Iterator[str]:
    """The address of a panel on `durable_server`."""
    migrate(durable_server.url())
    bind = free_binds()["PANEL_BIND"]
    settings = {
        "DATABASE_URL": durable_server.url(),
        "DATA_DIR": str(tmp_path),
        "PANEL_BIND": bind,
        "SECRET_KEY": "k" * 50,
    }
    environment = os.environ | settings | {"WEB_CONCURRENCY": "1", "STATIC_ROOT": str(tmp_path / "static")}
    gather = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(gather, cwd=ROOT, env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "gunicorn", "--config", "python:controlpanel.gunicorn_panel"]
    log = tmp_path / "panel.log"
    with log.open("wb") as said, subprocess.Popen(command, cwd=ROOT, env=environment, stderr=said) as process:
        address = f"http://{bind}"
        _until_there(f"{address}/health", process)
        yield address
        process.send_signal(signal.SIGTERM)


def _until_there(address: str, process: "subprocess.Popen[bytes]") -> None:
    for _try in range(200):
        assert process.poll() is None, "gunicorn has ended"
        try:
            if ask(address)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"nothing answers at {address}")


@pytest.mark.torture
def test_the_panel_outlives_its_database(durable_server: PostgreSQL, panel: str, tmp_path: Path) -> None:
    assert ask(f"{panel}/sign-in/")[0] == 200
    durable_server.kill()
    assert ask(f"{panel}/health") == (503, "database away\n")
    status, page = ask(f"{panel}/sign-in/", cookie="sessionid=" + "x" * 32)
    assert status == 503
    assert "The database does not answer" in page
    for _page in range(5):
        assert ask(f"{panel}/sign-in/", cookie="sessionid=" + "x" * 32)[0] == 503
    durable_server.start()
    assert ask(f"{panel}/health") == (200, "ok\n")
    status, page = ask(f"{panel}/sign-in/")
    assert status == 200
    assert "Sign in" in page
    said = (tmp_path / "panel.log").read_text()
    assert "Traceback" not in said
    assert said.count("event=database_away") == 1
    assert said.count("event=database_back") == 1
