"""Check my set-up: the panel goes the way that a mail client goes, and shows what was said."""

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from controlpanel.accounts.actor import actor_of
from controlpanel.clientsetup import changes as setup_changes
from controlpanel.clientsetup.description import service_for, service_of
from controlpanel.clientsetup.publishing import records_of
from controlpanel.clientsetup.selftest import whole
from controlpanel.clientsetup.selftest.files import wanted_files
from controlpanel.clientsetup.selftest.findings import Report, worst
from controlpanel.clientsetup.selftest.mail import SignIn
from controlpanel.clientsetup.views.mailbox import standing
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, refuse, the_mailbox

PAUSE_SECONDS = 10


@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, mailbox: int) -> HttpResponse:
    """A GET offers it, a POST does it. Who holds the mailbox sees it opened too; an administrator sees the rest."""
    box = the_mailbox(request, mailbox, Act.SET_UP_MAILBOX)
    reports: list[Report] = []
    if request.method == "POST":
        if cache.add(f"casilla.setup.check.{request.user.pk}", 1, PAUSE_SECONDS):
            reports = _checked(request, box)
        else:
            refuse(request, changes.ChangeRefused("", _("A check has just run. The next can start in ten seconds.")))
    return page(request, "clientsetup/check.html", **standing(request, box), reports=reports, worst=worst(reports))


def _checked(request: HttpRequest, box: Mailbox) -> list[Report]:
    files = wanted_files(service_of(box.domain), setup_changes.served_pacc(box.domain))
    published = records_of(box.domain)
    if not rules.may(request.user, Act.MAKE_DEVICE_PASSWORD, box):
        return whole.check(service_for(box), files, published, None)
    with changes.lent_device_password(box, _("Check of the set-up"), actor=actor_of(request)) as secret:
        return whole.check(service_for(box), files, published, SignIn(box.address_text, secret))
