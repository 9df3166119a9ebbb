"""PostgreSQL never runs as root; here is what root does about it (see unroot.py)."""

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal

from controlpanel.launcher import unroot

Way = Literal["plain", "namespace", "account"]

_SCRIPT = [sys.executable, "-I", "-S", unroot.__file__]


@cache
def way() -> Way:
    """How programs that refuse root are started by the user of this process."""
    if os.geteuid() != 0:
        return "plain"
    probe = subprocess.run([*_SCRIPT, "probe"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return "namespace" if probe.returncode == 0 else "account"


def owner() -> int | None:
    """The user id that the files of such a program must belong to, None where that is our own."""
    return unroot.nobody().pw_uid if way() == "account" else None


def without_root(command: list[str], end: signal.Signals = signal.SIGKILL, parent: int | None = None) -> list[str]:
    """`command` as an ordinary user, sent `end` by the kernel if the process `parent` (default: this one) is gone."""
    return [*_SCRIPT, way(), str(int(end)), str(parent or os.getpid()), *command]


def ending_with_us(command: list[str], end: signal.Signals) -> list[str]:
    """`command` as we are, sent `end` by the kernel if this process is gone."""
    return [*_SCRIPT, "plain", str(int(end)), str(os.getpid()), *command]


def hand_over(folder: Path) -> None:
    """Give a folder below DATA_DIR, and all in it, to the user that PostgreSQL runs as. Modes stay as they are."""
    uid = os.geteuid() if owner() is None else owner()
    if os.geteuid() != 0 or uid is None or folder.stat().st_uid == uid:
        return
    for parent, _, names in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in names)):
            os.chown(path, uid, -1, follow_symlinks=False)
