"""Operators: who sees all but mail. Made with a password that is shown once, or appointed from who signs in already."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.accounts.models import User
from controlpanel.mailboxes import addresses, changes, rules
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.passwords import readable_password
from controlpanel.mailboxes.views.sign_in_help import invitation_link
from controlpanel.mailboxes.views.standing import page, refuse, say


class OperatorForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "Who is new here gets a password, shown once on the next page. Who signs in already chooses a new one "
            "by a link: what they signed in with until now is void."
        ),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, required=False)


@require_safe
def every(request: HttpRequest) -> HttpResponse:
    _only_operators(request)
    found = User.objects.filter(is_operator=True, is_active=True).order_by("address")
    return page(request, "panel/operators.html", "service", operators=found)


@never_cache
@require_http_methods(["GET", "POST"])
def appoint(request: HttpRequest) -> HttpResponse:
    _only_operators(request)
    form = OperatorForm(request.POST or None)
    if form.is_valid():
        data, actor = form.cleaned_data, actor_of(request)
        with refusals_beside(form):
            known = User.objects.filter(address=addresses.canonical_or_none(data["address"]) or "").first()
            if known is not None:
                return _appointed(request, changes.appoint_operator(known, actor=actor))
            password = readable_password()
            made = changes.create_operator(data["address"], actor=actor, password=password, name=data["name"])
            return page(request, "panel/operator_made.html", "service", operator=made, password=password)
    return page(request, "panel/operator_new.html", "service", form=form)


def _appointed(request: HttpRequest, user: User) -> HttpResponse:
    """What they signed in with until now is void: the page has a link with which they choose a password."""
    if user.has_usable_password():
        say(request, _("%(address)s is an operator already.") % {"address": user.address})
        return redirect("operators")
    return page(request, "panel/operator_made.html", "service", operator=user, link=invitation_link(request, user))


@require_POST
def dismiss(request: HttpRequest, operator: int) -> HttpResponse:
    _only_operators(request)
    person = get_object_or_404(User, pk=operator, is_operator=True)
    try:
        changes.dismiss_operator(person, actor=actor_of(request))
        say(request, _("%(address)s is no operator any more.") % {"address": person.address})
    except changes.ChangeRefused as refused:
        refuse(request, refused)
    return redirect("home" if person == request.user else "operators")


def _only_operators(request: HttpRequest) -> None:
    if not rules.may(request.user, Act.RUN_SERVICE):
        raise rules.NotAllowed(Act.RUN_SERVICE)
