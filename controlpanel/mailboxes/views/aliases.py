"""Aliases of a domain: which address hands its mail on, and where to."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, CharField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.mailboxes import AliasForm
from controlpanel.mailboxes.models import Address, Domain
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, refuse, say, the_domain
from controlpanel.mailstore import departures
from controlpanel.panel import lists


@require_safe
def of_domain(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.SEE_DOMAIN)
    asked = lists.asked_for(request.GET).lower()
    found = Address.objects.filter(domain=there, aliases__isnull=False).distinct()
    if asked:
        found = found.filter(
            Q(local__contains=asked)
            | Q(aliases__outside__icontains=asked)
            | Q(aliases__mailbox__address_text__contains=asked)
        )
    return page(
        request,
        "aliases/list.html",
        "domain-aliases",
        domain=there,
        page=lists.page(with_targets(found).order_by("local"), request.GET.get("page")),
        asked=asked,
        may_change=there.alias_of_id is None and rules.may(request.user, Act.CHANGE_ALIASES, there),
        late=departures.of_aliases(there.name),
    )


def with_targets(found: QuerySet[Address]) -> QuerySet[Address]:
    """Each address with where its mail goes, in `targets`."""
    via = Concat("aliases__via__local", Value("@"), "aliases__via__domain__name")
    in_alias = Case(When(aliases__via__isnull=False, then=via), default="aliases__outside", output_field=CharField())
    target = Coalesce("aliases__mailbox__address_text", in_alias, output_field=CharField())
    return found.select_related("domain").annotate(targets=ArrayAgg(target, order_by=target))


def targets_of(alias: Address) -> list[str]:
    return sorted(each.target for each in alias.aliases.select_related("mailbox", "via__domain"))


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.CHANGE_ALIASES)
    form = AliasForm(request.POST or None, domain=there, initial={"targets": request.GET.get("to", "")})
    if form.is_valid():
        with refusals_beside(form):
            data = form.cleaned_data
            changes.create_alias(
                there, data["local"], data["targets"], send_as=data["send_as"], actor=actor_of(request)
            )
            return redirect("domain-aliases", there.name)
    return page(request, "aliases/edit.html", "domain-aliases", domain=there, form=form)


def _the_alias(request: HttpRequest, address: int) -> tuple[Domain, Address]:
    visible = Address.objects.filter(domain__in=rules.visible_domains(request.user), aliases__isnull=False).distinct()
    alias = get_object_or_404(visible, pk=address)
    return the_domain(request, alias.domain.name, Act.CHANGE_ALIASES), alias


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, address: int) -> HttpResponse:
    there, alias = _the_alias(request, address)
    initial = {"targets": targets_of(alias), "send_as": alias.send_as}
    form = AliasForm(request.POST or None, domain=there, changing=True, initial=initial)
    if form.is_valid():
        with refusals_beside(form):
            data = form.cleaned_data
            changes.change_alias(alias, data["targets"], send_as=data["send_as"], actor=actor_of(request))
            say(request, _("Saved."))
            return redirect("domain-aliases", there.name)
    return page(request, "aliases/edit.html", "domain-aliases", domain=there, alias=alias, form=form)


@require_POST
def delete(request: HttpRequest, address: int) -> HttpResponse:
    there, alias = _the_alias(request, address)
    try:
        changes.delete_alias(alias, actor=actor_of(request))
        say(request, _("The alias is gone; its address is free."))
    except changes.ChangeRefused as refused:
        refuse(request, refused)
    return redirect("domain-aliases", there.name)
