"""A mailbox under another address, and who else opens it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.mailboxes import AccessForm, RenameForm
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say, the_mailbox


@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    form = RenameForm(request.POST or None, initial={"address": box.address_text, "keep_alias": True})
    if form.is_valid():
        with refusals_beside(form):
            changes.rename_mailbox(
                box,
                form.cleaned_data["address"],
                actor=actor_of(request),
                keep_alias=form.cleaned_data["keep_alias"],
            )
            say(request, _("The mailbox has its new address. Its owner signs in with it from now on."))
            return redirect("mailbox", box.pk)
    return page(request, "mailboxes/rename.html", "domain-mailboxes", domain=box.domain, mailbox=box, form=form)


@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Let somebody else open the mailbox, beside its owner."""
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    form = AccessForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            changes.grant_access(box, form.cleaned_data["address"], actor=actor_of(request))
            return redirect("mailbox", box.pk)
    return page(request, "mailboxes/grant.html", "domain-mailboxes", domain=box.domain, mailbox=box, form=form)


@require_POST
def revoke(request: HttpRequest, mailbox: int, access: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    found = get_object_or_404(box.accesses.select_related("user"), pk=access)
    changes.revoke_access(found, actor=actor_of(request))
    say(request, _("%(address)s no longer opens this mailbox.") % {"address": found.user.address})
    return redirect("mailbox", box.pk)
