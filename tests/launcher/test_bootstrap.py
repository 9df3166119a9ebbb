"""Making .venv: what is missing is said in one line, and a second time costs nothing."""

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from controlpanel.launcher import bootstrap


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with its own .venv to be, and lists that need no network."""
    (tmp_path / "requirements").mkdir()
    for name in ("demo", "test"):
        (tmp_path / "requirements" / f"{name}.txt").write_text("# nothing\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return tmp_path


def test_a_missing_venv_module_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_ensurepip(name: str, *rest: Any) -> Any:
        if name == "ensurepip":
            raise ImportError
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    with pytest.raises(SystemExit, match=r"^Casilla needs Python's venv module: apt-get install python3-venv$"):
        bootstrap.need_pip()


def test_made_once_and_then_left_alone(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bootstrap.main("demo")
    assert capfd.readouterr().out.splitlines() == [
        f"Making {checkout}/.venv with Python {sys.version.split()[0]}",
        "Installing requirements/demo.txt",
    ]
    bootstrap.main("demo")
    assert capfd.readouterr().out == ""
    bootstrap.main("test")
    assert capfd.readouterr().out == "Installing requirements/test.txt\n"


@pytest.mark.torture
def test_a_changed_list_is_installed(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bootstrap.main("test")
    bootstrap.main("demo")
    assert "demo" not in capfd.readouterr().out
    for name in ("demo", "test"):
        (checkout / "requirements" / f"{name}.txt").write_text("# still nothing\n")
    bootstrap.main("demo")
    assert capfd.readouterr().out == "Installing requirements/demo.txt\n"


@pytest.mark.torture
def test_a_list_without_hashes_is_refused(checkout: Path) -> None:
    (checkout / "requirements" / "demo.txt").write_text("django==5.2.19\n")
    with pytest.raises(SystemExit, match=r"^pip could not install requirements/demo.txt"):
        bootstrap.main("demo")
    assert not (checkout / ".venv" / "demo.installed").exists()


@pytest.mark.torture
def test_a_venv_whose_python_is_gone_is_made_anew(checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    bootstrap.main("demo")
    assert "Making" in capfd.readouterr().out
    assert bootstrap.works()
