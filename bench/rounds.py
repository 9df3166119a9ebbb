"""Rounds: the servers do the same work by turns, in one sitting, and what is kept is the median of each."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from bench.casilla import Account
from bench.load import Load, Round, Target
from bench.processes import wait_for_quiet
from bench.works import Group, Work

DISTURBED = 0.2  # of the machine in others' hands: such a round is run again
TRIES = 3  # for each round that is wanted


class Server(Protocol):
    """Casilla, or the peer."""

    name: str

    @property
    def target(self) -> Target: ...
    def fill(self, accounts: Sequence[Account], messages: int, octets: int) -> None: ...


@dataclass(frozen=True)
class Figure:
    """Medians of one server's rounds. `rate`: units a second; `cpu`: processor seconds a unit, its database's too."""

    rate: float
    cpu: float
    failed: int
    others: float
    figures: dict[str, float]

    def to_json(self) -> dict[str, object]:
        return {"rate": self.rate, "cpu": self.cpu, "failed": self.failed, "others": self.others} | {
            "figures": self.figures
        }


@dataclass
class Sitting:
    """What all sections share: the load, the servers, who signs in, and how long a round lasts."""

    load: Load
    folder: Path
    servers: list[Server]
    seconds: float
    rounds: int
    patience: float = 15.0  # seconds to wait for a quiet machine
    works: tuple[str, ...] = ()

    def accounts(self, group: Group) -> Path:
        return self.folder / f"{group.name}.accounts"

    def round(self, server: Server, work: Work) -> Round:
        """Run a work once, wherever the machine stands."""
        options = ["-m", work.mode, "-c", str(work.connections), "-k", str(most_at_once(work))]
        limit = ["-n", str(work.group.mailboxes)] if work.emptied else ["-t", str(self.seconds * work.seconds)]
        port = getattr(server.target.ports, work.port)
        return self.load.run(server.target, self.accounts(work.group), *options, *limit, *work.options, port=port)

    def measure(self, work: Work, refill: Callable[[Server], None]) -> dict[str, Figure]:
        """Let the servers take turns until each has its rounds, undisturbed ones if they can be had."""
        had: dict[str, list[Round]] = {server.name: [] for server in self.servers}
        for _ in range(self.rounds * TRIES):
            for server in self.servers:
                if sum(each.others < DISTURBED for each in had[server.name]) < self.rounds:
                    if work.emptied:
                        refill(server)
                    wait_for_quiet(patience=self.patience)
                    had[server.name].append(self.round(server, work))
        return {name: summary(rounds, work.unit, self.rounds) for name, rounds in had.items()}


def wanted(sitting: Sitting, works: Sequence[Work]) -> list[Work]:
    """Return those of these works that were asked for by name, or all."""
    return [work for work in works if not sitting.works or work.name in sitting.works]


def most_at_once(work: Work) -> int:
    return -(-work.connections // work.group.mailboxes)


def amount(one: Round, unit: str) -> float:
    """Return how many units a round did."""
    if unit == "MiB":
        return one["octets"] / 2**20
    return one["done"] if unit == "session" or not one["messages"] else one["messages"]


def summary(rounds: Sequence[Round], unit: str, number: int) -> Figure:
    """Return the medians of the rounds that others disturbed least."""
    kept = sorted(rounds, key=lambda one: one.others)[:number]
    rates = [amount(one, unit) / one["seconds"] for one in kept]
    costs = [one.cpu / max(1e-9, amount(one, unit)) for one in kept]
    names = kept[0].figures
    return Figure(
        median(rates),
        median(costs),
        int(sum(one["failed"] for one in rounds)),
        median(one.others for one in kept),
        {name: median(one[name] for one in kept) for name in names},
    )


def say(text: str) -> None:
    print(text, flush=True)


def told(figure: Figure, unit: str) -> str:
    """Return a figure as a line of the terminal has it."""
    failed = f", {figure.failed} FAILED" if figure.failed else ""
    return f"{figure.rate:,.0f} {unit}s/s, {micro(figure.cpu)} CPU a {unit}{failed}"


def micro(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs" if seconds < 0.01 else f"{seconds * 1e3:,.1f} ms"


def warn(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)
