"""The page that a single-use link opens: somebody sets the password of their own mailbox, and nobody else learns it."""

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.clients_address import client_address
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.forms.fields import PasswordField, refusals_beside
from controlpanel.mailboxes.views.standing import say


class InvitationForm(forms.Form):
    password = PasswordField(label=gettext_lazy("Choose a password"))


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    guest = changes.invited(token)
    if guest is None:
        return render(request, "people/invitation_spent.html", status=404)
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            changes.accept_invitation(token, form.cleaned_data["password"], address=client_address(request))
            say(request, _("The password is set. Sign in with it."))
            return redirect("account_login")
    return render(request, "people/invitation.html", {"form": form, "guest": guest})
