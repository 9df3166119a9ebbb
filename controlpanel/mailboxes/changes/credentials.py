"""What somebody signs in with: their password, an invitation to set it, their second factors."""

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from controlpanel.accounts import invitations, sessions, throttle
from controlpanel.accounts.actor import Actor
from controlpanel.accounts.authentication import too_many
from controlpanel.accounts.models import User
from controlpanel.journal import record
from controlpanel.mailboxes import signals
from controlpanel.mailboxes.changes.passwords_set import check_new
from controlpanel.mailboxes.changes.people import lock_user
from controlpanel.mailboxes.changes.refused import ChangeRefused, change
from controlpanel.mailboxes.changes.voiding import MAIN_PASSWORD
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailboxes.rules import Act, may, require


def set_password(
    user: User, password: str, *, actor: Actor, keep_session: str | None = None, present: str | None = None
) -> User:
    """Set a password, one's own or of a User whom the actor rules, and end that User's other sessions.

    `keep_session` is the key of the session that goes on, for who changes their own; `present` their present password,
    where the form asks for it: a wrong one counts in the throttle. Refused: password, present.
    """
    if present is not None:
        _check_present(user, present, actor)
    check_new(password, user.address, user.name)
    with change():
        user = lock_user(user)
        own = actor.user is not None and actor.user.pk == user.pk
        require(actor, Act.CHANGE_OWN if own else Act.RULE_USER, user)
        _store(user, password, keep_session, own=own)
        tell_of_user(actor, "set_password", user)
    return user


def _check_present(user: User, present: str, actor: Actor) -> None:
    attempt = throttle.attempt(actor.address, user.address, present)
    looked = throttle.look(attempt, lambda: user.check_password(present))
    if looked.wait:
        raise ChangeRefused("present", too_many(looked.wait))
    if not looked.right:
        raise ChangeRefused("present", _("This is not the present password."))


def _store(user: User, password: str, keep_session: str | None, *, own: bool) -> None:
    """Where others had to help (not `own`), the second address goes too: whoever got in before may have set it."""
    user.set_password(password)
    if not own:
        user.second_address = ""
    user.save(update_fields=["password", "password_changed", "second_address"])
    sessions.end_sessions(user, keep_session)
    if keep_session is not None:
        sessions.carry_over(user, keep_session)
    mailbox = Mailbox.objects.filter(user=user).first()
    if mailbox is not None:
        signals.sign_in_ended.send(User, domain=None, mailbox=mailbox.pk, device=MAIN_PASSWORD)


def invite(user: User, *, actor: Actor) -> str:
    """Return the token of a link that sets this User's password, once, within seven days."""
    require(actor, Act.RULE_USER, user)
    with change():
        tell_of_user(actor, "invite", user)
    return invitations.make(user, actor.user)


def invited(token: str) -> User | None:
    """Return whom an invitation lets set a password; None: it is spent, too old, or its giver rules them no longer."""
    invitation = invitations.read(token)
    user = User.objects.filter(pk=invitation.user, is_active=True).first() if invitation else None
    if invitation is None or user is None or not invitation.is_for(user):
        return None
    if invitation.sent_to:
        return user if invitation.sent_to == user.second_address else None
    if invitation.by is None:
        return user
    giver = User.objects.filter(pk=invitation.by).first()
    return user if giver is not None and may(giver, Act.RULE_USER, user) else None


def accept_invitation(token: str, password: str, *, address: str | None) -> User:
    """Set the password of who was invited; `address` is where they come from. Refused: password, or "" (spent)."""
    spent = ChangeRefused("", _("This link has been used, or is too old. Ask for another one."))
    guest = invited(token)
    if guest is None:
        raise spent
    check_new(password, guest.address, guest.name)
    with change():
        lock_user(guest)
        user = invited(token)
        if user is None:
            raise spent
        forgotten = invitations.read(token)
        _store(user, password, None, own=bool(forgotten and forgotten.sent_to))
        tell_of_user(Actor(user, address), "accept_invitation", user)
    return user


def reset_second_factor(user: User, *, actor: Actor) -> bool:
    """Take away every second factor of `user` and end their sessions; return whether there was one."""
    with change():
        user = lock_user(user)
        require(actor, Act.RULE_USER, user)
        deleted, _rows = Authenticator.objects.filter(user=user).delete()
        if deleted:
            sessions.end_sessions(user)
            tell_of_user(actor, "reset_second_factor", user)
    return bool(deleted)


def tell_of_user(actor: Actor, act: str, user: User) -> None:
    """Write into the journal what was done to a User, with their mailbox if they have one."""
    mailbox = Mailbox.objects.filter(user=user).first()
    record.activity(
        actor,
        act,
        domain_id=mailbox.domain_id if mailbox else None,
        mailbox_id=mailbox.pk if mailbox else None,
        subject=user.address,
    )
