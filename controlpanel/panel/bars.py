"""Pure: what happened on each of some days, as bars of an SVG; a day on which nothing happened has none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 600, 100
GAP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """In a box of 600 by 100, from the left and from above."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Bars:
    """`most`: what the highest stands for. `since` and `until`: the first and the last day."""

    bars: Sequence[Bar]
    since: date
    until: date
    most: int


def bars(values: Mapping[date, int], until: date, days: int) -> Bars | None:
    """Draw the last `days` up to `until`; None where nothing happened on them."""
    since = until - timedelta(days=days - 1)
    seen = {day: value for day, value in values.items() if since <= day <= until and value > 0}
    if not seen:
        return None
    most, step = max(seen.values()), WIDTH // days
    drawn = [_bar((day - since).days * step, value, most, step) for day, value in sorted(seen.items())]
    return Bars(drawn, since, until, most)


def _bar(x: int, value: int, most: int, step: int) -> Bar:
    """The least is seen, too."""
    height = max(2, HEIGHT * value // most)
    return Bar(x, HEIGHT - height, step - GAP, height)
