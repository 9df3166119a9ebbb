"""What a new password must be before its hash is stored, whoever sets it: a form, the API, a shell."""

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from controlpanel.accounts import passwords
from controlpanel.accounts.models import User
from controlpanel.accounts.password_rules import Rules
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.changes.refused import ChangeRefused, said_of


def check_new(password: str, address: str, name: str = "") -> None:
    """Refuse (password) what is guessed easily, and what is a device's: it would be looked for among the devices'."""
    with said_of("password"):
        Rules().validate(password, User(address=address, name=name))
    if device_passwords.well_formed(password):
        raise ChangeRefused("password", _("This is the password of a device. Choose another one for yourself."))


def hash_of_new(password: str | None, address: str, name: str = "") -> str:
    """Return what is stored for a new password, or for none."""
    if password is None:
        return make_password(None)
    check_new(password, address, name)
    return passwords.make(password)
