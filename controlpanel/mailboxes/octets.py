"""Pure: octets as people write and read them.

As in other panels 1 MB is 2**20 octets, and `MiB` means the same; what counts is one rule on both sides of the screen.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

UNITS = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
LARGEST = 2**50

_WORDS = re.compile(r"(?P<number>\d{1,16}(?:[.,]\d{1,9})?)\s*(?P<unit>[kmgt]?)(?:i?b)?\Z", re.IGNORECASE | re.ASCII)
_GROUPED = re.compile(r"[1-9]\d{0,2}[.,]\d{3}\Z")  # 1.500 is fifteen hundred in Bogotá and one and a half in Boston
_SIGNS = ("B", "kB", "MB", "GB", "TB")


class OctetsError(ValueError):
    """A text is no amount of octets. `sentence` says why, for the person who typed it."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def read(text: str) -> int:
    """Return the octets that `10 GB`, `500M`, `1,5 GB`, `1.5 GiB` or `2048` mean. Raises OctetsError."""
    match = _WORDS.match(text.strip().replace("\u00a0", " ").replace("\u202f", " "))
    if match is None:
        raise OctetsError(_("Write a number and a unit, as in 500 MB or 1.5 GB."))
    if _GROUPED.match(match["number"]):
        raise OctetsError(_("Write the number without a sign between the thousands, as in 1500 MB."))
    number = Fraction(match["number"].replace(",", "."))
    octets = int(number * 1024 ** UNITS[match["unit"].lower()])
    if not 0 < octets <= LARGEST:
        raise OctetsError(_("This amount is out of range: from 1 octet to 1024 TB."))
    return octets


def shown(octets: int) -> str:
    """Return `octets` for the language in force, with three digits that matter: `312 MB`, `1.5 GB`, `1,5 GB`."""
    amount, unit = Fraction(octets), 0
    while unit < len(_SIGNS) - 1 and round(amount) >= 1000:
        amount, unit = amount / 1024, unit + 1
    places = 0 if unit == 0 or amount >= 100 else 1
    number = formats.number_format(_rounded(amount, places), use_l10n=True)
    return f"{number}\u00a0{_SIGNS[unit]}"


def written(octets: int | None) -> str:
    """Return `octets` as a form field shows them: exact, so that `read` gives the same number back."""
    if octets is None:
        return ""
    unit = 0
    while unit < len(_SIGNS) - 1 and octets % 1024 == 0 and octets >= 1024:
        octets, unit = octets // 1024, unit + 1
    return f"{octets} {_SIGNS[unit]}"


def percents(marks: Iterable[int]) -> str:
    """Return percents in a row, each with its sign: `80 %, 95 %`."""
    return ", ".join(f"{mark}\u00a0%" for mark in marks)


def _rounded(amount: Fraction, places: int) -> str:
    text = f"{float(amount):.{places}f}"
    return text.removesuffix(".0")
