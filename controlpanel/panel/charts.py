"""Pure: values of days as a line of SVG. A day without a value has the one before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

WIDTH, HEIGHT = 600, 100


@dataclass(frozen=True, slots=True)
class Chart:
    """`line` and `area` are paths in a box of 600 by 100; `steps` are the days on which the value changed."""

    line: str
    area: str
    since: date
    until: date
    most: int
    steps: Sequence[tuple[date, int]]
    limit: int | None = None  # where a limit lies in the box, from above


def chart(values: Sequence[tuple[date, int]], until: date, days: int, limit: int | None = None) -> Chart | None:
    """Draw the last `days` up to `until`; None where there is nothing to see yet. `values`: by day, the first first."""
    since = until - timedelta(days=days - 1)
    before = [value for day, value in values if day < since]
    steps = [(since, before[-1])] if before else []
    steps += [(day, value) for day, value in values if since <= day <= until]
    if len(steps) < 2:
        return None
    top = max(1, *(value for _day, value in steps))
    if limit and limit <= top * 4:  # further away it would press the line to the ground
        top = max(top, limit)
    line = _line(steps, since, until, days, top)
    first, last = _x(steps[0][0], since, days), _x(until, since, days)
    return Chart(
        line=line,
        area=f"{line} L {last} {HEIGHT} L {first} {HEIGHT} Z",
        since=steps[0][0],
        until=until,
        most=max(value for _day, value in steps),
        steps=steps,
        limit=_y(limit, top) if limit and limit <= top else None,
    )


def _line(steps: Sequence[tuple[date, int]], since: date, until: date, days: int, top: int) -> str:
    parts = [f"M {_x(steps[0][0], since, days)} {_y(steps[0][1], top)}"]
    for (_before, held), (day, value) in pairwise(steps):
        parts.append(f"L {_x(day - timedelta(days=1), since, days)} {_y(held, top)}")
        parts.append(f"L {_x(day, since, days)} {_y(value, top)}")
    parts.append(f"L {_x(until, since, days)} {_y(steps[-1][1], top)}")
    return " ".join(parts)


def _x(day: date, since: date, days: int) -> int:
    return max(0, WIDTH * (day - since).days // max(1, days - 1))


def _y(value: int, top: int) -> int:
    return HEIGHT - 2 - (HEIGHT - 4) * value // top
