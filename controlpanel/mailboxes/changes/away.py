"""What answers mail while an owner is away: written by them, or by who rules the mailbox for an absent colleague."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel import relay
from controlpanel.accounts.actor import Actor
from controlpanel.mailboxes.changes.mailboxes import lock
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, text
from controlpanel.mailboxes.changes.telling import tell_of_mailbox
from controlpanel.mailboxes.models import AwayReply, Mailbox
from controlpanel.mailboxes.rules import Act, require

SUBJECT_LENGTH = 200
TEXT_LENGTH = 10_000
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Away:
    """An absence: both days are included, in the owner's time zone."""

    first_day: date
    last_day: date
    subject: str
    text: str


def choose_away(mailbox: Mailbox, away: Away | None, *, actor: Actor) -> Mailbox:
    """Answer mail between two days, or no more with None. Refused: first_day, last_day, subject, text."""
    require(actor, Act.CHANGE_FORWARDING, mailbox)
    checked = _checked(away) if away else None
    with change():
        _domain, mailbox = lock(mailbox)
        before = AwayReply.objects.filter(mailbox=mailbox).first()
        if checked is None:
            _end(mailbox)
        else:
            _begin(mailbox, checked)
        if before or checked:
            _tell(mailbox, before, checked, actor)
    return mailbox


def _checked(away: Away) -> Away:
    if not relay.is_set_up():
        raise ChangeRefused("", _("This service sends no mail out: RELAY_URL is not set."))
    if away.last_day < away.first_day:
        raise ChangeRefused("last_day", _("The last day is before the first."))
    if away.last_day - away.first_day > LONGEST:
        raise ChangeRefused("last_day", _("A year is the most."))
    if away.last_day < timezone.now().date() - timedelta(days=1):
        raise ChangeRefused("last_day", _("This day is over."))
    subject = text("subject", away.subject, SUBJECT_LENGTH, needed=True)
    words = away.text.replace("\r\n", "\n").strip()
    if not words:
        raise ChangeRefused("text", _("This is needed."))
    if len(words) > TEXT_LENGTH or "\0" in words:
        raise ChangeRefused("text", _("Use at most 10,000 characters."))
    return Away(away.first_day, away.last_day, subject, f"{words}\n")


def _begin(mailbox: Mailbox, away: Away) -> None:
    zone = ZoneInfo(mailbox.user.time_zone or mailbox.domain.time_zone)
    mailbox.away_from = datetime.combine(away.first_day, time.min, zone)
    mailbox.away_until = datetime.combine(away.last_day + timedelta(days=1), time.min, zone)
    mailbox.save(update_fields=["away_from", "away_until"])
    values = {"first_day": away.first_day, "last_day": away.last_day, "subject": away.subject, "text": away.text}
    AwayReply.objects.update_or_create(mailbox=mailbox, defaults={**values, "written": timezone.now()})


def _end(mailbox: Mailbox) -> None:
    mailbox.away_from = mailbox.away_until = None
    mailbox.save(update_fields=["away_from", "away_until"])
    AwayReply.objects.filter(mailbox=mailbox).delete()


def _tell(mailbox: Mailbox, before: AwayReply | None, after: Away | None, actor: Actor) -> None:
    """What it says is the owner's affair: the journal has the days alone."""
    tell_of_mailbox(actor, "change_away", mailbox, {"away": [_days(before), _days(after)]})


def _days(away: Away | AwayReply | None) -> str:
    return f"{away.first_day:%Y-%m-%d} – {away.last_day:%Y-%m-%d}" if away else ""
