"""A person's own sign-in: password, second factor, browsers that are signed in."""

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from controlpanel.accounts import password_rules
from controlpanel.accounts.actor import actor_of
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.forms.fields import PasswordField, refusals_beside
from controlpanel.mailboxes.views.standing import say


class OwnPasswordForm(forms.Form):
    """The present password, so that an open browser is not enough, and the new one."""

    present = forms.CharField(
        label=gettext_lazy("Present password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    password = PasswordField(label=gettext_lazy("New password"))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    return render(
        request,
        "people/account.html",
        {
            "section": "account",
            "can_send": changes.can_send(),
            "second_factor": is_mfa_enabled(request.user),
            "browsers": UserSession.objects.filter(user=request.user).count(),
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    form = OwnPasswordForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            changes.set_password(
                request.user,
                form.cleaned_data["password"],
                actor=actor_of(request),
                keep_session=request.session.session_key,
                present=form.cleaned_data["present"],
            )
            say(request, _("The new password is in force, here and in mail clients that use it."))
            return redirect("account")
    return render(request, "people/password.html", {"section": "account", "form": form})


@require_POST
def strength(request: HttpRequest) -> HttpResponse:
    """Say in words what a password that is being typed is worth."""
    assert isinstance(request.user, User)
    typed = request.POST.get("password", "")
    found = password_rules.strength(typed, password_rules.words_of(request.user.address, request.user.name))
    return render(request, "people/strength.html", {"typed": bool(typed), "strength": found})
