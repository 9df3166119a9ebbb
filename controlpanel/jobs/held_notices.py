"""Tell the owners once a day what is held as spam, if something new is: by a message in the mailbox."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from controlpanel import database
from controlpanel.jobs.notices import notice
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailstore import held
from controlpanel.mailstore.delivery import Delivery, deliver
from controlpanel.mailstore.headers import decoded
from controlpanel.mailstore.held import HeldMessage

MAILBOXES_A_STEP = 50
HOUR = 7  # of the owner's day, from which on they are told
SHOWN = 30
WIDTH = 60

# The message's unique id names the day, so that who was told today waits until tomorrow.
TO_TELL = """
SELECT mailbox.id, mailbox.address_text, COALESCE(NULLIF(owner.language, ''), domain.language),
       'held-' || to_char(own.now, 'YYYYMMDD'), untold.messages, untold.last
FROM (
    SELECT mailbox_id, count(*) AS messages, max(id) AS last FROM mailstore_held WHERE NOT told GROUP BY mailbox_id
) AS untold
JOIN mailboxes_mailbox AS mailbox ON mailbox.id = untold.mailbox_id
JOIN mailboxes_domain AS domain ON domain.id = mailbox.domain_id
JOIN accounts_user AS owner ON owner.id = mailbox.user_id
CROSS JOIN LATERAL (
    SELECT now() AT TIME ZONE COALESCE(NULLIF(owner.time_zone, ''), domain.time_zone) AS now
) AS own
WHERE mailbox.id > %(after)s::bigint AND mailbox.state <> 'deleted' AND extract(hour FROM own.now) >= %(hour)s::integer
  AND NOT EXISTS (SELECT FROM mailstore_message
                  WHERE mailbox_id = mailbox.id AND uidl = 'held-' || to_char(own.now, 'YYYYMMDD'))
ORDER BY mailbox.id LIMIT %(mailboxes)s::bigint
"""

TOLD = """
UPDATE mailstore_held AS held SET told = true
FROM unnest(%(mailboxes)s::bigint[], %(last)s::bigint[]) AS seen (mailbox_id, last)
WHERE held.mailbox_id = seen.mailbox_id AND NOT held.told AND held.id <= seen.last
"""


@dataclass(frozen=True, slots=True)
class Untold:
    """A mailbox with news: `messages` that its owner has not heard of, the newest of them `last`."""

    mailbox: int
    address: str
    language: str
    key: str
    messages: int
    last: int


def tell_owners() -> Iterator[None]:
    """Deliver a message to each whose mailbox holds something new, in the morning of their day at the earliest."""
    after = 0
    while found := database.rows(TO_TELL, after=after, hour=HOUR, mailboxes=MAILBOXES_A_STEP):
        untold = [Untold(*row) for row in found]
        deliver([_delivery(each) for each in untold])
        database.run(TOLD, mailboxes=[each.mailbox for each in untold], last=[each.last for each in untold])
        after = untold[-1].mailbox
        yield


def _delivery(untold: Untold) -> Delivery:
    with override(untold.language):
        subject = ngettext(
            "%(count)d message is held as spam", "%(count)d messages are held as spam", untold.messages
        ) % {"count": untold.messages}
        return notice(untold.mailbox, untold.address, key=untold.key, subject=subject, text=_text(untold))


def _text(untold: Untold) -> str:
    listed = held.listed(untold.mailbox, limit=min(untold.messages, SHOWN))
    rest = untold.messages - len(listed)
    return _(
        "Held as spam in %(address)s, and not found by your mail client:\n\n"
        "%(messages)s\n\n"
        "What is none can be released with one click, for %(days)d days: %(url)s\n"
    ) % {
        "address": shown(untold.address),
        "messages": "\n".join(map(_line, listed)) + (_("\nand %(count)d more") % {"count": rest} if rest > 0 else ""),
        "days": held.DAYS,
        "url": f"{settings.PANEL_URL}/mail/{untold.mailbox}/held/",
    }


def _line(message: HeldMessage) -> str:
    """A sender and a subject, shortened: links in a subject shall not be made into links by the mail client."""
    sender = decoded(message.from_header) or message.sender or _("no sender")
    subject = decoded(message.subject) or _("no subject")
    return f"* {sender[:WIDTH]}: {subject[:WIDTH]}".replace("://", ": //")
