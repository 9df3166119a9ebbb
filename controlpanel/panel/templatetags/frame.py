"""Tags of the frame: where one can go, when something was, and addresses of lists."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from controlpanel.journal.models import TOKEN_MECHANISMS
from controlpanel.mailstore.retention.leftovers import DELETED_DAYS
from controlpanel.panel import lists, navigation

register = template.Library()


@register.inclusion_tag("frame/rail.html", takes_context=True)
def rail(context: RequestContext) -> dict[str, Any]:
    """The rail. A view says where we stand: `section`, `domain`, `own` (a mailbox of one's own)."""
    section = str(context.get("section", ""))
    if look := context.get("looking"):
        return {"groups": navigation.looked_at(look.mailbox), "section": section}
    offered = navigation.groups(context["reach"], section, context.get("domain"), context.get("own"))
    return {"groups": offered, "section": section}


@register.inclusion_tag("frame/switcher.html", takes_context=True)
def switcher(context: RequestContext) -> dict[str, Any]:
    return {"switcher": navigation.switcher(context["reach"], context.get("domain"), context.get("own"))}


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The query string of this page with `changes`: `{% query page=2 %}`."""
    return lists.address(context["request"].GET, **changes)


@register.filter
def grace_end(deleted: datetime) -> datetime:
    """When retention begins to clear away what was deleted at a moment."""
    return deleted + timedelta(days=DELETED_DAYS)


@register.filter
def device(name: str) -> str:
    """What opened a mailbox: a device password by its name, else the main password or an issuer's token."""
    if name in TOKEN_MECHANISMS:
        return _("access token (%(mechanism)s)") % {"mechanism": name}
    return name or _("main password")


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A moment in words, the exact one in its `datetime`: "today 10:02", "yesterday 18:30", "24 Nov", "24 Nov 2025"."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), _exact(local), in_words(local))


@register.filter
def exactly(moment: datetime | None) -> SafeString | str:
    """A moment to the minute: "24 Nov 2026, 10:02"."""
    if moment is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), _exact(timezone.localtime(moment)))


def in_words(local: datetime, now: datetime | None = None) -> str:
    now = now or timezone.localtime()
    clock = formats.date_format(local, "H:i")
    if local.date() == now.date():
        return _("today %(time)s") % {"time": clock}
    if local.date() == now.date() - timedelta(days=1):
        return _("yesterday %(time)s") % {"time": clock}
    return _written(local, "j M" if local.year == now.year else "j M Y")


def _exact(local: datetime) -> str:
    return _written(local, "j M Y, H:i")


def _written(local: datetime, pattern: str) -> str:
    """Django's months begin with a capital; Spanish writes them small."""
    written = formats.date_format(local, pattern)
    return written.lower() if get_language() == "es" else written
