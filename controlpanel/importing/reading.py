"""Pure: a file of mailboxes, as people and other programs write it, read into one table.

A table with headings (comma, semicolon, tab; Excel's too; PostfixAdmin's export), a Dovecot passwd-file, the shadow
file of a domain in cPanel, and Modoboa's export. Encoding and shape are told from the file, and said.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.importing import other_programs
from controlpanel.importing.columns import read_headings
from controlpanel.importing.entries import Entry

MOST_ROWS = 50_000
MOST_LINES = 5 * MOST_ROWS  # some texts have several
MOST_OCTETS = 32 * 2**20
SEPARATORS = (";", "\t", ",")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for one
_TOO_MANY = _("This file has more than 50,000 rows. Divide it.")
UTF_8, UTF_16, LATIN_1 = "UTF-8", "UTF-16", "Latin-1"


class UnreadableError(ValueError):
    """A file is no list of mailboxes. `sentence` says why."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Table:
    """What was read. `separator`: "" without headings; `unread`: headings and lines we make nothing of."""

    encoding: str
    separator: str
    entries: list[Entry]
    unread: list[str]


def read(octets: bytes) -> Table:
    """Read a file. Raises UnreadableError."""
    if len(octets) > MOST_OCTETS:
        raise UnreadableError(_("This file is too large: 32 MB is the most. Divide it."))
    text, encoding = decoded(octets)
    if max(map(text.count, "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")) > MOST_LINES:
        raise UnreadableError(_TOO_MANY)
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if not first:
        raise UnreadableError(_("This file is empty."))
    other = other_programs.reader(first)
    if other is not None:
        entries, unread = other(text)
        return Table(encoding, "", bounded(entries), unread)
    return _read_table(text, encoding)


def decoded(octets: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding: what is no UTF-8 was written by Windows in the West."""
    if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text, encoding = octets.decode("utf-16", "replace"), UTF_16
    else:
        try:
            text, encoding = octets.decode("utf-8-sig"), UTF_8
        except UnicodeDecodeError:
            text, encoding = _western(octets), LATIN_1
    if "\0" in text:
        raise UnreadableError(_("This is no text file. Save the table as CSV first."))
    return text, encoding


def _western(octets: bytes) -> str:
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def bounded(entries: list[Entry]) -> list[Entry]:
    if not entries:
        raise UnreadableError(_("There is no mailbox in this file."))
    if len(entries) > MOST_ROWS:
        raise UnreadableError(_TOO_MANY)
    return entries


def _read_table(text: str, encoding: str) -> Table:
    lines = text.splitlines(keepends=True)
    skipped = 1 if lines[0].lower().startswith("sep=") else 0  # Excel's own hint
    separator = _separator(lines[skipped] if len(lines) > skipped else "")
    rows = _rows("".join(lines[skipped:]), separator, skipped)
    _line, headings = next(rows)
    places = read_headings(headings)
    if "address" not in places:
        raise UnreadableError(
            _("The first line names the columns, and none of them is called address. See which names are known below.")
        )
    filled = ((line, cells) for line, cells in rows if any(map(str.strip, cells)))
    entries = [_entry(*row, places, len(headings)) for row in islice(filled, MOST_ROWS + 1)]
    unread = [heading.strip()[:200] for place, heading in enumerate(headings) if place not in places.values()]
    return Table(encoding, separator, bounded(entries), [heading for heading in unread if heading])


def _separator(headings: str) -> str:
    """Return the one that stands most often in the headings."""
    return max(SEPARATORS, key=headings.count)


def _rows(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = 0
    try:
        for cells in reader:
            if cells:
                yield skipped + before + 1, cells
            before = reader.line_num
    except csv.Error:
        sentence = _("Line %d cannot be read: its quotation marks do not match.")
        raise UnreadableError(sentence % (skipped + before + 1)) from None


def _entry(line: int, cells: Sequence[str], places: dict[str, int], headings: int) -> Entry:
    values = {ours: unescaped(cells[place].strip()) for ours, place in places.items() if place < len(cells)}
    if {"first", "last"} & values.keys():
        parts = (values.pop("first", ""), values.pop("last", ""))
        values["name"] = values.get("name") or " ".join(part for part in parts if part)
    return Entry(line, {ours: value for ours, value in values.items() if value}, len(cells) > headings)


def unescaped(cell: str) -> str:
    """Take away the apostrophe that keeps a spreadsheet from computing a cell."""
    return cell[1:] if cell.startswith("'") and begins_formula(cell) else cell


def begins_formula(cell: str) -> bool:
    """Whether a cell, apostrophes aside, would be computed."""
    return cell.lstrip("' \u00a0").startswith(FORMULA)
