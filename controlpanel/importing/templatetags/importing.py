"""How far an import is, and what divides the cells of a file."""

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from controlpanel.mailboxes.templatetags.mailboxes import Meter

register = template.Library()


@register.filter
def separator(sign: str) -> str:
    """The name of what divides cells."""
    return {";": _("semicolons"), "\t": _("tabs")}.get(sign, _("commas"))


@register.simple_tag
def progress(done: int, total: int) -> Meter:
    """A bar of work."""
    words = _("%(made)s of %(limit)s") % {"made": intcomma(done), "limit": intcomma(total)}
    return Meter(words, limited=True, width=1000 * done // max(1, total))
