"""Slips to hand out: on each an invitation as a link and a picture, and where the set-up stands written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from controlpanel.accounts import invitations
from controlpanel.clientsetup import qr
from controlpanel.clientsetup.description import help_url
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Domain, Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.sign_in_help import invitation_link
from controlpanel.mailboxes.views.standing import page, the_mailbox


@dataclass(frozen=True, slots=True)
class Slip:
    """What one person gets, in the language of their domain."""

    mailbox: Mailbox
    link: str
    code: str  # the link as an SVG element
    help_url: str
    until: datetime
    words: str  # to be shared as a text

    @property
    def language(self) -> str:
        return self.mailbox.domain.language


def printable(
    request: HttpRequest, mailboxes: Iterable[Mailbox], domain: Domain | None = None, *, made: bool = False
) -> HttpResponse:
    """The page with a new invitation for each of the mailboxes, shown on this one answer."""
    return page(
        request,
        "mailboxes/slips.html",
        "domain-mailboxes" if domain else "mailboxes",
        domain=domain,
        slips=[slip(request, mailbox) for mailbox in mailboxes],
        made=made,
        can_send=changes.can_send(),
    )


def slip(request: HttpRequest, mailbox: Mailbox) -> Slip:
    """Return a slip with a new invitation for the owner of the mailbox."""
    link = invitation_link(request, mailbox.user)
    until = timezone.now() + timedelta(seconds=invitations.LIFETIME)
    help_page = help_url(mailbox.domain.name, mailbox.domain.language)
    with override(mailbox.domain.language):
        code = qr.svg(link, _("QR code of the invitation for %(address)s") % {"address": mailbox.address_text})
        words = _(
            "Your mailbox %(address)s is ready. Choose its password here, once, within seven days: %(link)s\n"
            "How to set up your mail client: %(help)s"
        ) % {"address": mailbox.address_text, "link": link, "help": help_page}
    return Slip(mailbox, link, code, help_page, until, words)


@never_cache
@require_POST
def invite(request: HttpRequest, mailbox: int) -> HttpResponse:
    """One slip, for who chooses a first or another password."""
    box = the_mailbox(request, mailbox, Act.RULE_MAILBOX)
    made = slip(request, box)
    context = {"domain": box.domain, "mailbox": box, "link": made.link, "slip": made, "can_send": changes.can_send()}
    return page(request, "mailboxes/invited.html", "domain-mailboxes", **context)
