"""Mailboxes as their administrators see them: all in a list, one on its page, made and changed."""

from collections.abc import Iterable
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, labels, rules, sending
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.mailboxes import MailboxForm, NewMailboxForm
from controlpanel.mailboxes.models import DevicePassword, Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.totals import SUMMED, Totals, by_space, totals
from controlpanel.mailboxes.views import slips
from controlpanel.mailboxes.views.growth import usage_chart
from controlpanel.mailboxes.views.passwords import readable_password
from controlpanel.mailboxes.views.standing import page, running, say, the_domain, the_mailbox
from controlpanel.mailstore import overview
from controlpanel.panel import lists

QUIET = timedelta(days=90)
SAME_VISIT = timedelta(minutes=5)  # between the use of a device password and the visit that it opened
SORTS = (
    lists.Sort("address", "address_text"),
    lists.Sort("space", "usage__octets", "address_text", falling=True),
    lists.Sort("seen", "last_seen", "address_text", falling=True, nullable=True),
)
CHIPS = (
    ("", pgettext_lazy("mailboxes", "All")),
    ("full", gettext_lazy("Nearly full")),
    ("quiet", gettext_lazy("Not fetched for 90 days")),
    ("suspended", pgettext_lazy("mailboxes", "Suspended")),
    ("closed", pgettext_lazy("mailboxes", "Closed")),
    ("deleted", pgettext_lazy("mailboxes", "Deleted")),
)


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    """All mailboxes that an operator or an administrator of several domains runs."""
    running(request)
    if rules.may(request.user, Act.RUN_SERVICE):
        return _listed(request, Mailbox.objects.all(), None)
    domains = list(rules.visible_domains(request.user).values_list("pk", flat=True))
    return _listed(request, Mailbox.objects.filter(domain__in=domains), None)


@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return _listed(request, Mailbox.objects.filter(domain=there), there)


def _listed(request: HttpRequest, mailboxes: QuerySet[Mailbox], domain: Domain | None) -> HttpResponse:
    asked, chosen, label = lists.asked_for(request.GET), request.GET.get("show", ""), _label_of(request.GET)
    order = lists.sorted_by(request.GET.get("sort"), SORTS)
    rows = matching(mailboxes, request.GET).select_related("domain", "usage")
    searched = bool(asked or chosen or label)
    keys = by_space(mailboxes, falling=order.falling) if order.key == "space" else None
    shown = lists.page(rows.order_by(*order.by), request.GET.get("page"), searched=searched, keys=keys)
    return page(
        request,
        "mailboxes/list.html",
        "domain-mailboxes" if domain else "mailboxes",
        domain=domain,
        page=shown,
        devices=_last_devices(shown.rows),
        labels_of=labels.of_mailboxes(shown.rows),
        labels=labels.offered(request.user, domain, label),
        labelled=label,
        order=order,
        chips=CHIPS,
        chosen=chosen,
        asked=asked,
        totals=_totals(domain, None if searched else shown.count) if domain else None,
        may_create=_may_create(request, domain),
    )


def matching(mailboxes: QuerySet[Mailbox], query: QueryDict) -> QuerySet[Mailbox]:
    """The mailboxes that a list shows which is filtered like this, in no order."""
    label, found = _label_of(query), _filtered(mailboxes, query.get("show", ""))
    return _matching(found.filter(labels__name=label) if label else found, lists.asked_for(query))


def _label_of(query: QueryDict) -> str:
    return query.get("label", "").replace("\0", "")


def _may_create(request: HttpRequest, domain: Domain | None) -> bool:
    if domain is None or domain.alias_of_id is not None:
        return False
    return rules.may(request.user, Act.CREATE_MAILBOX, domain)


def _totals(domain: Domain, mailboxes: int | None) -> Totals:
    """What the domain holds together: of a large one the number of its mailboxes alone, which is quick to tell."""
    if mailboxes is None:
        mailboxes = Mailbox.objects.filter(domain=domain).exclude(state=State.DELETED).count()
    return totals([domain])[domain.pk] if mailboxes <= SUMMED else Totals(mailboxes=mailboxes)


