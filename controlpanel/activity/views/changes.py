"""Who changed what: for operators everything, for administrators what concerns their domains."""

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from controlpanel.activity.sentences import details, sentence
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, running, the_domain
from controlpanel.panel import lists

ROWS = 50


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    rows = Activity.objects.all()
    if not rules.may(request.user, Act.RUN_SERVICE):
        running(request)
        rows = rows.filter(domain_id__in=list(rules.visible_domains(request.user).values_list("pk", flat=True)))
    return _listed(request, rows, None)


@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return _listed(request, Activity.objects.filter(domain_id=there.pk), there)


def _listed(request: HttpRequest, rows: QuerySet[Activity], domain: Domain | None) -> HttpResponse:
    """Newest first, and older ones by the number of the last that was shown: no count, no skipping."""
    asked = lists.asked_for(request.GET)
    if asked:
        rows = rows.filter(Q(subject__icontains=asked) | Q(actor__icontains=asked))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: ROWS + 1])
    return page(
        request,
        "activity/changes.html",
        "domain-activity" if domain else "activity",
        domain=domain,
        rows=[(row, sentence(row), details(row)) for row in found[:ROWS]],
        older=found[ROWS - 1].pk if len(found) > ROWS else None,
        asked=asked,
        before=before,
    )
