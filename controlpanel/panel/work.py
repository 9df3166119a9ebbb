"""The work that has a clock, as operators see it: what runs, what failed, what nobody does though it is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from controlpanel.jobs.models import Job

LATE = timedelta(minutes=10)  # past due, and nobody has begun

NAMES: dict[str, Promise] = {
    "import mailboxes": _("import mailboxes"),
    "let go what was removed": _("let go what was removed"),
    "sweep bodies": _("clear away bodies of messages that are gone"),
    "warn of full mailboxes": _("warn of full mailboxes"),
    "tell administrators of full mailboxes": _("tell administrators of full mailboxes"),
    "send letters": _("send the panel’s own mail"),
    "move what was handed over": _("move what was handed over"),
    "tell owners of changes": _("tell owners of changes"),
    "expire messages": _("remove messages past their days"),
    "sweep staged bodies": _("clear away deliveries that never ended"),
    "tell owners of a coming policy": _("tell owners of a coming policy"),
    "tell owners of the end of unsafe lines": _("tell owners of the end of unsafe lines"),
    "forget imports": _("forget imports"),
    "erase deleted mailboxes": _("erase the mail of deleted mailboxes"),
    "drop deleted mailboxes": _("drop deleted mailboxes and domains"),
    "forget messages": _("forget messages that are gone"),
    "forget mail that left": _("forget mail that left"),
    "forget who was answered": _("forget who was answered"),
    "forget sessions": _("forget sessions"),
    "forget failed sign-ins": _("forget failed sign-ins"),
    "note usage": _("note how full mailboxes are"),
    "tell owners of held mail": _("tell owners of held mail"),
    "drop what was held as spam": _("drop what was held as spam"),
    "check the store": _("check the store"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work. `state`: running, failed, late, or "" where all is as it should be."""

    name: str | Promise
    job: Job
    state: str


def kinds(jobs: Sequence[Job], now: datetime) -> list[Kind]:
    """What needs attention comes first, then what was done last."""
    found = [Kind(NAMES.get(job.name, job.name), job, _state(job, now)) for job in jobs]
    return sorted(found, key=lambda kind: (kind.state not in {"failed", "late"}, kind.state != "running", kind.job.due))


def all_kinds() -> list[Kind]:
    return kinds(list(Job.objects.all()), timezone.now())


def _state(job: Job, now: datetime) -> str:
    if job.claimed_until is not None and job.claimed_until > now:
        return "running"
    if job.due < now - LATE:
        return "late"
    return "failed" if job.fault else ""
