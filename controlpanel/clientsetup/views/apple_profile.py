"""Apple's profile: downloaded here, or fetched by the telephone that reads a code from this screen."""

import re

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address
from controlpanel.clientsetup import apple, profile_key, profiles, qr
from controlpanel.clientsetup.apple import TargetDevice
from controlpanel.clientsetup.profiles import Ticket
from controlpanel.clientsetup.views.mailbox import standing
from controlpanel.mailboxes import rules
from controlpanel.mailboxes.changes import ChangeRefused
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, the_mailbox

TARGETS = {"iphone": TargetDevice.IPHONE, "mac": TargetDevice.MAC}


@never_cache
@require_POST
def offer(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Download the profile here, or show a code with which a telephone fetches it within ten minutes."""
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    with_password = request.POST.get("password") == "yes"
    if with_password and not rules.may(request.user, Act.MAKE_DEVICE_PASSWORD, box):
        raise rules.NotAllowed(Act.MAKE_DEVICE_PASSWORD)
    assert isinstance(request.user, User)
    target = TARGETS.get(request.POST.get("target", ""), TargetDevice.ANY)
    ticket = profiles.new_ticket(box, request.user, target, with_password=with_password)
    if request.POST.get("where") != "telephone":
        return redirect("telephone-profile", ticket.token())
    address = settings.PANEL_URL + reverse("telephone", args=[ticket.token()])
    return page(
        request,
        "clientsetup/telephone_code.html",
        **standing(request, box),
        code=qr.svg(address, _("QR code with the address of the profile")),
        address=address,
        ticket=ticket,
        minutes=profiles.MINUTES,
        signed=profile_key.is_given(settings),
    )


@never_cache
@login_not_required
@require_safe
def telephone(request: HttpRequest, token: str) -> HttpResponse:
    """What a telephone shows that has read the code: whose profile this is, and a link that downloads it."""
    ticket, box = _redeemable(token)
    if ticket is None or box is None:
        return render(request, "clientsetup/telephone_late.html", status=404)
    context = {"box": box, "ticket": ticket, "token": token, "signed": profile_key.is_given(settings)}
    return render(request, "clientsetup/telephone.html", context)


@never_cache
@login_not_required
@require_safe
def download(request: HttpRequest, token: str) -> HttpResponse:
    ticket, box = _redeemable(token)
    if ticket is None or box is None:
        raise Http404
    try:
        content = profiles.redeem(ticket, box, client_address(request))
    except ChangeRefused as refused:
        return render(request, "clientsetup/telephone_late.html", {"why": refused.sentence}, status=409)
    response = HttpResponse(content, content_type=apple.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{_file_name(box)}"'
    return response


def _redeemable(token: str) -> tuple[Ticket | None, Mailbox | None]:
    ticket = profiles.read_ticket(token)
    return ticket, None if ticket is None else profiles.mailbox_of(ticket)


def _file_name(mailbox: Mailbox) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", mailbox.address_text.lower()).strip("-.") + ".mobileconfig"
