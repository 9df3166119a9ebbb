"""The service as its operators see it: the mail processes, who is connected, and the numbers of the whole."""

from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from controlpanel.mailboxes import rules
from controlpanel.mailboxes.models import Domain, Mailbox, State
from controlpanel.mailboxes.rules import Act
from controlpanel.mailboxes.views.standing import page
from controlpanel.mailstore.models import Process, Session

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
    )


def _database() -> tuple[str, int]:
    """Return the server's version and the octets of our database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
        version, octets = cursor.fetchone()
    return version, octets
