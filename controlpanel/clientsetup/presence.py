"""What a mailbox's page saw since it was opened: a mail client that came in, one that was refused, or nobody yet."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing

from controlpanel import database
from controlpanel.journal.models import Attempt, PastSession
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import overview

SALT = "casilla.setup.seen"
QUIET_AFTER = timedelta(minutes=1)
TIRED_AFTER = timedelta(minutes=15)
NEW_FOR = timedelta(hours=1)  # how old a device password may be whose first visit the page waits for

WAITING = "waiting"
QUIET = "quiet"  # a minute without anybody
TIRED = "tired"  # a quarter of an hour: the page stops asking
CONNECTED = "connected"
IN_CLEAR = "in_clear"  # connected without TLS
REMOVED = "removed"  # connected, and it took messages away


@dataclass(frozen=True, slots=True)
class Watch:
    """Since when a page waits, by the database's clock, and for which device password, if it made one."""

    since: datetime
    device: int | None = None

    def token(self, mailbox: Mailbox) -> str:
        """Return it signed, for the address that the page asks."""
        return signing.dumps([mailbox.pk, self.since.timestamp(), self.device], salt=SALT)


@dataclass(frozen=True, slots=True)
class Seen:
    """What to show: `kind` is one of the words above, or the outcome of a refused sign-in (journal.Attempt).

    `sending`: it was refused where mail is handed in, by a mail server that asks here.
    """

    kind: str
    at: datetime | None = None
    device: str = ""
    address: str | None = None
    tls: str = ""
    fetched: int = 0
    removed: int = 0
    sending: bool = False

    @property
    def key(self) -> str:
        """Changes when there is something new to show."""
        return f"{self.kind}.{self.at:%H%M%S}.{self.fetched}.{self.sending:d}" if self.at else self.kind

    @property
    def final(self) -> bool:
        return self.kind in (TIRED, CONNECTED, IN_CLEAR, REMOVED)


def open_watch(device: int | None = None) -> Watch:
    """Start to wait now."""
    [(now,)] = database.rows("SELECT now()")
    return Watch(now, device)


def read_token(mailbox: Mailbox, token: str) -> Watch | None:
    """Return the watch of a token made for this mailbox in the last day; None for any other text."""
    try:
        number, since, device = signing.loads(token, salt=SALT, max_age=86_400)
    except (signing.BadSignature, ValueError):
        return None
    if number != mailbox.pk:
        return None
    return Watch(datetime.fromtimestamp(since, tz=UTC), device)


def look(mailbox: Mailbox, watch: Watch) -> Seen:
    """Return the newest visit of the awaited client, else the newest refusal, else how long nobody has come."""
    meant = _meant(mailbox, watch)
    visits = [*_live(mailbox, watch, meant), *_past(mailbox, watch, meant)]
    if visits:
        return max(visits, key=lambda seen: (seen.kind == REMOVED, seen.at))
    refused = Attempt.objects.filter(mailbox_id=mailbox.pk, last__gte=watch.since).order_by("-last").first()
    if refused is not None:
        sending = refused.protocol == "smtp"
        return Seen(refused.outcome, refused.last, address=refused.address, tls=refused.tls, sending=sending)
    return _nobody(watch)


def _nobody(watch: Watch) -> Seen:
    waited = open_watch().since - watch.since
    return Seen(TIRED if waited >= TIRED_AFTER else QUIET if waited >= QUIET_AFTER else WAITING)


def _meant(mailbox: Mailbox, watch: Watch) -> Collection[int | None]:
    """Return the devices whose visit answers the question: what the page made, else new ones, and the main password.

    A telephone that has polled for months must not be taken for the mail client that is being set up.
    """
    if watch.device is not None:
        return {watch.device, None}
    new = mailbox.device_passwords.filter(lent=False, created__gte=watch.since - NEW_FOR)
    return {*new.values_list("pk", flat=True), None}


def _live(mailbox: Mailbox, watch: Watch, meant: Collection[int | None]) -> Iterator[Seen]:
    for session in overview.live_sessions(mailbox.pk):
        if session.started >= watch.since and session.device_id in meant:
            kind = CONNECTED if session.tls else IN_CLEAR
            yield Seen(kind, session.started, session.device, session.address, session.tls)


def _past(mailbox: Mailbox, watch: Watch, meant: Collection[int | None]) -> Iterator[Seen]:
    fetching = PastSession.objects.filter(mailbox_id=mailbox.pk, protocol="pop3", ended__gte=watch.since)
    for past in fetching.order_by("-ended")[:20]:
        if past.device_id in meant:
            kind = REMOVED if past.removed else CONNECTED if past.tls else IN_CLEAR
            yield Seen(kind, past.ended, past.device, past.address, past.tls, past.fetched, past.removed)
