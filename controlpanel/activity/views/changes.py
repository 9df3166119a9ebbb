"""Who changed what: for operators everything, for administrators what concerns their domains; as a page or a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from controlpanel.activity import kinds
from controlpanel.activity.sentences import details, sentence
from controlpanel.importing.export import BOM, lines
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.addresses import AddressError, domain_name
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, running, the_domain
from controlpanel.panel import lists, periods

ROWS = 50
EXPORTED = 50_000  # the newest; older ones are reached by dates
AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: whom or what it was about, who did it, what kind of change, in which domain, when."""

    asked: str
    who: str
    kind: str
    domain: str
    period: periods.Period

    @property
    def narrowed(self) -> bool:
        return bool(self.who or self.kind or self.domain or self.period.first or self.period.last)

    @property
    def any(self) -> bool:
        return bool(self.asked) or self.narrowed


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    return _listed(request, _everywhere(request), None)


@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return _listed(request, Activity.objects.filter(domain_id=there.pk), there)


@require_safe
def export_every(request: HttpRequest) -> StreamingHttpResponse:
    return _file(request, _everywhere(request), "casilla")


@require_safe
def export_of_domain(request: HttpRequest, domain: str) -> StreamingHttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return _file(request, Activity.objects.filter(domain_id=there.pk), there.name)


def _everywhere(request: HttpRequest) -> QuerySet[Activity]:
    rows = Activity.objects.all()
    if rules.may(request.user, Act.RUN_SERVICE):
        return rows
    running(request)
    return rows.filter(domain_id__in=list(rules.visible_domains(request.user).values_list("pk", flat=True)))


def _wanted(request: HttpRequest) -> Wanted:
    query = request.GET
    kind = query.get("kind", "")
    return Wanted(
        asked=lists.asked_for(query),
        who=_text(query.get("who", "")),
        kind=kind if kind in kinds.KINDS else "",
        domain=_text(query.get("domain", "")).lower(),
        period=periods.asked_for(query),
    )


def _text(written: str) -> str:
    return written.replace("\0", "").strip()[: lists.SEARCHED]


def _domain(written: str) -> str:
    """The name as the store has it; "" for what is none."""
    try:
        return domain_name(written)
    except AddressError:
        return ""


def _matching(request: HttpRequest, rows: QuerySet[Activity], wanted: Wanted) -> QuerySet[Activity]:
    if wanted.asked:
        rows = rows.filter(Q(subject__icontains=wanted.asked) | Q(actor__icontains=wanted.asked))
    if wanted.who:
        rows = rows.filter(actor__icontains=wanted.who)
    if wanted.kind:
        rows = rows.filter(act__in=kinds.acts_of(wanted.kind) or [])
    if wanted.domain:
        named = rules.visible_domains(request.user).filter(name=_domain(wanted.domain))
        rows = rows.filter(domain_id__in=named.values("pk"))
    if wanted.period.first:
        rows = rows.filter(at__gte=wanted.period.since)
    if wanted.period.last:
        rows = rows.filter(at__lt=wanted.period.until)
    return rows


def _listed(request: HttpRequest, rows: QuerySet[Activity], domain: Domain | None) -> HttpResponse:
    """Newest first, and older ones by the number of the last that was shown: no count, no skipping."""
    wanted = _wanted(request)
    rows = _matching(request, rows, wanted)
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
        wanted=wanted,
        period=wanted.period,
        kinds=kinds.CHOICES,
        before=before,
    )


def _file(request: HttpRequest, rows: QuerySet[Activity], name: str) -> StreamingHttpResponse:
    found = _matching(request, rows, _wanted(request)).order_by("-pk")[:EXPORTED]
    response = StreamingHttpResponse(_lines(found, get_language()), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-activity-{timezone.localdate()}.csv"'
    return response


def _lines(rows: QuerySet[Activity], language: str | None) -> Iterator[str]:
    """A row a change, in the reader's language; no cell is a formula."""
    with override(language):
        yield BOM
        yield from lines([[_("When"), _("Who"), _("What"), _("Details"), _("From")]])
        yield from lines(_cells(row) for row in rows.iterator(chunk_size=AT_ONCE))


def _cells(row: Activity) -> list[str]:
    at = timezone.localtime(row.at)
    return [f"{at:%Y-%m-%d %H:%M:%S}", row.actor, sentence(row), details(row), row.address or ""]
