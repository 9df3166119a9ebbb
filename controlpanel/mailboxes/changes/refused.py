"""Why a change is refused: a field and one sentence, from a named constraint or a rule checked under lock."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.functional import Promise

Sentence = str | Promise


class ChangeRefused(Exception):  # noqa: N818
    """Nothing was changed. `field` names what the form calls it ("" for the whole), `sentence` says why."""

    def __init__(self, field: str, sentence: Sentence) -> None:
        super().__init__(field, sentence)
        self.field = field
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


@contextmanager
def change(sentences: Mapping[str, tuple[str, Sentence]] | None = None) -> Iterator[None]:
    """One transaction. A constraint that refuses it becomes the ChangeRefused that `sentences` has for its name."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = constraint(error)
        if sentences is None or name not in sentences:
            raise
        raise ChangeRefused(*sentences[name]) from None


def constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that PostgreSQL says was violated."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
