"""What a check found: a verdict, a sentence, and what was said on the line."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """`UNKNOWN`: it could not be looked at, which is no fault."""

    OK = "ok"
    ATTENTION = "attention"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a dialogue, as text: `ours` is what the client says."""

    ours: bool
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` names the step, `words` say what was found and, where something is wrong, what to do."""

    what: str
    verdict: Verdict
    words: str
    dialogue: tuple[Line, ...] = ()


@dataclass(slots=True)
class Report:
    """Findings under one heading, in the order of the steps, and what was said meanwhile."""

    title: str
    findings: list[Finding] = field(default_factory=list)
    dialogue: list[Line] = field(default_factory=list)

    def add(self, what: str, verdict: Verdict, words: str) -> None:
        self.findings.append(Finding(what, verdict, words))

    @property
    def verdict(self) -> Verdict:
        return gravest(finding.verdict for finding in self.findings)


def worst(reports: Iterable[Report]) -> Verdict:
    return gravest(report.verdict for report in reports)


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=_GRAVITY.index, default=Verdict.UNKNOWN)


_GRAVITY = [Verdict.OK, Verdict.UNKNOWN, Verdict.ATTENTION, Verdict.WRONG]
