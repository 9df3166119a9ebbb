"""A forgotten password: a second address that its owner has confirmed, and the link that is sent there."""

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.accounts import second_addresses
from controlpanel.accounts.actor import actor_of
from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.views.standing import refuse, say


class ForgottenForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Your address"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class SecondAddressForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Second address"),
        help_text=gettext_lazy("One that you read elsewhere, without this mailbox."),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """The answer is the same for every address: only who reads the second one learns more."""
    form = ForgottenForm(request.POST or None)
    asked = False
    if changes.can_send() and form.is_valid():
        with refusals_beside(form):
            changes.forgot_password(form.cleaned_data["address"], client=client_address(request))
            asked = True
    return render(request, "people/forgotten.html", {"form": form, "asked": asked, "can_send": changes.can_send()})


@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required  # type: ignore[untyped-decorator]
def second_address(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = SecondAddressForm(request.POST if request.POST.get("act") == "set" else None)
    if request.POST.get("act") == "remove":
        changes.remove_second_address(request.user, actor=actor_of(request))
        say(request, _("The second address is taken away."))
        return redirect("account")
    if form.is_valid():
        with refusals_beside(form):
            address = changes.ask_second_address(request.user, form.cleaned_data["address"], actor=actor_of(request))
            say(request, _("A message is on its way to %(address)s. Open its link here.") % {"address": shown(address)})
            return redirect("account")
    context = {"section": "account", "form": form, "can_send": changes.can_send()}
    return render(request, "people/second_address.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    assert isinstance(request.user, User)
    address = second_addresses.read(token, request.user)
    if request.method == "POST":
        try:
            changes.confirm_second_address(token, request.user, actor=actor_of(request))
            say(request, _("If you forget the password, a link goes to this address."))
        except changes.ChangeRefused as refused:
            refuse(request, refused)
        return redirect("account")
    context = {"section": "account", "address": address}
    return render(request, "people/second_address_confirm.html", context, status=200 if address else 404)
