"""Apple profiles as they are handed out: signed if the operator gave a certificate for it, fetched by a telephone."""

import logging
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.core.cache import cache

from controlpanel.accounts.actor import Actor
from controlpanel.accounts.models import User
from controlpanel.clientsetup import apple, profile_key
from controlpanel.clientsetup.apple import TargetDevice
from controlpanel.clientsetup.description import person_of, service_for
from controlpanel.clientsetup.device_names import free_name
from controlpanel.mailboxes import changes, rules
from controlpanel.mailboxes.models import Mailbox, State
from controlpanel.mailboxes.rules import Act

log = logging.getLogger("casilla.panel")

SALT = "casilla.setup.telephone"
MINUTES = 10
NAMES = {TargetDevice.IPHONE: "iPhone", TargetDevice.MAC: "Mac", TargetDevice.ANY: "Apple Mail"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who lets a telephone fetch the profile of which mailbox, with a password made for it or without."""

    mailbox: int
    user: int
    target: TargetDevice
    with_password: bool
    nonce: str

    def token(self) -> str:
        return signing.dumps([self.mailbox, self.user, self.target, self.with_password, self.nonce], salt=SALT)


def new_ticket(mailbox: Mailbox, user: User, target: TargetDevice, *, with_password: bool) -> Ticket:
    return Ticket(mailbox.pk, user.pk, target, with_password, secrets.token_urlsafe(12))


def read_ticket(token: str) -> Ticket | None:
    """Return the ticket of a token made in the last ten minutes; None for any other text."""
    try:
        mailbox, user, target, with_password, nonce = signing.loads(token, salt=SALT, max_age=60 * MINUTES)
    except (signing.BadSignature, ValueError):
        return None
    return Ticket(mailbox, user, TargetDevice(target), with_password, nonce)


def mailbox_of(ticket: Ticket) -> Mailbox | None:
    """Return the ticket's mailbox while who gave the ticket may still set it up."""
    giver = User.objects.filter(pk=ticket.user, is_active=True).first()
    mailbox = Mailbox.objects.select_related("domain").exclude(state=State.DELETED).filter(pk=ticket.mailbox).first()
    act = Act.MAKE_DEVICE_PASSWORD if ticket.with_password else Act.SET_UP_MAILBOX
    return mailbox if giver is not None and mailbox is not None and rules.may(giver, act, mailbox) else None


def redeem(ticket: Ticket, mailbox: Mailbox, address: str | None) -> bytes:
    """Return the profile of a ticket. Raises ChangeRefused, NotAllowed.

    A telephone may fetch twice what it shows once: each fetch revokes the password that the one before had made.
    """
    if not ticket.with_password:
        return profile(mailbox, ticket.target)
    actor = Actor(User.objects.get(pk=ticket.user), address)
    key = f"casilla.setup.telephone.{ticket.nonce}"
    before = mailbox.device_passwords.filter(pk=cache.get(key) or 0).first()
    if before is not None:
        changes.revoke_device_password(before, actor=actor)
    device, secret = changes.create_device_password(mailbox, free_name(mailbox, NAMES[ticket.target]), actor=actor)
    cache.set(key, device.pk, 60 * MINUTES)
    return profile(mailbox, ticket.target, secret)


def profile(mailbox: Mailbox, target: TargetDevice, password: str | None = None) -> bytes:
    """Return the mailbox's profile, in the owner's language or the domain's, signed if it can be."""
    language = mailbox.user.language or mailbox.domain.language
    content = apple.profile(
        service_for(mailbox),
        person_of(mailbox),
        language=language if language in apple.TITLES else "en",
        device=target,
        password=password,
    )
    try:
        pair = profile_key.pair(settings)
        return content if pair is None else apple.sign(content, *pair)
    except (OSError, apple.SigningError) as error:
        log.warning("event=profile_unsigned fault=%s", error.__class__.__name__)
        return content
