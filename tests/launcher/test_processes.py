"""Real processes: their lines under their names, the reason of the one that ends, and stopping in reverse order."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlpanel.launcher.processes import Processes, Terminal

ROOT = Path(__file__).resolve().parents[2]
UNTIL_STOPPED = "import signal, sys; signal.signal(15, lambda *_: sys.exit('bye')); print('up'); signal.pause()"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('up'); signal.pause()"


@pytest.fixture
def screen() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def processes(screen: io.StringIO) -> Iterator[Processes]:
    processes = Processes(Terminal(screen))
    yield processes
    processes.hurry()
    processes.stop()


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def seen(screen: io.StringIO, text: str) -> bool:
    until = time.monotonic() + 20
    while text not in screen.getvalue() and time.monotonic() < until:
        time.sleep(0.01)
    return text in screen.getvalue()


def test_each_line_stands_under_its_name(processes: Processes, screen: io.StringIO) -> None:
    processes.start("panel", python("print('one\\n\\ntwo')"))
    processes.ended()
    assert seen(screen, "panel    | two")
    assert screen.getvalue() == "panel    | one\npanel    | two\n"


def test_what_ends_tells_its_reason(processes: Processes, screen: io.StringIO) -> None:
    processes.start("mail", python(UNTIL_STOPPED))
    processes.start("jobs", python("import sys, time; print('no table', flush=True); time.sleep(0.2); sys.exit(3)"))
    assert str(processes.ended()) == "jobs ended (exit code 3: no table)"


def test_a_killed_process_is_reported_by_its_signal(processes: Processes) -> None:
    processes.start("mail", python("import os; os.kill(os.getpid(), 9)"))
    assert str(processes.ended()) == "mail ended (signal SIGKILL)"


def test_nothing_has_ended_yet(processes: Processes, screen: io.StringIO) -> None:
    processes.start("mail", python(UNTIL_STOPPED))
    assert seen(screen, "up")
    assert processes.ended_within(0.05) is None


def test_the_last_started_stops_first(processes: Processes, screen: io.StringIO) -> None:
    for name in ("panel", "mail", "jobs"):
        processes.start(name, python(UNTIL_STOPPED))
        assert seen(screen, f"{name:<8} | up")
    processes.stop()
    assert seen(screen, "panel    | bye")
    order = [line.split()[0] for line in screen.getvalue().splitlines() if line.endswith("bye")]
    assert order == ["jobs", "mail", "panel"]


def test_one_that_does_not_stop_is_ended(processes: Processes, screen: io.StringIO) -> None:
    processes.start("mail", python(DEAF), seconds_to_stop=0.2)
    assert seen(screen, "up")
    processes.stop()
    assert str(processes.ended()) == "mail ended (signal SIGKILL: up)"
    assert "mail process did not stop in time" in screen.getvalue()


def test_a_closed_terminal_does_not_keep_us_from_stopping(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    closed = os.fdopen(write, "w")
    Terminal(closed).say("to nobody")
    with pytest.raises(BrokenPipeError):
        closed.close()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="children are found in /proc")
def test_nothing_is_left_of_a_killed_launcher(tmp_path: Path) -> None:
    program = (
        "import sys, signal, os; from controlpanel.launcher.processes import *\n"
        f"Processes(Terminal()).start('child', [sys.executable, '-c', {UNTIL_STOPPED!r}])\n"
        "sys.stdin.readline(); os.kill(os.getpid(), 9)"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    launcher = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, **pipes)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "child    | up\n"
    child = int(Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text())
    launcher.communicate("now\n")
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path(f"/proc/{child}").exists()
