"""What `make run` keeps in DATA_DIR: files that only their owner reads, and a lock that says who runs."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from controlpanel.launcher.errors import LauncherError


def make_folder(folder: Path) -> None:
    """Make a folder of mode 0700; one that exists keeps its mode. Raises LauncherError if it cannot be written to."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LauncherError(f"{folder} cannot be made: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise LauncherError(f"{folder} cannot be written to by this user")


def write(path: Path, content: bytes) -> None:
    """Put `content` in place whole, mode 0600: nobody ever reads half of it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    new.replace(path)


def secret(path: Path) -> str:
    """The secret in a file of mode 0600, made at first: 256 random bits."""
    try:
        if not path.exists():
            write(path, secrets.token_urlsafe(32).encode())
        return path.read_text().strip()
    except PermissionError:
        raise LauncherError(f"{path} belongs to another user: start Casilla as that user") from None


def lock(folder: Path) -> IO[str]:
    """Take the folder for this process, for as long as the returned file is open.

    The kernel lets go when the process ends, however it ends. Raises LauncherError if another has it.
    """
    path = folder / "casilla.lock"
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        raise LauncherError(f"another Casilla runs on {folder} (process {file.read().strip()})") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
