"""The results of runs as one Markdown table: a row a requirement, a column a server.

A run rewrites its own column between the two marks and leaves the other columns as they are:

    pytest tests/conformance ... --report docs/conformance.md --column "Dovecot 2.3.19.1"
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

BEGIN, END = "<!-- results: written by tests/conformance --report -->", "<!-- end of results -->"
FIXED = ("Where", "Level", "Requirement")
NOT_RUN = "not run"


@dataclass(frozen=True)
class Requirement:
    """What one test holds a server to, and where that stands."""

    where: str
    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.where} ({self.level.upper()}): {self.text}"

    @property
    def order(self) -> tuple[int, list[int | str], str]:
        """By RFC, then section, then text."""
        number, _, section = self.where.removeprefix("RFC ").partition(" §")
        return int(number), [int(part) for part in re.findall(r"\d+", section)], self.text


def requirement_of(item: pytest.Item) -> Requirement:
    """From the test's marker and the first line of its docstring; a test without either is refused."""
    markers = [*item.iter_markers("must"), *item.iter_markers("should")]
    text = (getattr(item, "function", None).__doc__ or "").partition("\n")[0].rstrip(".")
    if len(markers) != 1 or not text or not re.fullmatch(r"RFC \d+( §[\d.]+)?", str(markers[0].args[0])):
        raise pytest.UsageError(f"{item.nodeid} does not name its requirement: one must or should, and a docstring")
    return Requirement(markers[0].args[0], markers[0].name, text)


class Report:
    """A plugin that gathers the outcome of each test and writes the table when the run ends."""

    def __init__(self, file: str, column: str) -> None:
        self._file, self._column = Path(file), column
        self._outcomes: dict[Requirement, dict[str, str]] = defaultdict(dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        requirement = dict(report.user_properties)["requirement"]
        assert isinstance(requirement, Requirement)
        outcomes, case = self._outcomes[requirement], report.nodeid.partition("[")[2].removesuffix("]")
        if report.failed:
            outcomes[case] = "failed"
        elif isinstance(report.longrepr, tuple):
            outcomes[case] = report.longrepr[2].removeprefix("Skipped: ")
        elif report.when == "call":
            outcomes.setdefault(case, "passed")

    def pytest_sessionfinish(self) -> None:
        cells = {requirement: verdict(outcomes) for requirement, outcomes in self._outcomes.items()}
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else f"{BEGIN}\n{END}\n"
        self._file.write_text(with_column(text, self._column, cells), encoding="utf-8")


def verdict(outcomes: dict[str, str]) -> str:
    """The cell for a requirement, from the outcome of each of its cases."""
    failed = sorted(case for case, outcome in outcomes.items() if outcome == "failed")
    ran = [case for case, outcome in outcomes.items() if outcome in ("passed", "failed")]
    if failed and len(outcomes) > 1:
        return f"**no**, {len(failed)} of {len(ran)}: {', '.join(failed[:6])}{', ...' if len(failed) > 6 else ''}"
    if failed:
        return "**no**"
    return "yes" if ran else min(outcomes.values())


def with_column(text: str, column: str, cells: dict[Requirement, str]) -> str:
    """`text` with the table between its marks extended by this column, or the column in it replaced."""
    before, begin, rest = text.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not begin or not end:
        raise pytest.UsageError(f"the report file has no table: it needs the lines {BEGIN} and {END}")
    columns, rows = parsed(table)
    columns = columns if column in columns else [*columns, column]
    for row in rows.values():
        row.pop(column, None)
    for requirement, cell in cells.items():
        rows.setdefault(requirement, {})[column] = cell
    return f"{before}{BEGIN}\n\n{rendered(columns, rows)}\n{END}{after}"


def parsed(table: str) -> tuple[list[str], dict[Requirement, dict[str, str]]]:
    """The servers' columns, and the cells of each requirement by column."""
    lines = [_cells(line) for line in table.splitlines() if line.startswith("|")]
    if not lines:
        return [], {}
    columns = lines[0][len(FIXED) :]
    return columns, {
        Requirement(line[0], line[1].lower(), line[2]): dict(zip(columns, line[len(FIXED) :], strict=True))
        for line in lines[2:]
    }


def rendered(columns: list[str], rows: dict[Requirement, dict[str, str]]) -> str:
    """The table in Markdown, in the order of RFC and section; rows that no column knows any more are left out."""
    lines = [_row([*FIXED, *columns]), _row(["---"] * (len(FIXED) + len(columns)))]
    for requirement in sorted(rows, key=lambda requirement: requirement.order):
        cells = rows[requirement]
        if set(cells.values()) - {NOT_RUN}:
            given = [cells.get(column, NOT_RUN) for column in columns]
            lines.append(_row([requirement.where, requirement.level.upper(), requirement.text, *given]))
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
