"""Several processes in one terminal: their output line by line under their names, and the first that ends ends all."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import IO

from controlpanel.launcher import rights

COLOURS = (36, 35, 33, 32, 34)
WIDTH = 8


@dataclass(frozen=True)
class Ended:
    """A process that is no more, and its reason as far as it told one."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} ended ({self.reason})"


@dataclass
class Terminal:
    """Where the people sit: whole lines, each under the name of who says it, in colour only on a terminal."""

    stream: IO[str] = field(default_factory=lambda: sys.stdout)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, text: str, name: str = "", colour: int = 0) -> None:
        prefix = f"{name:<{WIDTH}} | " if name else ""
        if prefix and self.stream.isatty() and "NO_COLOR" not in os.environ:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        # A closed terminal must not keep the rest from stopping in order.
        with self._lock, suppress(OSError):
            print(f"{prefix}{text}", file=self.stream, flush=True)


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[str]
    seconds_to_stop: float
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=5))


class Processes:
    """The processes that this one started, in the order of their start."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._children: list[_Child] = []
        self._ended: SimpleQueue[Ended] = SimpleQueue()

    def start(self, name: str, command: list[str], seconds_to_stop: float = 35) -> None:
        """Start a process. It is out of reach of the terminal's Ctrl-C, and the kernel ends it if we are killed."""
        process = subprocess.Popen(
            rights.ending_with_us(command, signal.SIGTERM),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        child = _Child(name, process, seconds_to_stop)
        colour = COLOURS[len(self._children) % len(COLOURS)]
        self._children.append(child)
        threading.Thread(target=self._read, args=(child, colour), daemon=True).start()
        self.watch(name, lambda: self._reason(child))

    def watch(self, name: str, wait: Callable[[], str]) -> None:
        """Have `ended` report when `wait` returns its reason: for a process that somebody else started."""
        threading.Thread(target=lambda: self._ended.put(Ended(name, wait())), daemon=True).start()

    def ended(self) -> Ended:
        """Wait until a process ends."""
        return self._ended.get()

    def ended_within(self, seconds: float) -> Ended | None:
        """The process that ends within `seconds`, None if none does."""
        try:
            return self._ended.get(timeout=seconds)
        except Empty:
            return None

    def stop(self) -> None:
        """Stop them, the last started first; each has its time to finish what it does."""
        for child in reversed(self._children):
            child.process.terminate()
            try:
                child.process.wait(child.seconds_to_stop)
            except subprocess.TimeoutExpired:
                self._terminal.say(f"the {child.name} process did not stop in time")
                child.process.kill()
                child.process.wait()

    def hurry(self) -> None:
        """End them now."""
        for child in self._children:
            child.process.kill()

    def _read(self, child: _Child, colour: int) -> None:
        assert child.process.stdout is not None
        for line in child.process.stdout:
            if text := line.rstrip():
                child.last_lines.append(text)
                self._terminal.say(text, child.name, colour)

    def _reason(self, child: _Child) -> str:
        code = child.process.wait()
        how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        return f"{how}: {child.last_lines[-1]}" if child.last_lines else how
