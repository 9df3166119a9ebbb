"""Pure: the token of a link that shows that an address elsewhere is read by who set it: for a day."""

from django.core import signing

from controlpanel.accounts.models import User

LIFETIME = 24 * 3600  # seconds
_SALT = "casilla.second_address"


def make(user: User, address: str) -> str:
    return signing.dumps([user.pk, address], salt=_SALT)


def read(token: str, user: User) -> str | None:
    """Return the address that the token confirms for `user`; None where it does not."""
    try:
        number, address = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return str(address) if number == user.pk else None
