"""The service as its operators see it: the mail processes, who is connected, and the numbers of the whole."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from controlpanel.accounts import throttle
from controlpanel.accounts.actor import actor_of
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page, say
from controlpanel.mailstore.models import Process, Session, StoreCheck
from controlpanel.panel import certificates, work

SHOWN = 50  # of who is slowed
SILENT = timedelta(seconds=30)  # without a heartbeat a process counts as gone, and its sessions with it


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    if not rules.may(request.user, Act.RUN_SERVICE):
        raise rules.NotAllowed(Act.RUN_SERVICE)
    now = timezone.now()
    processes = [(process, now - process.beat < SILENT) for process in Process.objects.order_by("host", "started")]
    return page(
        request,
        "panel/service.html",
        "service",
        processes=processes,
        sessions=Session.objects.count(),
        domains=Domain.objects.exclude(state=State.DELETED).count(),
        mailboxes=Mailbox.objects.exclude(state=State.DELETED).count(),
        database=_database(),
        slowed=throttle.slowed(SHOWN),
        work=work.all_kinds(),
        check=StoreCheck.objects.filter(ended__isnull=False).order_by("-pk").first(),
        certificates=certificates.kept(settings.TLS_DIR),
    )


@require_POST
def clear_slowed(request: HttpRequest) -> HttpResponse:
    """Let who typed too many wrong passwords try again at once."""
    if not rules.may(request.user, Act.RUN_SERVICE):
        raise rules.NotAllowed(Act.RUN_SERVICE)
    if changes.clear_slowed(request.POST.get("key", "").replace("\0", ""), actor=actor_of(request)):
        say(request, _("They can try again at once."))
    return redirect("service")


def _database() -> tuple[str, int]:
    """Return the server's version and the octets of our database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
        version, octets = cursor.fetchone()
    return version, octets
