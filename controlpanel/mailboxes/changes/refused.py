"""Why a change is refused: a field and one sentence, from a named constraint or a rule checked under lock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from controlpanel.accounts.addresses import AddressError
from controlpanel.accounts.foreign_hashes import HashError

Sentence = str | Promise
Said = tuple[str, Sentence | Callable[[], Sentence]]  # a field, and what to say beside it or how to find that out


class ChangeRefused(Exception):  # noqa: N818
    """Nothing was changed. `field` names what the form calls it ("" for the whole), `sentence` says why."""

    def __init__(self, field: str, sentence: Sentence) -> None:
        super().__init__(field, sentence)
        self.field = field
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


@contextmanager
def change(sentences: Mapping[str, Said] | None = None) -> Iterator[None]:
    """One transaction. A constraint that refuses it becomes the ChangeRefused that `sentences` has for its name."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = constraint(error)
        if sentences is None or name not in sentences:
            raise
        field, sentence = sentences[name]
        raise ChangeRefused(field, sentence() if callable(sentence) else sentence) from None


def constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that PostgreSQL says was violated."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


@contextmanager
def said_of(field: str) -> Iterator[None]:
    """What is wrong with an address, a hash or a password inside is wrong with `field`."""
    try:
        yield
    except (AddressError, HashError) as error:
        raise ChangeRefused(field, error.sentence) from None
    except ValidationError as error:
        raise ChangeRefused(field, " ".join(error.messages)) from None


def text(field: str, value: str, most: int, *, needed: bool = False) -> str:
    """Return a text as it is kept: without blanks at its ends, on one line, printable."""
    kept = " ".join(value.split())
    if needed and not kept:
        raise ChangeRefused(field, _("This is needed."))
    if len(kept) > most:
        sentence = ngettext("Use at most %d character.", "Use at most %d characters.", most) % most
        raise ChangeRefused(field, sentence)
    if not kept.isprintable():
        raise ChangeRefused(field, _("There is a character in it that cannot be shown."))
    return kept
