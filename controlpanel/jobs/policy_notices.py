"""Tell the owners whom a coming policy will shut out, by a message in the mailbox that they still read."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel.jobs import notices
from controlpanel.mailboxes import main_password
from controlpanel.mailboxes.models import Domain, State
from controlpanel.mailstore.delivery import Delivery, deliver

AT_ONCE = 100


def tell_owners() -> Iterator[None]:
    """Deliver the notice to all who used their main password in the last 30 days; to each once for each date.

    The message's unique id names the date, and a unique id is taken once: to run again adds nothing.
    """
    coming = Domain.objects.filter(device_passwords_only=True, device_passwords_from__gt=timezone.now().date())
    for domain in coming.exclude(state=State.DELETED):
        users = main_password.users([domain.pk])
        for first in range(0, len(users), AT_ONCE):
            deliver([notice(domain, user) for user in users[first : first + AT_ONCE]])
            yield


def notice(domain: Domain, user: main_password.User) -> Delivery:
    assert domain.device_passwords_from is not None, "only a policy with a date is told before it"
    with override(user.language):
        day = date_format(domain.device_passwords_from)
        return notices.notice(
            user.mailbox,
            user.address,
            key=f"device-passwords-{domain.device_passwords_from:%Y%m%d}",
            subject=_("Your mail client needs a new password by %(day)s") % {"day": day},
            text=_text(user, day),
        )


def _text(user: main_password.User, day: str) -> str:
    text = _(
        "From %(day)s on, mail clients open %(address)s with a device password only: one for each client, made on "
        "your page. The password with which you sign in there then opens no mail client.\n\n"
        "What to do: sign in at %(url)s, make a device password, and put it into your mail client in the place of "
        "the old one. Your mail stays where it is.\n"
    )
    return text % {"day": day, "address": user.address, "url": settings.PANEL_URL}
