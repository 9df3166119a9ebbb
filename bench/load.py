"""load.c: compiled, run against one server, and its figures with those of the server's processes."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.ports import Ports

SOURCE = Path(__file__).with_name("load.c")
SETTLE_SECONDS = 0.3  # what a server does after its last reply counts as well


@dataclass(frozen=True)
class Target:
    """Where a server listens, what its processes descend from, and who may sign in."""

    ports: Ports
    roots: tuple[int, ...]


@dataclass(frozen=True)
class Round:
    """One run of load.c: its figures by name, the server's processor seconds, and the share that others took."""

    figures: dict[str, float]
    cpu: float
    others: float

    def __getitem__(self, name: str) -> float:
        return self.figures[name]


class NoCompilerError(Exception):
    """There is nothing to compile load.c with."""


class Load:
    """The compiled program, below `folder`. `tls`: whether it can speak TLS."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise NoCompilerError("the bench needs a C compiler: apt-get install gcc libc6-dev libssl-dev")
        self._program = folder / "load"
        plain = [compiler, "-O2", "-o", str(self._program), str(SOURCE)]
        with_tls = [*plain, "-DWITH_TLS", "-lssl", "-lcrypto"]
        self.tls = subprocess.run(with_tls, capture_output=True).returncode == 0
        if not self.tls:
            print("bench: no OpenSSL to compile with (libssl-dev), so nothing over TLS is measured", file=sys.stderr)
            subprocess.run(plain, check=True)

    def run(self, target: Target, accounts: Path, *options: str, port: int) -> Round:
        """Run once. What failed is in the figures, and told on standard error."""
        command = [str(self._program), "-P", str(port), "-f", str(accounts), *options]
        cpu, machine = processes.cpu_seconds(target.roots), processes.machine_seconds()
        own, began = os.times(), time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        time.sleep(SETTLE_SECONDS)
        figures = _figures(done.stdout)
        spent = processes.cpu_seconds(target.roots) - cpu
        ours = spent + sum(os.times()[:4]) - sum(own[:4])
        seconds = (time.monotonic() - began) * (os.cpu_count() or 1)
        others = max(0.0, processes.machine_seconds() - machine - ours) / seconds
        return Round(figures, spent, others)

    @contextmanager
    def idling(self, accounts: Path, *options: str, port: int) -> Iterator[int]:
        """Hold sessions open. Yields how many came in."""
        command = [str(self._program), "-P", str(port), "-f", str(accounts), "-m", "idle", *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield int(_figures(process.stdout.readline()).get("held", 0))
            finally:
                process.stdin.close()
                process.stdout.read()


def _figures(line: str) -> dict[str, float]:
    pairs: Sequence[str] = line.split()
    return {name: float(value) for name, _, value in (pair.partition("=") for pair in pairs)}
