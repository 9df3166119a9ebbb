"""Signing in to the panel by address and password, slowed by the same table as mail.

Django asks `authenticate` and learns whether; allauth's adapter asks `sign_in` and can say why not. What stands in a
User's way beyond their own row (the state of a mailbox) is for a subclass to know.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from controlpanel.accounts import passwords, throttle
from controlpanel.accounts.addresses import canonical_or_none
from controlpanel.accounts.models import User
from controlpanel.clients_address import client_address

WRONG = "wrong"
THROTTLED = "throttled"
SUSPENDED = "suspended"


class SignInRefused(Exception):  # noqa: N818
    """Nobody was signed in. `outcome` is for the record, `sentence` for who tried."""

    def __init__(self, outcome: str, sentence: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.sentence = sentence


class AddressBackend(BaseBackend):
    """Who somebody is, by their address in any spelling and their password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_others: Any
    ) -> User | None:
        """Return who signs in, None where nobody does. `username` is an address."""
        if not username or not password:
            return None
        try:
            return self.sign_in(request, username, password)
        except SignInRefused:
            return None

    def sign_in(self, request: HttpRequest | None, address: str, password: str) -> User:
        """Return who signs in, or raise SignInRefused. What stands in their way is said after a right password only."""
        canonical = canonical_or_none(address)
        user = self.people().filter(address=canonical).first() if canonical else None
        self._prove(request, canonical, user, password)
        assert user is not None
        obstacle = self.obstacle(user)
        if obstacle is not None:
            self.refused(request, user, SUSPENDED)
            raise SignInRefused(SUSPENDED, obstacle)
        return user

    def confirm(self, request: HttpRequest, user: User, password: str) -> bool:
        """Whether this is the password of who is signed in already; raises SignInRefused where they have to wait."""
        try:
            self._prove(request, user.address, user, password)
        except SignInRefused as refused:
            if refused.outcome == WRONG:
                return False
            raise
        return True

    def _prove(self, request: HttpRequest | None, address: str | None, user: User | None, password: str) -> None:
        attempt = throttle.attempt(client_address(request) if request else None, address, password)
        looked = throttle.look(
            attempt, lambda: user.check_password(password) if user else passwords.check(None, password).right
        )
        if looked.wait:
            self.refused(request, user, THROTTLED)
            raise SignInRefused(THROTTLED, too_many(looked.wait))
        if not looked.right:
            self.refused(request, user, WRONG)
            raise SignInRefused(WRONG, _("The address or the password is wrong."))

    def people(self) -> QuerySet[User]:
        """Everybody, with what `obstacle` looks at: one query a page."""
        return User.objects.all()

    def obstacle(self, user: User) -> str | None:
        """Return why this User does not sign in now, as a sentence; None where nothing stands in their way."""
        return None if user.is_active else _("This account is suspended.")

    def refused(self, request: HttpRequest | None, user: User | None, outcome: str) -> None:
        """Hear of a refused sign-in; `user` is whose address was named, None where nobody has it."""

    def get_user(self, user_id: int) -> User | None:
        """Return whose session it is: None ends the session of who may not sign in any more."""
        user = self.people().filter(pk=user_id).first()
        return user if user is not None and self.obstacle(user) is None else None


def too_many(wait: float) -> str:
    """Say how long to wait after too many wrong passwords."""
    seconds = int(wait) + 1
    if seconds < 120:
        return (
            ngettext(
                "Too many wrong passwords. Try again in %d second.",
                "Too many wrong passwords. Try again in %d seconds.",
                seconds,
            )
            % seconds
        )
    return _("Too many wrong passwords. Try again in %d minutes.") % -(-seconds // 60)
