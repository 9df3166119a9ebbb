"""Who grows fastest: of one domain, and of all that somebody runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from controlpanel.mailboxes import rules
from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.totals import totals
from controlpanel.mailboxes.views.standing import page, running, the_domain
from controlpanel.mailstore import usage_days
from controlpanel.mailstore.models import Growth
from controlpanel.panel.charts import Chart, chart

SHOWN = 25
QUARTER = usage_days.DAYS_KEPT - 1
PERIODS = (("", _("In seven days")), ("month", _("In thirty days")))


@dataclass(frozen=True, slots=True)
class Line:
    """A mailbox of the list, by how much it grew, and how it went."""

    mailbox: Mailbox
    grown: int
    chart: Chart | None


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    running(request)
    grown = Growth.objects.exclude(mailbox__domain__state=State.DELETED)
    if not rules.may(request.user, Act.RUN_SERVICE):
        grown = grown.filter(mailbox__domain__in=list(rules.visible_domains(request.user)))
    return _shown(request, grown, None)


@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return _shown(request, Growth.objects.filter(mailbox__domain=there), there)


def _shown(request: HttpRequest, grown: QuerySet[Growth], domain: Domain | None) -> HttpResponse:
    month = request.GET.get("show") == "month"
    return page(
        request,
        "mailboxes/growth.html",
        "domain-mailboxes" if domain else "mailboxes",
        domain=domain,
        lines=_lines(grown, "month" if month else "week"),
        chips=PERIODS,
        chosen="month" if month else "",
        totals=totals([domain])[domain.pk] if domain else None,
    )


def _lines(grown: QuerySet[Growth], period: str) -> list[Line]:
    found = grown.filter(**{f"{period}__gt": 0}).exclude(mailbox__state=State.DELETED)
    fastest = list(found.select_related("mailbox__usage").order_by(f"-{period}", "mailbox")[:SHOWN])
    histories = usage_days.history([each.mailbox_id for each in fastest], days=30)
    return [
        Line(each.mailbox, getattr(each, period), _drawn(each.mailbox, histories[each.mailbox_id], 30))
        for each in fastest
    ]


def usage_chart(mailbox: Mailbox) -> Chart | None:
    """What a mailbox held in the last quarter, up to now."""
    return _drawn(mailbox, usage_days.history([mailbox.pk])[mailbox.pk], QUARTER, mailbox.quota)


def _drawn(mailbox: Mailbox, history: Iterable[usage_days.Held], days: int, limit: int | None = None) -> Chart | None:
    today = timezone.now().date()
    values = [(held.day, held.octets) for held in history if held.day < today]
    return chart([*values, (today, mailbox.usage.octets)], today, days, limit)
