"""What trees of processes cost: processor time and memory, from /proc; and how busy the machine is beside them."""

import os
import time
from collections.abc import Collection
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PARENT, TIMES = 1, slice(11, 15)  # of /proc/PID/stat behind the name: ppid; utime, stime, cutime, cstime
BUSY = (0, 1, 2, 5, 6, 7)  # of the first line of /proc/stat: user, nice, system, irq, softirq, steal


def tree(roots: Collection[int]) -> dict[int, float]:
    """Return the processor seconds of each of these processes and their descendants, ended children included."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(folder)):
            parents[int(folder.name)] = int(fields[PARENT])
            seconds[int(folder.name)] = sum(map(int, fields[TIMES])) / TICKS
    return {pid: spent for pid, spent in seconds.items() if _descends(pid, parents, roots)}


def _stat(folder: Path) -> list[str]:
    try:
        return (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _descends(pid: int, parents: dict[int, int], roots: Collection[int]) -> bool:
    while pid not in roots:
        if pid not in parents:
            return False
        pid = parents[pid]
    return True


def cpu_seconds(roots: Collection[int]) -> float:
    return sum(tree(roots).values())


def machine_seconds() -> float:
    """Return the processor seconds that the machine has spent on anything, all processors together."""
    times = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(times[place]) for place in BUSY) / TICKS


def memory(roots: Collection[int]) -> int:
    """Return the octets of memory that these trees hold; what processes share is counted once (PSS)."""
    return 1024 * sum(_field(pid, "smaps_rollup", "Pss:") for pid in tree(roots))


def forget_peak(pid: int) -> None:
    (PROC / str(pid) / "clear_refs").write_text("5")


def peak(pid: int) -> int:
    """Return the most octets that a process has held since `forget_peak`."""
    return 1024 * _field(pid, "status", "VmHWM:")


def resident(pid: int) -> int:
    return 1024 * _field(pid, "status", "VmRSS:")


def _field(pid: int, file: str, name: str) -> int:
    try:
        lines = (PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def wait_for_quiet(share: float = 0.15, patience: float = 15) -> None:
    """Wait until others leave the machine alone, for so long at most."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        before = machine_seconds()
        time.sleep(0.5)
        if (machine_seconds() - before) / 0.5 < share * (os.cpu_count() or 1):
            return
