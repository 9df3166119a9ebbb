"""Octets, meters and addresses as pages show them."""

from dataclasses import dataclass

from django import template
from django.utils.translation import gettext as _

from controlpanel.mailboxes import addresses
from controlpanel.mailboxes.octets import shown

register = template.Library()

ATTENTION = 0.80
WRONG = 0.95

register.filter("octets", shown)
register.filter("address", addresses.shown)
register.filter("domain", addresses.domain_shown)


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter and its words. `width` and `kept_width` are hundredths; `level` is "", "attention" or "wrong"."""

    words: str
    level: str = ""
    warning: str = ""
    limited: bool = False
    width: float = 0
    kept_width: float = 0


@register.simple_tag
def meter(used: int, of: int | None, kept: int = 0) -> Meter:
    """How much of a limit is used: none of it without a limit. `kept` is what clients removed and we still keep."""
    if not of:
        return Meter(_("%(used)s, without a limit") % {"used": shown(used)})
    share = used / of
    width = round(min(100.0, 100 * share), 1)
    if used and width < 1:
        width = 1.0  # something is there
    return Meter(
        _("%(used)s of %(limit)s") % {"used": shown(used), "limit": shown(of)},
        "wrong" if share >= WRONG else "attention" if share >= ATTENTION else "",
        _("full") if used >= of else _("nearly full") if share >= ATTENTION else "",
        True,
        width,
        round(min(100 - width, 100 * (kept or 0) / of), 1),
    )
