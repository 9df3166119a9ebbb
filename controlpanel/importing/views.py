"""Pages of an import: the file, what is in it, how far it is, what came of it. And the way back: export."""

from collections.abc import Iterable, Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts.actor import Actor, actor_of
from controlpanel.accounts.models import User
from controlpanel.importing import changes
from controlpanel.importing.export import BOM, as_file, exported, lines
from controlpanel.importing.forms import FileForm
from controlpanel.importing.models import Import, RowState, State
from controlpanel.importing.reading import MOST_OCTETS
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes import ChangeRefused, invite
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.mailboxes import matching
from controlpanel.mailboxes.views.standing import page, refuse, running, say, the_domain
from controlpanel.panel import lists

RECENT = 10


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, domain: str = "") -> HttpResponse:
    """The file. Without a domain its addresses name the domains."""
    running(request)
    assert isinstance(request.user, User)
    there = the_domain(request, domain, Act.CREATE_MAILBOX) if domain else None
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        with refusals_beside(form):
            made = changes.start_import(
                file.read(MOST_OCTETS + 1),
                file.name,
                actor=actor_of(request),
                language=request.LANGUAGE_CODE,
                domain=there,
            )
            return redirect("import", made.pk)
    recent = changes.visible_imports(request.user).order_by("-pk")[:RECENT]
    section = "domain-mailboxes" if there else "mailboxes"
    return page(request, "importing/start.html", section, domain=there, form=form, recent=recent)


def the_import(request: HttpRequest, number: int) -> Import:
    assert isinstance(request.user, User)
    found = changes.visible_imports(request.user).select_related("domain").filter(pk=number).first()
    if found is None:
        raise Http404
    return found


@require_safe
def show(request: HttpRequest, number: int) -> HttpResponse:
    held = the_import(request, number)
    counts = changes.counts(held)
    chips = [(state, f"{RowState(state).label} ({counts[state]})") for state in RowState.values if counts.get(state)]
    chosen = request.GET.get("show", "")
    if chosen not in counts:
        chosen = next((state for state in (RowState.BAD, RowState.FAILED) if counts.get(state)), "")
        chosen = chosen or (chips[0][0] if chips else "")
    rows = lists.page(held.rows.filter(state=chosen).order_by("line"), request.GET.get("page"))
    return page(
        request,
        "importing/import.html",
        "domain-mailboxes" if held.domain else "mailboxes",
        domain=held.domain,
        held=held,
        page=rows,
        chips=chips,
        chosen=chosen,
        going=held.state in (State.CHECKING, State.MAKING),
        behind=_progress(held, counts),
        good=counts.get(RowState.GOOD, 0),
        bad=counts.get(RowState.BAD, 0) + counts.get(RowState.FAILED, 0),
        there=counts.get(RowState.THERE, 0),
        made=counts.get(RowState.MADE, 0),
        invited=held.state == State.DONE and held.rows.filter(values__invited=True).exists(),
    )


def _progress(held: Import, counts: dict[str, int]) -> tuple[int, int]:
    """How many rows the present work has behind it, and of how many."""
    total = sum(counts.values())
    if held.state == State.CHECKING:
        return total - counts.get(RowState.NEW, 0), total
    done = counts.get(RowState.MADE, 0) + counts.get(RowState.FAILED, 0)
    return done, done + counts.get(RowState.GOOD, 0)


@require_POST
def confirm(request: HttpRequest, number: int) -> HttpResponse:
    the_import(request, number)
    try:
        changes.confirm_import(number, actor=actor_of(request))
    except ChangeRefused as refused:
        refuse(request, refused)
    return redirect("import", number)


@require_POST
def discard(request: HttpRequest, number: int) -> HttpResponse:
    held = the_import(request, number)
    try:
        changes.discard_import(number, actor=actor_of(request))
        say(request, _("The file is forgotten."))
    except ChangeRefused as refused:
        refuse(request, refused)
        return redirect("import", number)
    return redirect(reverse("domain-import", args=[held.domain.name]) if held.domain else reverse("imports"))


@require_safe
def faults(request: HttpRequest, number: int) -> HttpResponse | StreamingHttpResponse:
    """What is wrong with which row, as a table: for who mends the file with a spreadsheet."""
    held = the_import(request, number)
    rows = held.rows.filter(state__in=(RowState.BAD, RowState.FAILED)).order_by("line")
    cells = (
        [str(row.line), str(row.values.get("address", row.address)), column, sentence]
        for row in rows.iterator()
        for column, sentence in row.faults
    )
    return as_file(_with_headings(["line", "address", "column", "fault"], cells), f"faults-{held.pk}")


@never_cache
@require_POST
def invitations(request: HttpRequest, number: int) -> HttpResponse | StreamingHttpResponse:
    """A link for each mailbox that was made without a password, as a table: each is made now, and works once."""
    held = the_import(request, number)
    rows = held.rows.filter(state=RowState.MADE, values__invited=True).order_by("line")
    numbers = [number for (number,) in rows.values_list("mailbox_id") if number is not None]
    links = _links(request, numbers, actor_of(request))
    return as_file(_with_headings(["address", "name", "link"], links), f"invitations-{held.pk}")


def _links(request: HttpRequest, numbers: list[int], actor: Actor) -> Iterator[list[str]]:
    for mailbox in Mailbox.objects.filter(pk__in=numbers).select_related("user").order_by("address_text").iterator():
        if mailbox.user.has_usable_password():
            continue
        try:
            token = invite(mailbox.user, actor=actor)
        except rules.NotAllowed:
            continue
        yield [mailbox.address_text, mailbox.name, request.build_absolute_uri(reverse("invitation", args=[token]))]


@require_safe
def export(request: HttpRequest, domain: str = "") -> HttpResponse | StreamingHttpResponse:
    """The mailboxes of a list, as it is filtered, as a file."""
    if domain:
        there = the_domain(request, domain, Act.SEE_DOMAIN)
        mailboxes = Mailbox.objects.filter(domain=there)
    else:
        running(request)
        mailboxes = Mailbox.objects.filter(domain__in=rules.visible_domains(request.user))
    return as_file(exported(matching(mailboxes, request.GET), request.user), domain or "mailboxes")


def _with_headings(headings: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield BOM
    yield from lines([headings])
    yield from lines(rows)
