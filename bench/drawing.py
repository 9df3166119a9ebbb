"""Curves as SVG: two axes, each even or by powers of ten, and a line a server. Plain enough for any viewer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 44, 52
COLOURS = ("#0b6e4f", "#b3541e", "#3b5ba5", "#7a4e9f")
STYLE = "font-family: system-ui, sans-serif; font-size: 13px; fill: #222"
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """From `least` to `most`, by powers of ten or evenly, with a mark at each of `marks`."""

    words: str
    least: float
    most: float
    marks: Sequence[float]
    powers: bool

    def part(self, value: float) -> float:
        """Return where a value lies, 0 to 1."""
        if self.powers:
            low, high = math.log10(self.least), math.log10(self.most)
            return (math.log10(max(value, self.least)) - low) / (high - low)
        return (value - self.least) / (self.most - self.least)


def axis(words: str, values: Sequence[float], powers: bool) -> Axis:
    if powers:
        low = math.floor(math.log10(min(value for value in values if value > 0)))
        high = max(low + 1, math.ceil(math.log10(max(values)) - 1e-9))
        return Axis(words, 10.0**low, 10.0**high, [10.0**power for power in range(low, high + 1)], True)
    most = max([*values, 1e-9])
    step = _step(most / 5)
    count = math.ceil(most / step - 1e-9)
    return Axis(words, 0, step * count, [step * number for number in range(count + 1)], False)


def _step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in STEPS if step * power >= rough * 0.999)


def draw(title: str, x: tuple[str, bool], y: tuple[str, bool], lines: Sequence[Line]) -> str:
    """Return the picture. `x` and `y` are the words of an axis, and whether it goes by powers of ten."""
    across = axis(x[0], [point[0] for line in lines for point in line.points], x[1])
    up = axis(y[0], [point[1] for line in lines for point in line.points], y[1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" style="{STYLE}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 20, title, "font-weight: 600"),
        *_grid(across, up),
    ]
    for place, line in enumerate(lines):
        parts += _drawn(line, COLOURS[place % len(COLOURS)], across, up, place)
    return "\n".join([*parts, "</svg>", ""])


def _grid(across: Axis, up: Axis) -> list[str]:
    parts = []
    for mark in up.marks:
        y = _y(up, mark)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y + 4, number(mark), "text-anchor: end"))
    for mark in across.marks:
        x = _x(across, mark)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eee"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 18, number(mark), "text-anchor: middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across.words, "text-anchor: middle"))
    parts.append(_text(LEFT, TOP - 8, up.words, "fill: #555"))
    return parts


def _drawn(line: Line, colour: str, across: Axis, up: Axis, place: int) -> list[str]:
    points = [(_x(across, x), _y(up, y)) for x, y in line.points]
    dash = ' stroke-dasharray="6 4"' if line.dashed else ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>']
    if len(points) <= 20:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    x = WIDTH - RIGHT - 8
    parts.append(_text(x, TOP + 14 + 18 * place, line.name, f"text-anchor: end; fill: {colour}; font-weight: 600"))
    return parts


def _x(across: Axis, value: float) -> float:
    return LEFT + across.part(value) * (WIDTH - LEFT - RIGHT)


def _y(up: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - up.part(value) * (HEIGHT - TOP - BOTTOM)


def _text(x: float, y: float, words: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" style="{style}">{escape(words)}</text>'


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"
