"""Make or refresh .venv from a list of pinned, hashed requirements; quick when nothing has changed.

    python3 -I controlpanel/launcher/bootstrap.py demo|test

Runs on a bare python3, so it uses the standard library alone and nothing of Casilla.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# What a list takes in: whoever has installed `test` has all of `demo`.
ENOUGH = {"demo": ("demo", "test"), "test": ("test",)}


def main(name: str) -> None:
    need_pip()
    if not works():
        print(f"Making {VENV} with Python {sys.version.split()[0]}", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True, symlinks=True)
    if not any(installed(enough) for enough in ENOUGH[name]):
        install(name)


def need_pip() -> None:
    """Debian's python3 comes without the part of venv that brings pip."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        sys.exit("Casilla needs Python's venv module: apt-get install python3-venv")


def works() -> bool:
    """Whether .venv has a Python that runs, is recent enough, and has pip."""
    probe = [str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def installed(name: str) -> bool:
    stamp = VENV / f"{name}.installed"
    return stamp.is_file() and stamp.read_text() == digest(name)


def install(name: str) -> None:
    listed = ROOT / "requirements" / f"{name}.txt"
    print(f"Installing {listed.relative_to(ROOT)}", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*pip, "--only-binary", ":all:", "--require-hashes", "-r", str(listed)])
    if done.returncode != 0:
        sys.exit(f"pip could not install {listed.relative_to(ROOT)}: its reason stands above")
    (VENV / f"{name}.installed").write_text(digest(name))


def digest(name: str) -> str:
    """Of the list and of the Python it was installed for."""
    listed = (ROOT / "requirements" / f"{name}.txt").read_bytes()
    return hashlib.sha256(listed + os.fsencode(os.path.realpath(PYTHON))).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
