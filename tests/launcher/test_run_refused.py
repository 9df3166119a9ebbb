"""What keeps Casilla from starting is said in one line, and nothing is left running."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from controlpanel.launcher import keep
from tests.postgres import new_database

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., tuple[int, str]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start Casilla with these settings, free ports and a folder of its own; return its exit code and words."""

    def start(**settings: str) -> tuple[int, str]:
        bare = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TLS_DIR")}
        own = {"DATA_DIR": str(tmp_path / "data")} | free_binds() | settings
        done = subprocess.run(
            [sys.executable, "-m", "controlpanel.launcher"],
            cwd=ROOT,
            env=bare | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=50,
        )
        return done.returncode, done.stdout

    return start


def free_binds() -> dict[str, str]:
    """Four loopback ports that were free a moment ago."""
    names = ("PANEL_BIND", "POP3_BIND", "POP3S_BIND", "LMTP_BIND")
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    try:
        return {name: f"127.0.0.1:{each.getsockname()[1]}" for name, each in zip(names, listeners, strict=True)}
    finally:
        for each in listeners:
            each.close()


def test_a_wrong_setting(start: Start) -> None:
    assert start(POP3_BIND="everywhere") == (
        1,
        "Casilla: POP3_BIND is 'everywhere'; it takes HOST:PORT, as in 127.0.0.1:1110 or [::]:110.\n",
    )


def test_a_file_of_a_setting_that_is_not_there(start: Start) -> None:
    code, words = start(SECRET_KEY_FILE="/no/such/file")
    assert (code, words) == (1, "Casilla: SECRET_KEY_FILE: /no/such/file cannot be read (FileNotFoundError).\n")


def test_a_taken_port(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        assert start(LMTP_BIND=taken) == (1, f"Casilla: LMTP_BIND: {taken} is taken by another program\n")


def test_no_certificate(start: Start, tmp_path: Path) -> None:
    assert start(TLS_DIR=str(tmp_path)) == (1, f"Casilla: TLS_DIR: {tmp_path} holds no NAME/fullchain.pem\n")


def test_no_right_to_write(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "data"
    assert start(DATA_DIR=str(folder)) == (1, f"Casilla: {folder} cannot be made: Not a directory\n")


def test_a_database_that_is_not_there(start: Start) -> None:
    nowhere = free_binds()["PANEL_BIND"]
    code, words = start(DATABASE_URL=f"postgresql://casilla:topsecret@{nowhere}/casilla")
    assert code == 1
    assert words.startswith("Casilla: the database: ")
    assert len(words.splitlines()) == 1
    assert "topsecret" not in words


def test_a_second_start_on_the_same_data(start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keep.make_folder(data)
    with keep.lock(data):
        assert start() == (1, f"Casilla: another Casilla runs on {data} (process {os.getpid()})\n")


def test_no_demo_data_in_a_database_that_was_given(start: Start, server_url: str, tmp_path: Path) -> None:
    """The start gets past the database, and is stopped by what comes next."""
    with new_database(server_url) as url:
        code, words = start(DATABASE_URL=url, STATIC_ROOT="/dev/null/static")
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)
    assert code == 1
    assert words.startswith("Casilla: the files for browsers: ")
    assert len(words.splitlines()) == 1
    assert sorted(each.name for each in (tmp_path / "data").iterdir()) == ["casilla.lock", "secret_key", "tls"]
