"""A new password for somebody else's mailbox."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.device_passwords import LETTERS
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.mailboxes import PasswordForm
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox

GROUPS, GROUP = 4, 4


def readable_password() -> str:
    """Return a password for a person: 80 random bits in four groups of letters that nobody mistakes for one another."""
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(GROUP)) for _group in range(GROUPS))


@never_cache
@require_http_methods(["GET", "POST"])
def set_password(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["password"]
        password = typed or readable_password()
        with refusals_beside(form):
            changes.set_password(box.user, password, actor=actor_of(request))
            if typed:
                say(request, _("The new password is in force. Who was signed in has to sign in again."))
                return redirect("mailbox", box.pk)
            return page(
                request,
                "mailboxes/password_set.html",
                "domain-mailboxes",
                domain=box.domain,
                mailbox=box,
                password=password,
            )
    return page(request, "mailboxes/password.html", "domain-mailboxes", domain=box.domain, mailbox=box, form=form)
