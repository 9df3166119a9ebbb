"""Domains: all in a list, one on its page, made, limited, given policies and administrators."""

from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts.actor import Actor, actor_of
from controlpanel.accounts.models import User
from controlpanel.journal.models import OLD_TLS
from controlpanel.mailboxes import addresses, changes, line_policy, main_password, rules
from controlpanel.mailboxes.forms.domains import AdministratorForm, DomainForm, NewDomainForm
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.models import Domain, QuotaWarning, State
from controlpanel.mailboxes.names import catch_all
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.totals import totals
from controlpanel.mailboxes.views.passwords import readable_password
from controlpanel.mailboxes.views.sign_in_help import invitation_link
from controlpanel.mailboxes.views.standing import page, refuse, running, say, the_domain
from controlpanel.panel import lists

FEW = 5
SORTS = (lists.Sort("name", "name"), lists.Sort("made", "created", "name", falling=True))
CHIPS = (
    ("", pgettext_lazy("domains", "All")),
    ("suspended", pgettext_lazy("domains", "Suspended")),
    ("closed", pgettext_lazy("domains", "Closed")),
    ("deleted", pgettext_lazy("domains", "Deleted")),
)


class Listed(NamedTuple):
    """Mail clients on lines that are not safe enough, and whether there are more than these."""

    users: list[line_policy.User]
    more: bool


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    running(request)
    asked, chosen = lists.asked_for(request.GET), request.GET.get("show", "")
    order = lists.sorted_by(request.GET.get("sort"), SORTS)
    found = _filtered(rules.visible_domains(request.user), chosen, asked)
    shown = lists.page(found.select_related("alias_of").order_by(*order.by), request.GET.get("page"))
    return page(
        request,
        "domains/list.html",
        "domains",
        page=shown,
        totals=totals(shown.rows),
        order=order,
        chips=CHIPS,
        chosen=chosen,
        asked=asked,
        may_create=rules.may(request.user, Act.CREATE_DOMAIN),
    )


def _filtered(domains: QuerySet[Domain], chosen: str, asked: str) -> QuerySet[Domain]:
    if chosen in (State.SUSPENDED, State.CLOSED, State.DELETED):
        domains = domains.filter(state=chosen)
    else:
        domains = domains.exclude(state=State.DELETED)
    return domains.filter(_named(asked)) if asked else domains


def _named(asked: str) -> Q:
    """What people type is the name they read; what is kept is its A-label form."""
    condition = Q(name__contains=asked.lower())
    try:
        return condition | Q(name=addresses.domain_name(asked))
    except addresses.AddressError:
        return condition


@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    if not rules.may(request.user, Act.CREATE_DOMAIN):
        raise rules.NotAllowed(Act.CREATE_DOMAIN)
    form = NewDomainForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            domain, administrator, password = _created(request, form)
            return _shown_once(request, domain, administrator, password) or redirect("domain", domain.name)
    return page(request, "domains/new.html", "domains", form=form)


def _created(request: HttpRequest, form: NewDomainForm) -> tuple[Domain, User | None, str]:
    """Create the domain and its first administrator, both or neither; return also the password made for who is new."""
    data, actor = form.cleaned_data, actor_of(request)
    with transaction.atomic():
        domain = changes.create_domain(data["name"], actor=actor, **form.settings())
        if data["alias_of"]:
            changes.make_alias_domain(domain, data["alias_of"], actor=actor)
        if not data["administrator"]:
            return domain, None, ""
        try:
            return domain, *_appointed(domain, data["administrator"], data["administrator_name"], actor)
        except changes.ChangeRefused as refused:
            fields = {"address": "administrator", "name": "administrator_name"}
            raise changes.ChangeRefused(fields.get(refused.field, ""), refused.sentence) from None


def _appointed(domain: Domain, address: str, name: str, actor: Actor) -> tuple[User, str]:
    """Appoint an administrator; return them, and the password that was made for somebody new."""
    password = readable_password()
    user = changes.appoint_administrator(domain, address, actor=actor, name=name, password=password)
    return user, password if user.check_password(password) else ""


@require_safe
def show(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    return page(
        request,
        "domains/domain.html",
        "domain",
        domain=there,
        totals=totals([there])[there.pk],
        administrators=there.administrators.order_by("address"),
        alias_domains=there.alias_domains.order_by("name").values_list("name", flat=True),
        home=there.alias_of,
        catch_all=catch_all(there),
        nearly_full=_nearly_full(there),
        unsafe=_unsafe(there),
        may_limit=rules.may(request.user, Act.LIMIT_DOMAIN, there),
    )


def _nearly_full(domain: Domain) -> QuerySet[QuotaWarning]:
    """The first mailboxes past a mark, the fullest first."""
    past = QuotaWarning.objects.filter(mailbox__domain=domain).exclude(mailbox__state=State.DELETED)
    return past.select_related("mailbox__usage").order_by("-mark", "-at", "mailbox")[:FEW]


def _unsafe(domain: Domain) -> Listed | None:
    """Whom the end of sign-in without TLS, or with an old one, meets; None where the domain has allowed neither."""
    if domain.plain_login_until is None and domain.old_tls_until is None:
        return None
    found = line_policy.users(domain.pk, (*line_policy.PLAIN, *OLD_TLS), most=line_policy.MOST_LISTED + 1)
    return Listed(found[: line_policy.MOST_LISTED], len(found) > line_policy.MOST_LISTED)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.CHANGE_DOMAIN)
    form = DomainForm(request.POST or None, domain=there, may_limit=rules.may(request.user, Act.LIMIT_DOMAIN, there))
    if form.is_valid():
        with refusals_beside(form):
            if form.changed():
                changes.change_domain(there, actor=actor_of(request), **form.changed())
            say(request, _("Saved."))
            return redirect("domain", there.name)
    met = main_password.users([there.pk])
    return page(request, "domains/edit.html", "domain", domain=there, form=form, main_password=met)


@never_cache
@require_http_methods(["GET", "POST"])
def appoint(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    form = AdministratorForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        with refusals_beside(form):
            user, password = _appointed(there, data["address"], data["name"], actor_of(request))
            if shown := _shown_once(request, there, user, password):
                return shown
            say(request, _("%(address)s runs this domain from now on.") % {"address": data["address"]})
            return redirect("domain", there.name)
    return page(request, "domains/appoint.html", "domain", domain=there, form=form)


def _shown_once(request: HttpRequest, domain: Domain, user: User | None, password: str) -> HttpResponse | None:
    """The page with what the new administrator signs in with: a password made for them, or a link to choose one."""
    if user is None or (user.has_usable_password() and not password):
        return None
    link = "" if password else invitation_link(request, user)
    context = {"domain": domain, "administrator": user, "password": password, "link": link}
    return page(request, "domains/appointed.html", "domain", **context)


@require_POST
def dismiss(request: HttpRequest, domain: str, user: int) -> HttpResponse:
    there = the_domain(request, domain, Act.LIMIT_DOMAIN)
    person = get_object_or_404(there.administrators, pk=user)
    try:
        changes.dismiss_administrator(there, person, actor=actor_of(request))
        say(request, _("%(address)s no longer runs this domain.") % {"address": person.address})
    except changes.ChangeRefused as refused:
        refuse(request, refused)
    return redirect("domain", there.name)
