"""What lies in DATA_DIR belongs to one user and one process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controlpanel.launcher import keep
from controlpanel.launcher.errors import LauncherError

ROOT = Path(__file__).resolve().parents[2]


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = keep.secret(tmp_path / "secret_key")
    assert len(first) == 43
    assert keep.secret(tmp_path / "secret_key") == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key"]


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    keep.make_folder(folder)
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(LauncherError, match="cannot be made"):
        keep.make_folder(tmp_path / "data")


def test_no_right_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(LauncherError, match="cannot be written to by this user"):
        keep.make_folder(tmp_path)


def test_the_second_process_learns_who_was_first(tmp_path: Path) -> None:
    with (
        keep.lock(tmp_path),
        pytest.raises(LauncherError, match=rf"another Casilla runs on {tmp_path} \(process {os.getpid()}\)"),
    ):
        keep.lock(tmp_path)
    keep.lock(tmp_path).close()


def test_a_killed_process_lets_go(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from controlpanel.launcher import keep\n"
        "lock = keep.lock(Path(sys.argv[1])); print('locked', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(LauncherError, match=f"process {holder.pid}"):
        keep.lock(tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    keep.lock(tmp_path).close()
