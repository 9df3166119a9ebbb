"""Other names: a domain that is an alias of another, and where mail goes that has no address of its own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, names
from controlpanel.mailboxes.addresses import CATCH_ALL, domain_shown
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.names import AliasDomainForm, CatchAllForm
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_domain


@require_http_methods(["GET", "POST"])
def alias_of(request: HttpRequest, domain: str) -> HttpResponse:
    there = the_domain(request, domain, Act.CHANGE_ALIASES)
    present = domain_shown(there.alias_of.name) if there.alias_of else ""
    form = AliasDomainForm(request.POST or None, initial={"alias_of": present})
    if form.is_valid():
        with refusals_beside(form):
            if form.cleaned_data["alias_of"]:
                changes.make_alias_domain(there, form.cleaned_data["alias_of"], actor=actor_of(request))
            else:
                changes.end_alias_domain(there, actor=actor_of(request))
            say(request, _("Saved."))
            return redirect("domain", there.name)
    return page(request, "domains/alias_of.html", "domain", domain=there, form=form)


@require_http_methods(["GET", "POST"])
def catch_all(request: HttpRequest, domain: str) -> HttpResponse:
    """One mailbox or alias, or nobody. Several targets are the alias page's affair."""
    there = the_domain(request, domain, Act.CHANGE_ALIASES)
    present = names.catch_all(there)
    if len(present) > 1:
        return redirect("alias", there.addresses.get(local=CATCH_ALL).pk)
    form = CatchAllForm(request.POST or None, initial={"targets": ", ".join(present)})
    if form.is_valid():
        with refusals_beside(form):
            changes.set_catch_all(there, form.cleaned_data["targets"], actor=actor_of(request))
            say(request, _("Saved."))
            return redirect("domain", there.name)
    return page(request, "domains/catch_all.html", "domain", domain=there, form=form)
