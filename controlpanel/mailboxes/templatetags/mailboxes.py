"""Octets, meters and addresses as pages show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from controlpanel.mailboxes import addresses, octets
from controlpanel.mailboxes.octets import shown

register = template.Library()

ATTENTION = 0.80
WRONG = 0.95

register.filter("octets", shown)
register.filter("address", addresses.shown)
register.filter("domain", addresses.domain_shown)


@register.filter
def halves(address: str) -> tuple[str, str]:
    """The local part, and the @ with the domain, as people read them."""
    local, at, domain = addresses.shown(address).rpartition("@")
    return local, at + domain


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter and its words. `width` and `kept_width` are thousandths; `level` is "", "attention" or "wrong"."""

    words: str
    level: str = ""
    warning: str = ""
    limited: bool = False
    width: int = 0
    kept_width: int = 0


@register.simple_tag
def meter(used: int, of: int | None, kept: int = 0) -> Meter:
    """How much of a limit is used: none of it without a limit. `kept` is what clients removed and we still keep."""
    if not of:
        return Meter(_("%(used)s, without a limit") % {"used": shown(used)})
    share = used / of
    width = _thousandths(used, of)
    return Meter(
        _("%(used)s of %(limit)s") % {"used": shown(used), "limit": shown(of)},
        "wrong" if share >= WRONG else "attention" if share >= ATTENTION else "",
        _("full") if used >= of else _("nearly full") if share >= ATTENTION else "",
        True,
        width,
        min(1000 - width, _thousandths(kept, of)),
    )


@register.simple_tag
def count_meter(made: int, limit: int | None) -> Meter:
    """How many of a number that is limited."""
    if limit is None:
        return Meter(_("%(made)s, without a limit") % {"made": intcomma(made)})
    words = _("%(made)s of %(limit)s") % {"made": intcomma(made), "limit": intcomma(limit)}
    full = made >= limit
    return Meter(words, "attention" if full else "", _("full") if full else "", True, _thousandths(made, limit))


def _thousandths(part: int, whole: int) -> int:
    """Return the share of a bar, at most all of it; a little is shown as a little, never as nothing."""
    if not part:
        return 0
    return max(10, min(1000, 1000 * part // whole)) if whole else 1000


@register.filter
def percents(marks: Iterable[int]) -> str:
    """Percents in a row, each with its sign: `80 %, 95 %`."""
    return octets.percents(marks)


@register.filter
def named(found: Mapping[int, str], number: int) -> str:
    return found.get(number, "")


@register.filter
def of(found: Mapping[int, Any], number: int) -> Any:
    return found[number]
