"""Tell the owners whose mail clients come without TLS, or with an old one, that this ends: by a message to them."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel.jobs import notices
from controlpanel.journal.models import OLD_TLS
from controlpanel.mailboxes import line_policy
from controlpanel.mailboxes.models import Domain, State
from controlpanel.mailstore.delivery import Delivery, deliver

AT_ONCE = 100


def tell_owners() -> Iterator[None]:
    """Deliver a notice to each mailbox that came so in the last 30 days; once for each date, by its unique id."""
    today = timezone.now().date()
    coming = Domain.objects.filter(Q(plain_login_until__gt=today) | Q(old_tls_until__gt=today))
    for domain in coming.exclude(state=State.DELETED):
        if domain.plain_login_until is not None and domain.plain_login_until > today:
            yield from _tell(domain, "without-tls", line_policy.PLAIN, domain.plain_login_until)
        if domain.old_tls_until is not None and domain.old_tls_until > today:
            yield from _tell(domain, "old-tls", OLD_TLS, domain.old_tls_until)


def _tell(domain: Domain, kind: str, versions: Sequence[str], day: date) -> Iterator[None]:
    mailboxes = list({user.mailbox: user for user in line_policy.users(domain.pk, versions)}.values())
    for first in range(0, len(mailboxes), AT_ONCE):
        deliver([notice(user, kind, day) for user in mailboxes[first : first + AT_ONCE]])
        yield


def notice(user: line_policy.User, kind: str, day: date) -> Delivery:
    with override(user.language):
        shown = date_format(day)
        return notices.notice(
            user.mailbox,
            user.address,
            key=f"{kind}-{day:%Y%m%d}",
            subject=_("Your mail client needs TLS by %(day)s") % {"day": shown},
            text=_text(user, shown),
        )


def _text(user: line_policy.User, day: str) -> str:
    if user.tls:
        means = _(
            "A mail client opens %(address)s with %(tls)s, which is no longer safe. From %(day)s on it has to speak "
            "TLS 1.2 or newer.\n\n"
            "What to do: update the mail client, or the system of its device; one from after 2014 speaks it by itself. "
        )
    else:
        means = _(
            "A mail client opens %(address)s without encryption: whoever listens on the way reads password and mail. "
            "From %(day)s on it has to use TLS.\n\n"
            "What to do: in the mail client's settings for incoming mail choose SSL/TLS and port %(port)d, with the "
            "server %(host)s, and then set a new password. "
        )
    last = _(
        "It came last from %(peer)s. How to set up each mail client stands at %(url)s. Your mail stays where it is.\n"
    )
    return (means + last) % {
        "address": user.address,
        "tls": user.tls,
        "day": day,
        "host": settings.PUBLIC_HOST,
        "port": settings.PUBLIC_POP3S_PORT,
        "peer": user.peer or "?",
        "url": settings.PANEL_URL,
    }
