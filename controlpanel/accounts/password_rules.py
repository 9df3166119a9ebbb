"""What a new password must be, and why one is not: in words, and without asking anybody outside.

zxcvbn guesses how many tries a password takes from the 90,000 commonest passwords, names and words of English, keyboard
rows, dates and repeats; common_words_es.txt adds what Spanish speakers choose, and the years that zxcvbn doesn't know.
A score of 3 of 4 (a hundred million tries and more) is asked for, and ten characters.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.models import User
from controlpanel.accounts.passwords import LONGEST

LEAST_CHARACTERS = 10
LEAST_SCORE = 3
LOOKED_AT = 72  # characters: zxcvbn's work grows faster than the password
COMMON_WORDS = Path(__file__).with_name("common_words_es.txt")

_guessing = Lock()  # zxcvbn keeps the words of whom it judges in a global


@dataclass(frozen=True, slots=True)
class Strength:
    """How well a password withstands guessing: a score from 0 to 4, and what is wrong with it, a sentence each."""

    score: int
    sentences: tuple[str | Promise, ...]

    @property
    def enough(self) -> bool:
        return not self.sentences


def strength(password: str, words: Iterable[str] = ()) -> Strength:
    """Judge a password. `words` belong to its owner (name, address, domain): whoever guesses tries them first."""
    if not password:
        return Strength(0, (_("Type a password."),))
    with _guessing:
        found = _guesser()(password[:LOOKED_AT], [word for word in words if len(word) > 2])
    return Strength(found["score"], tuple(_short_of(password, found)))


@cache
def _guesser() -> Callable[[str, list[str]], dict[str, Any]]:
    """Load zxcvbn late: the mail side never needs the 30 MB of its lists."""
    from zxcvbn import matching, zxcvbn

    matching.add_frequency_lists({"spanish": COMMON_WORDS.read_text(encoding="utf-8").split()})
    guesser: Callable[[str, list[str]], dict[str, Any]] = zxcvbn
    return guesser


def _short_of(password: str, found: dict[str, Any]) -> Iterable[str | Promise]:
    if len(password) < LEAST_CHARACTERS:
        yield (
            ngettext_lazy("Use at least %d character.", "Use at least %d characters.", LEAST_CHARACTERS)
            % LEAST_CHARACTERS
        )
    if len(password) > LONGEST:
        yield _("Use at most 1024 characters.")
    if "\0" in password:
        yield _("Leave out the character NUL: no mail client sends it.")
    if found["score"] < LEAST_SCORE:
        yield from dict.fromkeys(_weakness(match) for match in found["sequence"] if match["pattern"] != "bruteforce")
        yield _("Add a word or two that have nothing to do with it.")


def _weakness(match: dict[str, Any]) -> Promise:
    if match["pattern"] != "dictionary":
        return _PATTERNS.get(match["pattern"], _COMMON_WORD)
    return _DICTIONARIES.get(match["dictionary_name"], _COMMON_WORD)


_COMMON_WORD = _("It has a common word in it.")
_PATTERNS = {
    "spatial": _("Keys that lie side by side are guessed early."),
    "repeat": _("What repeats is guessed as fast as once."),
    "sequence": _("Sequences like abc or 6543 are guessed early."),
    "regex": _("Years that are not long past are guessed early."),
    "date": _("Dates are guessed early."),
}
_DICTIONARIES = {
    "passwords": _("It has one of the passwords in it that most people use."),
    "user_inputs": _("It has your name or address in it."),
    "male_names": _("It has a name in it."),
    "female_names": _("It has a name in it."),
    "surnames": _("It has a name in it."),
}


def words_of(address: str, name: str = "") -> list[str]:
    """Return the words that belong to who signs in as `address`."""
    local, _at, domain = address.partition("@")
    return ["casilla", address, local, domain, *local.split("."), *domain.split(".")[:-1], *name.split()]


class Rules:
    """The rules as Django's validator, for allauth's forms and for changes.py alike."""

    def validate(self, password: str, user: User | None = None) -> None:
        found = strength(password, words_of(user.address, user.name) if user else ())
        if not found.enough:
            raise ValidationError([ValidationError(str(sentence), code="weak") for sentence in found.sentences])

    def get_help_text(self) -> str:
        return gettext("At least ten characters that are not easy to guess: three or four words make a good one.")
