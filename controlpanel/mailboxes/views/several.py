"""One act on several mailboxes of a list: each is its own change, and what one refuses stops no other."""

from collections.abc import Callable, Iterable
from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from controlpanel.accounts.actor import Actor, actor_of
from controlpanel.importing.columns import plain
from controlpanel.importing.export import as_file, exported
from controlpanel.importing.shapes import NO_LIMIT
from controlpanel.mailboxes import changes, octets, rules
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.models import Mailbox, State
from controlpanel.mailboxes.octets import OctetsError
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views import slips
from controlpanel.mailboxes.views.standing import say
from controlpanel.panel.lists import ROWS

ACTS: dict[str, Callable[..., Mailbox]] = {
    "suspend": changes.suspend_mailbox,
    "close": changes.close_mailbox,
    "reopen": changes.reopen_mailbox,
}


@never_cache
@require_POST
def act(request: HttpRequest) -> HttpResponseBase:
    wanted = request.POST.get("act", "")
    if wanted in PAGES:
        return PAGES[wanted](request)
    found = _selected(request)
    try:
        change = _quota_change(request) if wanted == "quota" else ACTS.get(wanted)
    except OctetsError as error:
        messages.error(request, str(error.sentence))
        return HttpResponseRedirect(_way_back(request))
    if change is None or not found:
        say(request, _("Select mailboxes first."))
    else:
        _tell(request, *_change_each(found, change, actor_of(request)))
    return HttpResponseRedirect(_way_back(request))


def _invite(request: HttpRequest) -> HttpResponse:
    """Slips with new invitations for those whose owners the person rules."""
    found = list(_selected(request).exclude(state=State.DELETED).select_related("domain", "user"))
    ruled = [mailbox for mailbox in found if rules.may(request.user, Act.RULE_MAILBOX, mailbox)]
    if not ruled:
        say(request, _("Select mailboxes first.") if not found else _("Their owners have wider rights than you."))
        return HttpResponseRedirect(_way_back(request))
    return slips.printable(request, ruled)


def _export(request: HttpRequest) -> HttpResponseBase:
    """A file of those that the person may change."""
    found = [each.pk for each in _selected(request) if rules.may(request.user, Act.CHANGE_MAILBOX, each)]
    if not found:
        say(request, _("Select mailboxes first."))
        return HttpResponseRedirect(_way_back(request))
    return as_file(exported(Mailbox.objects.filter(pk__in=found), request.user), "mailboxes")


PAGES: dict[str, Callable[[HttpRequest], HttpResponseBase]] = {"invite": _invite, "export": _export}


def _quota_change(request: HttpRequest) -> Callable[..., Mailbox]:
    """Return what gives mailboxes the space that is written beside the button. Raises OctetsError."""
    words = request.POST.get("quota", "")[:40]
    return partial(changes.change_mailbox, quota=None if plain(words) in NO_LIMIT else octets.read(words))


def _selected(request: HttpRequest) -> QuerySet[Mailbox]:
    numbers = _numbers(request.POST.getlist("mailbox")[:ROWS])
    return rules.visible_mailboxes(request.user).filter(pk__in=numbers).order_by("address_text")


def _numbers(texts: Iterable[str]) -> list[int]:
    """Return what can be a row's number: 64 bits hold every number of 18 digits."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 18]


def _change_each(mailboxes: Iterable[Mailbox], change: Callable[..., Mailbox], actor: Actor) -> tuple[int, list[str]]:
    """Return how many were changed, and a sentence for each that was not."""
    done, refused = 0, []
    for mailbox in mailboxes:
        try:
            change(mailbox, actor=actor)
            done += 1
        except changes.ChangeRefused as no:
            refused.append(f"{shown(mailbox.address_text)}: {no.sentence}")
        except rules.NotAllowed:
            refused.append(
                _("%(address)s: its owner has wider rights than you.") % {"address": shown(mailbox.address_text)}
            )
    return done, refused


def _tell(request: HttpRequest, done: int, refused: list[str]) -> None:
    if done:
        say(request, ngettext("%(n)d mailbox changed.", "%(n)d mailboxes changed.", done) % {"n": done})
    for sentence in refused:
        messages.error(request, sentence)


def _way_back(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    return back if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()) else "/"
