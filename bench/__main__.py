"""`python -m bench`: measure Casilla, and Dovecot beside it where that is installed. Loopback only.

Without options: the two tables, memory and the panel, in a few minutes. --all: the curves too, and longer rounds.
"""

import argparse
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import churn, compare, curves, machine, memory, panel, report
from bench.house import House, opened
from bench.load import NoCompilerError
from bench.rounds import say

ROOT = Path(__file__).resolve().parents[1]
FILES = 65_536
RESULTS = Path(__file__).with_name("results.json")

SECTIONS: dict[str, Callable[[House], Any]] = {
    "pop3": compare.pop3,
    "lmtp": compare.lmtp,
    "first": compare.first_sign_ins,
    "memory": memory.run,
    "concurrency": curves.concurrency,
    "idle": curves.idle,
    "sizes": curves.sizes,
    "churn": churn.run,
    "panel": panel.run,
}
QUICK = ("pop3", "lmtp", "first", "memory", "panel")


def main() -> int:
    options = parsed()
    allow_files()
    folder: Path = options.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if options.write and RESULTS.exists() else {}
    sections: Sequence[str] = options.only or (list(SECTIONS) if options.all else QUICK)
    try:
        with opened(
            folder,
            long=options.all,
            seconds=options.seconds,
            rounds=options.rounds,
            patience=options.patience,
            works=tuple(options.work or ()),
        ) as house:
            measured(house, folder, sections, results, options.write)
    except NoCompilerError as error:
        sys.exit(f"bench: {error}")
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def allow_files() -> None:
    """Let load.c and the servers hold 20,000 connections, or as many as this user may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, max(FILES, most)))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def measured(house: House, folder: Path, sections: Sequence[str], results: dict[str, Any], write: bool) -> None:
    """Measure section by section, and write down each as soon as it is there."""
    results["machine"] = machine.described(house.casilla, folder)
    for section in sections:
        began = time.monotonic()
        say(f"\n{section}")
        results[section] = SECTIONS[section](house)
        say(f"({time.monotonic() - began:.0f} s)")
        if write:
            RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
            report.write(results)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Measure Casilla beside Dovecot.")
    parser.add_argument("--all", action="store_true", help="the curves too, and longer rounds: more than half an hour")
    parser.add_argument("--only", action="append", choices=SECTIONS, help="one section; may be given several times")
    parser.add_argument("--work", action="append", help="of the tables only this work, by its name in works.py")
    parser.add_argument("--write", action="store_true", help="write results.json, docs/benchmarks.md and its pictures")
    parser.add_argument("--rounds", type=int, help="rounds of each work, of which the median counts (3; --all: 5)")
    parser.add_argument("--seconds", type=float, help="how long a round lasts (1.5; --all: 4)")
    parser.add_argument("--patience", type=float, default=15, help="seconds to wait for a quiet machine before a round")
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "data" / "bench", help="on the disk that shall be measured"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder and its logs there")
    options = parser.parse_args()
    options.rounds = options.rounds or (5 if options.all else 3)
    options.seconds = options.seconds or (4.0 if options.all else 1.5)
    return options


if __name__ == "__main__":
    sys.exit(main())
