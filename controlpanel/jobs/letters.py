"""Send what the panel writes to people elsewhere: the link is made as the letter goes, and kept nowhere."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from controlpanel import relay
from controlpanel.accounts import invitations, second_addresses
from controlpanel.accounts.models import User
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.addresses import shown
from controlpanel.mailboxes.models import Letter, Mailbox
from controlpanel.mailstore.headers import literal

log = logging.getLogger("casilla.jobs")

AGAIN = timedelta(minutes=2)
GIVEN_UP = timedelta(hours=1)
KEPT = timedelta(days=1)

Written = tuple[str, str, str]  # to whom, subject, text


def send_due() -> Iterator[None]:
    """Send each letter that is due, the oldest first; one that the relay does not take now is tried for an hour."""
    Letter.objects.filter(created__lt=timezone.now() - KEPT).delete()
    while letter := Letter.objects.filter(sent=None, due__lte=Now()).order_by("due", "pk").first():
        _send(letter)
        yield


def _send(letter: Letter) -> None:
    user = changes.who_forgot(letter) if letter.about == Letter.About.FORGOTTEN else letter.user
    if user is None or not relay.is_set_up():
        letter.delete()
        return
    with override(_language(user)):
        recipient, subject, text = WORDS[Letter.About(letter.about)](letter, user)
    message = EmailMessage()
    message["Subject"] = literal(subject)
    message.set_content(text)
    try:
        relay.send(message, recipient)
    except relay.RelayFault as fault:
        _later(letter, fault)
    except ValueError:  # an address that no header takes shall keep nobody else's letter back
        _later(letter, relay.RelayFault("The address cannot be written.", temporary=False))
    else:
        Letter.objects.filter(pk=letter.pk).update(sent=timezone.now())


def _later(letter: Letter, fault: relay.RelayFault) -> None:
    log.warning("event=letter_not_sent about=%s temporary=%s reply=%r", letter.about, fault.temporary, fault.reply)
    if fault.temporary and timezone.now() - letter.created < GIVEN_UP:
        Letter.objects.filter(pk=letter.pk).update(due=F("due") + AGAIN)
    else:
        letter.delete()


def _language(user: User) -> str:
    mailbox = Mailbox.objects.select_related("domain").filter(user=user).first()
    return user.language or (mailbox.domain.language if mailbox else settings.LANGUAGE_CODE)


def _invitation(letter: Letter, user: User) -> Written:
    text = _(
        "Your mailbox %(address)s is ready. Choose its password here, once, within seven days:\n\n%(link)s\n\n"
        "Nobody else learns it. Show the link to nobody.\n"
    )
    subject = _("Your mailbox %(address)s") % {"address": shown(user.address)}
    link = _link("invitation", invitations.make(user, letter.by))
    return letter.address, subject, text % {"address": shown(user.address), "link": link}


def _confirm(letter: Letter, user: User) -> Written:
    text = _(
        "This address shall help when the password of %(address)s is forgotten. Open this link within a day, in a "
        "browser in which you are signed in:\n\n%(link)s\n\n"
        "If you know nothing of this, do nothing.\n"
    )
    link = _link("second-address-confirm", second_addresses.make(user, letter.address))
    return letter.address, _("Confirm this address"), text % {"address": shown(user.address), "link": link}


def _forgotten(letter: Letter, user: User) -> Written:
    text = _(
        "Somebody says that they forgot the password of %(address)s. If that was you, choose a new one here, once, "
        "within an hour:\n\n%(link)s\n\n"
        "If not, do nothing: the password stays as it is.\n"
    )
    subject = _("A new password for %(address)s") % {"address": shown(user.address)}
    link = _link("invitation", changes.link_for_who_forgot(user, letter))
    return user.second_address, subject, text % {"address": shown(user.address), "link": link}


def _link(name: str, token: str) -> str:
    return f"{settings.PANEL_URL}{reverse(name, args=[token])}"


WORDS: dict[Letter.About, Callable[[Letter, User], Written]] = {
    Letter.About.INVITATION: _invitation,
    Letter.About.CONFIRM: _confirm,
    Letter.About.FORGOTTEN: _forgotten,
}
