"""Pure: what a file is read into."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: the line it begins on, and its texts by the names of our columns. `ragged`: more cells than headings."""

    line: int
    values: dict[str, str] = field(repr=False)
    ragged: bool = False
