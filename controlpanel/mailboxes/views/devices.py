"""A mailbox's device passwords: made and shown once by its owner, renamed, revoked."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, sending
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.forms.mailboxes import DeviceForm
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import looked_at, page, say, the_mailbox

BACK = {"mailbox": "mailbox", "sessions": "mailbox-sessions"}


@never_cache
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest, mailbox: int) -> HttpResponse:
    if (looked := looked_at(request, mailbox)) is not None:
        return _listed(request, looked, DeviceForm())
    box = the_mailbox(request, mailbox, Act.MAKE_DEVICE_PASSWORD)
    form = DeviceForm(request.POST or None)
    if form.is_valid():
        with refusals_beside(form):
            may_fetch, may_send = form.purposes()
            device, secret = changes.create_device_password(
                box, form.cleaned_data["name"], actor=actor_of(request), may_fetch=may_fetch, may_send=may_send
            )
            return _listed(request, box, DeviceForm(), device=device, secret=secret)
    return _listed(request, box, form)


def _listed(request: HttpRequest, mailbox: Mailbox, form: DeviceForm, **shown_once: object) -> HttpResponse:
    devices = mailbox.device_passwords.filter(revoked__isnull=True, lent=False).order_by("-created")
    return page(
        request,
        "devices/list.html",
        "mailbox-devices",
        own=mailbox,
        form=form,
        devices=devices,
        sent=sending.sent_today(mailbox.pk),
        **shown_once,
    )


@require_POST
def revoke(request: HttpRequest, mailbox: int, device: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.REVOKE_DEVICE_PASSWORD)
    found = get_object_or_404(box.device_passwords, pk=device)
    changes.revoke_device_password(found, actor=actor_of(request))
    say(request, _("%(device)s can no longer fetch or send mail.") % {"device": found.name})
    return redirect(BACK.get(request.POST.get("from", ""), "mailbox-devices"), box.pk)
