"""A row of a file while it is looked at, and what is said beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.functional import Promise

from controlpanel.accounts.addresses import AddressError, canonical
from controlpanel.importing import shapes
from controlpanel.importing.models import Row
from controlpanel.mailboxes.addresses import new_local
from controlpanel.mailboxes.changes.refused import ChangeRefused


@dataclass(slots=True)
class Reading:
    """A row while it is looked at."""

    row: Row
    aliases: list[str] = field(default_factory=list)

    def fault(self, column: str, sentence: str | Promise) -> None:
        self.row.faults.append([column, str(sentence)])

    def text(self, column: str) -> str:
        return str(self.row.values.get(column, ""))

    def read_addresses(self, domain: str) -> None:
        """Take the address and the aliases as they will be kept; one without a domain is in `domain`."""
        try:
            self.row.address = _address(self.text("address"), domain)
        except AddressError as error:
            self.fault("address", error.sentence)
            self.row.address = ""
            return
        home = self.row.address.rpartition("@")[2]
        for word in dict.fromkeys(shapes.several(self.text("aliases"))):
            try:
                self.aliases.append(_address(word, home))
            except AddressError as error:
                self.fault("aliases", f"{word[:80]}: {error.sentence}")


def _address(words: str, domain: str) -> str:
    address = canonical(words if "@" in words or not domain else f"{words}@{domain}")
    new_local(address.rpartition("@")[0])
    return address


@contextmanager
def said_as(field: str, column: str) -> Iterator[None]:
    """What a change calls `field` is called `column` in a file."""
    try:
        yield
    except ChangeRefused as refused:
        raise ChangeRefused(column if refused.field == field else refused.field, refused.sentence) from None


class beside:  # noqa: N801
    """What is refused inside is a fault of the row."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, ChangeRefused):
            return False
        self.reading.fault(error.field, error.sentence)
        return True
