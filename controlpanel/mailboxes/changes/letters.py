"""What goes to an address elsewhere: invitations, and what helps who forgot their password."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from controlpanel import relay
from controlpanel.accounts import invitations, second_addresses, throttle
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.addresses import canonical_or_none, elsewhere
from controlpanel.accounts.authentication import too_many
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes.changes.credentials import invite, tell_of_user
from controlpanel.mailboxes.changes.people import lock_user
from controlpanel.mailboxes.changes.refused import ChangeRefused, change, said_of
from controlpanel.mailboxes.models import Letter, Mailbox
from controlpanel.mailboxes.recipients import Accepted, Recipient, find_recipients
from controlpanel.mailboxes.rules import Act, require, rights

MOST_AN_HOUR = 3  # links for one forgotten password


def can_send() -> bool:
    """Whether this service sends mail at all."""
    return relay.is_set_up()


def send_invitation(user: User, address: str, *, actor: Actor) -> str:
    """Send an invitation for `user` to an address elsewhere, and return it as it is written. Refused: address."""
    address = _reached(user, address)
    invite(user, actor=actor)
    Letter.objects.create(about=Letter.About.INVITATION, user=user, by=actor.user, address=address)
    return address


def ask_second_address(user: User, address: str, *, actor: Actor) -> str:
    """Send a link to an address that shall be one's second; opened, it is. Refused: address."""
    require(actor, Act.CHANGE_OWN, user)
    address = _reached(user, address)
    if _is_in_lesser_hands(address, user):
        sentence = _("Whoever runs the domain of this address here could take the sign-in over. Name one elsewhere.")
        raise ChangeRefused("address", sentence)
    with change():
        Letter.objects.create(about=Letter.About.CONFIRM, user=user, address=address)
        tell_of_user(actor, "ask_second_address", user)
    return address


def confirm_second_address(token: str, user: User, *, actor: Actor) -> User:
    """Take the address that the link was sent to as the second one. Refused: "" (too old, or somebody else's)."""
    require(actor, Act.CHANGE_OWN, user)
    address = second_addresses.read(token, user)
    if address is None:
        raise ChangeRefused("", _("This link is too old, or for somebody else."))
    return _set(user, address, actor, "confirm_second_address")


def remove_second_address(user: User, *, actor: Actor) -> User:
    require(actor, Act.CHANGE_OWN, user)
    return _set(user, "", actor, "remove_second_address")


def _set(user: User, address: str, actor: Actor, act: str) -> User:
    with change():
        user = lock_user(user)
        if user.second_address != address:
            user.second_address = address
            user.save(update_fields=["second_address"])
            tell_of_user(actor, act, user)
    return user


def _reached(user: User, address: str) -> str:
    """Return an address that is read without the mailbox of `user`."""
    if not can_send():
        raise ChangeRefused("address", _("This service sends no mail out: RELAY_URL is not set."))
    with said_of("address"):
        address = elsewhere(address)
    mailbox = Mailbox.objects.filter(user=user).first()
    [found] = find_recipients([Recipient(address)])
    inside = mailbox is not None and mailbox.pk in (
        *getattr(found, "mailboxes", ()),
        *(found.closed + found.full if isinstance(found, Accepted) else ()),
    )
    if inside or address == user.address:
        raise ChangeRefused("address", _("This leads into the mailbox itself, which is closed to who needs the link."))
    return address


def _is_in_lesser_hands(address: str, user: User) -> bool:
    """Whether somebody without the rights of `user` runs the address's domain here: they could read its mail."""
    name = address.rpartition("@")[2]
    held = rights(user)
    runners = User.objects.filter(Q(domains__name=name) | Q(domains__alias_domains__name=name)).distinct()
    return any(not rights(runner).covers(held) for runner in runners.exclude(pk=user.pk))


def forgot_password(address: str, *, client: str | None) -> None:
    """Somebody says that they forgot the password of `address`. What comes of it they read elsewhere, or nowhere.

    Refused: "" (too many from their network), whether anybody signs in with the address or not.
    """
    attempt = throttle.attempt(client, None, address)
    [wait] = throttle.waits([attempt])
    if wait:
        raise ChangeRefused("", too_many(wait))
    throttle.record_failures([attempt])
    named = canonical_or_none(address)
    if named is not None:
        Letter.objects.create(about=Letter.About.FORGOTTEN, address=named, client=client)


def who_forgot(letter: Letter) -> User | None:
    """Return who gets a link for this letter: a few times an hour, and only who has a second address."""
    since = timezone.now() - timedelta(hours=1)
    lately = Letter.objects.filter(about=Letter.About.FORGOTTEN, address=letter.address, sent__gt=since)
    if lately.count() >= MOST_AN_HOUR:
        return None
    user = User.objects.filter(address=letter.address, is_active=True).exclude(second_address="").first()
    return None if user is None or _is_in_lesser_hands(user.second_address, user) else user


def link_for_who_forgot(user: User, letter: Letter) -> str:
    """Return the token of a link that sets the password of `user`, once, within an hour. The second factor stays."""
    with change():
        mailbox = Mailbox.objects.filter(user=user).first()
        record.activity(
            Actor(None, letter.client),
            "forgot_password",
            domain_id=mailbox.domain_id if mailbox else None,
            mailbox_id=mailbox.pk if mailbox else None,
            subject=user.address,
        )
    return invitations.make(user, None, user.second_address)
