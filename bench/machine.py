"""Where the figures come from: processor, memory, disk, and what versions ran."""

import os
import platform
import ssl
import subprocess
import time
from pathlib import Path

from bench import dovecot
from bench.casilla import MEMORY, Casilla

ROOT = Path(__file__).resolve().parents[1]
SYNCS = 200


def described(casilla: Casilla, folder: Path) -> dict[str, object]:
    import django
    import psycopg

    peer = dovecot.program()
    return {
        "day": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "processors": f"{os.cpu_count()} × {processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "fsync": sync_seconds(folder),
        "python": platform.python_version(),
        "django": django.get_version(),
        "psycopg": f"{psycopg.__version__} ({psycopg.pq.__impl__})",
        "openssl": ssl.OPENSSL_VERSION,
        "loop": "uvloop" if os.environ.get("UVLOOP") else "asyncio",
        "postgresql": casilla.database_version,
        "postgresql_settings": MEMORY,
        "dovecot": dovecot.version(peer) if peer else None,
    }


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def sync_seconds(folder: Path) -> float:
    """Return what one small write takes until it is on this disk."""
    path = folder / "sync"
    with path.open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 8192)
            os.fdatasync(file.fileno())
        taken = time.perf_counter() - began
    path.unlink()
    return taken / SYNCS