def _last_devices(rows: Iterable[Mailbox]) -> dict[int, str]:
    """Return by mailbox the name of the device that was there last; none where it was the main password."""
    used = DevicePassword.objects.filter(mailbox__in=rows, last_used__gte=F("mailbox__last_seen") - SAME_VISIT)
    latest = used.order_by("mailbox", "-last_used").distinct("mailbox")
    return dict(latest.values_list("mailbox_id", "name"))


def _filtered(mailboxes: QuerySet[Mailbox], chosen: str) -> QuerySet[Mailbox]:
    if chosen in (State.SUSPENDED, State.CLOSED, State.DELETED):
        return mailboxes.filter(state=chosen)
    present = mailboxes.exclude(state=State.DELETED)
    if chosen == "full":
        return present.filter(usage__octets__gte=F("quota") * 4 / 5)
    if chosen == "quiet":
        before = timezone.now() - QUIET
        return present.filter(Q(last_seen__lt=before) | Q(last_seen__isnull=True, created__lt=before))
    return present


def _matching(mailboxes: QuerySet[Mailbox], asked: str) -> QuerySet[Mailbox]:
    if not asked:
        return mailboxes
    in_address = Q(address_text__contains=asked.lower())
    in_words = Q(name__icontains=asked) | Q(note__icontains=asked)
    return mailboxes.filter(in_address if "@" in asked else in_address | in_words)


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.CREATE_MAILBOX)
    form = NewMailboxForm(request.POST or None, domain=there)
    if form.is_valid():
        made = _made(request, there, form)
        if made is not None:
            return made
    return page(request, "mailboxes/new.html", "domain-mailboxes", domain=there, form=form)


def _made(request: HttpRequest, domain: Domain, form: NewMailboxForm) -> HttpResponse | None:
    data = form.cleaned_data
    password = None if data["invite"] else data["password"] or readable_password()
    actor = actor_of(request)
    with refusals_beside(form):
        with transaction.atomic():
            mailbox = changes.create_mailbox(
                domain,
                data["local"],
                actor=actor,
                name=data["name"],
                quota=form.asked_quota(),
                password=password,
                note=data["note"],
            )
            changes.label_mailbox(mailbox, data["labels"], actor=actor)
        slip = slips.slip(request, mailbox) if data["invite"] else None
        return page(
            request,
            "mailboxes/made.html",
            "domain-mailboxes",
            domain=domain,
            mailbox=mailbox,
            password="" if data["password"] else password,
            link=slip.link if slip else "",
            slip=slip,
            can_send=changes.can_send(),
        )
    return None


@require_safe
def show(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.CHANGE_MAILBOX)
    return page(
        request,
        "mailboxes/mailbox.html",
        "domain-mailboxes",
        domain=box.domain,
        mailbox=box,
        may_rule=rules.may(request.user, Act.RULE_MAILBOX, box),
        may_look=rules.may(request.user, Act.LOOK_AS_OWNER, box),
        second_factor=is_mfa_enabled(box.user),
        aliases=box.aliases.select_related("address__domain").order_by("address__local"),
        alias_domains=box.domain.alias_domains.order_by("name").values_list("name", flat=True),
        devices=box.device_passwords.filter(revoked__isnull=True, lent=False).order_by("name"),
        accesses=box.accesses.select_related("user").order_by("user__address"),
        sessions=overview.live_sessions(box.pk),
        labels=box.labels.order_by("name"),
        chart=usage_chart(box),
        sent=sending.sent_today(box.pk),
    )


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.CHANGE_MAILBOX)
    form = MailboxForm(request.POST or None, mailbox=box)
    if form.is_valid():
        with refusals_beside(form):
            with transaction.atomic():
                changes.change_mailbox(box, actor=actor_of(request), **form.settings())
                changes.label_mailbox(box, form.cleaned_data["labels"], actor=actor_of(request))
            say(request, _("Saved."))
            return redirect("mailbox", box.pk)
    return page(request, "mailboxes/edit.html", "domain-mailboxes", domain=box.domain, mailbox=box, form=form)
