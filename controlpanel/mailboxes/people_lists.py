"""Pure: a list of people as it is pasted, a line each, read into names and local parts.

`Ana Pérez, ana` is the form that pages show. A tab or a semicolon does for the comma, an address for the local part,
`Ana Pérez <ana@example.org>` for both, and the two may stand the other way round. A local part alone is enough.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.addresses import AddressError, domain_name, domain_shown, new_local

Sentence = str | Promise
MOST_LINES = 100

_ANGLED = re.compile(r"(.*?)<([^<>]*)>\W*")
_SEPARATORS = ("\t", ";", ",")


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list, by its number from 1. `sentence` says why it makes no mailbox; then `local` may be empty."""

    line: int
    text: str
    name: str = ""
    local: str = ""
    sentence: Sentence = ""


def read(text: str, domain: str) -> list[Listed]:
    """Return a Listed for each line that is not empty. An address in another domain than `domain` is an error."""
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return list(_once(_read_line(number, line, domain) for number, line in lines if line))


def _read_line(number: int, line: str, domain: str) -> Listed:
    name, address = _parts(line)
    try:
        if not address:
            raise AddressError(_missing(line))
        return Listed(number, line, name, _local(address, domain))
    except AddressError as error:
        return Listed(number, line, name, "", error.sentence)


def _parts(line: str) -> tuple[str, str]:
    """Return the name and what stands for the address; "" where no part of the line can be one."""
    if angled := _ANGLED.fullmatch(line):
        return angled[1].strip(' "\t,;'), angled[2].strip()
    for separator in _SEPARATORS:
        first, found, last = line.strip(separator + " ").rpartition(separator)
        if found:
            return _either_way(first.strip(' "'), last.strip(' "'))
    first, _blank, last = line.rpartition(" ")
    if "@" in last:
        return first.strip(), last
    return (line, "") if first else ("", line)


def _either_way(first: str, last: str) -> tuple[str, str]:
    swapped = " " in last and first and " " not in first
    return (last, first) if swapped else (first, last)


def _missing(line: str) -> Sentence:
    return _("Write the address after the name and a comma: %(name)s, %(local)s") % {
        "name": line,
        "local": proposed(line) or "ana",
    }


def proposed(name: str) -> str:
    """Return a local part for a name, `ana.perez` for Ana Pérez; "" where none comes of it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return ".".join(dict.fromkeys(words[:1] + words[-1:]))


def _local(address: str, domain: str) -> str:
    local, at, other = address.rpartition("@")
    if at and domain_name(other) != domain:
        raise AddressError(_("This list makes mailboxes in %(domain)s.") % {"domain": domain_shown(domain)})
    return new_local(local if at else address)


def _once(people: Iterator[Listed]) -> Iterator[Listed]:
    """Say of an address that comes again where it stood first."""
    first: dict[str, int] = {}
    for each in people:
        before = first.setdefault(each.local, each.line) if each.local else each.line
        if before == each.line:
            yield each
        else:
            sentence = _("This address stands in line %(line)d already.") % {"line": before}
            yield Listed(each.line, each.text, each.name, each.local, sentence)
