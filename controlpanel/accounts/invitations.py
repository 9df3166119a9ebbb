"""Pure: the token of a link that lets somebody set their first, or a forgotten, password: once, and for a time.

It names the User, the moment of their last change of password, and who invited, or the second address that it was sent
to. Setting a password moves the moment on, so a token works once and older ones end with it; nothing is stored.
"""

from dataclasses import dataclass

from django.core import signing

from controlpanel.accounts.models import User

LIFETIME = 7 * 24 * 3600  # seconds
FORGOTTEN_LIFETIME = 3600  # of one that was sent to a second address
_SALT = "casilla.invitation"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a token says; whether it still holds is for who reads it to see."""

    user: int
    moment: str
    by: int | None  # a User; none: the shell, or nobody
    sent_to: str = ""  # a second address

    def is_for(self, user: User) -> bool:
        return (self.user, self.moment) == (user.pk, _moment(user))


def make(user: User, by: User | None, sent_to: str = "") -> str:
    """Return the token for `user`: letters, digits, `-`, `_` and `:`."""
    said = [user.pk, _moment(user), by.pk if by else None]
    return signing.dumps([*said, sent_to] if sent_to else said, salt=_SALT)


def read(token: str) -> Invitation | None:
    """Return what a token says; None where it is no token of ours, or too old."""
    try:
        invitation = Invitation(*signing.loads(token, salt=_SALT, max_age=LIFETIME))
        if invitation.sent_to:
            signing.loads(token, salt=_SALT, max_age=FORGOTTEN_LIFETIME)
    except signing.BadSignature:
        return None
    return invitation


def _moment(user: User) -> str:
    return user.password_changed.isoformat() if user.password_changed else ""
