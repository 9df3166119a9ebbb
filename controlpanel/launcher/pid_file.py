"""postmaster.pid: by it PostgreSQL finds out whether a server is on the data already, and can be misled."""

import os
import time
from pathlib import Path

from controlpanel.launcher.errors import LauncherError

IMPOSSIBLE_PID = 2**30


def see_through(data: Path, until: float) -> None:
    """Wait for a server whose launcher was killed, and see through a process id that another program has by now.

    Raises LauncherError if a server still runs on `data` when time.monotonic() is `until`.
    """
    file = data / "postmaster.pid"
    while True:
        try:
            pid, rest = file.read_text().split("\n", 1)
        except (FileNotFoundError, ValueError):
            return
        if not runs(int(pid), data):
            break
        if time.monotonic() > until:
            raise LauncherError(f"PostgreSQL still runs on {data}: stop it with kill -INT {pid}")
        time.sleep(0.1)
    # The file itself stays: by its other lines PostgreSQL finds processes that outlived their server.
    file.write_text(f"{IMPOSSIBLE_PID}\n{rest}")


def runs(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL server on `data`. When in doubt, it is."""
    if not Path("/proc/self").exists():
        return _exists(pid)
    try:
        name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
        return Path(os.fsdecode(name)).name in ("postgres", "postmaster") and data.samefile(f"/proc/{pid}/cwd")
    except PermissionError:
        return True
    except OSError:
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
