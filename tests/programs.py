"""Outside programs that some tests drive. A missing one skips its tests, loudly; with CI=true it fails them."""

import os
import shutil
from collections import Counter

import pytest

MISSING = "missing program: "


def need(*names: str) -> str:
    """The path of the first of these programs that is installed; without any, the calling test skips or fails."""
    for name in names:
        if (path := shutil.which(name)) is not None:
            return path
    message = MISSING + " or ".join(names)
    if os.environ.get("CI") == "true":
        pytest.fail(f"{message} (with CI=true every program has to be there)", pytrace=False)
    pytest.skip(message)


def report(reporter: pytest.TerminalReporter) -> None:
    """One line for each missing program, with the number of tests that wanted it."""
    skipped = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", []) if report.longrepr]
    wanted = Counter(reason.partition(MISSING)[2] for reason in skipped if MISSING in reason)
    for program, tests in sorted(wanted.items()):
        line = f"NOT TESTED: {tests} test(s) need {program}, which is not installed"
        reporter.write_line(line, yellow=True, bold=True)
