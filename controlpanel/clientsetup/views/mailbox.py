"""A mailbox's set-up: choose a mail client, follow its steps, and see it connect."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from controlpanel.accounts.actor import actor_of
from controlpanel.clientsetup import clients, platforms, presence, profile_key, qr, seen_words
from controlpanel.clientsetup.client_facts import Client, Quickest
from controlpanel.clientsetup.clients import Guide
from controlpanel.clientsetup.description import person_of, retention, service_for, service_shown
from controlpanel.clientsetup.device_names import free_name
from controlpanel.clientsetup.forms import OwnLeavingForm
from controlpanel.clientsetup.in_words import in_words, mail_link
from controlpanel.clientsetup.presence import Seen, Watch
from controlpanel.clientsetup.service import NotExpressibleError
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.forms.fields import refusals_beside
from controlpanel.mailboxes.models import DevicePassword, Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import looked_at, page, refuse, say, the_mailbox

REFRESH_SECONDS = 3


def standing(request: HttpRequest, box: Mailbox) -> dict[str, Any]:
    """Return where the page stands in the frame, and whether the reader holds the mailbox or only runs its domain."""
    holds = rules.may(request.user, Act.OPEN_MAILBOX, box) or looked_at(request, box.pk) is not None
    frame = {"own": box} if holds else {"domain": box.domain}
    return {"box": box, "holds": holds, "section": "mailbox-setup" if holds else "domain-mailboxes", **frame}


@require_safe
def choose(request: HttpRequest, mailbox: int) -> HttpResponse:
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    chosen = platforms.chosen(request)
    return page(
        request,
        "clientsetup/choose.html",
        **standing(request, box),
        chips=platforms.CHIPS,
        chosen=chosen,
        clients=platforms.clients_on(chosen),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def client(request: HttpRequest, mailbox: int, client: Client) -> HttpResponse:
    """The guide for one mail client. A POST makes a device password for it, shown on this one answer."""
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    if request.method != "POST":
        return _guide(request, box, client)
    try:
        name = free_name(box, str(clients.TABLE[client].name))
        device, secret = changes.create_device_password(box, name, actor=actor_of(request))
    except changes.ChangeRefused as refused:
        refuse(request, refused)
        return redirect("mailbox-devices", box.pk)
    return _guide(request, box, client, device=device, secret=secret)


def _guide(
    request: HttpRequest, box: Mailbox, client: Client, device: DevicePassword | None = None, secret: str = ""
) -> HttpResponse:
    service, person = service_shown(box), person_of(box)
    guide = clients.guide(client, service, person, published=retention(box.domain.leave_days))
    existing = "existing" in request.GET
    text = in_words(guide, service, person, existing=existing)
    watch = presence.open_watch(device.pk if device else None)
    return page(
        request,
        "clientsetup/client.html",
        **standing(request, box),
        guide=guide,
        nothing_twice=clients.NOTHING_TWICE,
        service=service,
        existing=existing,
        by_profile=guide.quickest is Quickest.PROFILE and not existing,
        device=device,
        secret=secret,
        account_code=_account_code(guide, box),
        signed=profile_key.is_given(settings),
        as_text=text,
        mail_link=mail_link(str(guide.name), text),
        chosen_here=looked_at(request, box.pk) is None,
        **seen_context(box, watch, Seen(presence.WAITING)),
    )


def _account_code(guide: Guide, box: Mailbox) -> str:
    """Return the picture that Thunderbird for Android reads; nothing for others, or where it cannot say it."""
    if guide.quickest is not Quickest.QR:
        return ""
    try:
        return qr.svg(qr.thunderbird_account(service_for(box), person_of(box)), _("QR code with the account"))
    except NotExpressibleError:
        return ""


def seen_context(box: Mailbox, watch: Watch, seen: Seen) -> dict[str, Any]:
    level, happened, advice = seen_words.words(seen.kind, sending=seen.sending)
    token = watch.token(box)
    return {
        "seen": seen,
        "seen_level": level,
        "seen_happened": happened,
        "seen_advice": advice,
        "seen_url": reverse("setup-seen", args=[box.pk, token]),
    }


@never_cache
@require_safe
def seen(request: HttpRequest, mailbox: int, token: str) -> HttpResponse:
    """What was seen since the page was opened: a piece of that page, or a page that asks again by itself.

    204 where the asking page shows that already, so that a screen reader is not told twice.
    """
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    watch = presence.read_token(box, token)
    found = Seen(presence.TIRED) if watch is None else presence.look(box, watch)
    if found.key == request.GET.get("shown"):
        return HttpResponse(status=204)
    context = seen_context(box, watch or presence.open_watch(), found)
    if getattr(request, "htmx", False):
        return page(request, "clientsetup/seen.html", **standing(request, box), **context)
    response = page(request, "clientsetup/seen_page.html", **standing(request, box), **context)
    if not found.final:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


@require_http_methods(["GET", "POST"])
def leaving(request: HttpRequest, mailbox: int) -> HttpResponse:
    """Choose what clients of this mailbox shall do with fetched mail; every guide and profile then says that."""
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    form = OwnLeavingForm(request.POST if request.method == "POST" else None, mailbox=box)
    back = request.GET.get("back", "")
    if form.is_valid():
        with refusals_beside(form):
            changes.choose_leaving(box, form.chosen(), actor=actor_of(request))
            say(request, _("Saved. The guides now say how to set it in each mail client."))
            if back in list(Client):
                return redirect("setup-client", box.pk, back)
            return redirect("mailbox-setup", box.pk)
    return page(request, "clientsetup/leaving.html", **standing(request, box), form=form)
