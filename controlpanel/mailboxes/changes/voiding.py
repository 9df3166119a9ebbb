"""The end of what somebody signed in with, where their rights become wider than its secrecy ever was."""

from allauth.mfa.models import Authenticator

from controlpanel.accounts import sessions
from controlpanel.accounts.models import User
from controlpanel.mailboxes import signals
from controlpanel.mailboxes.models import Mailbox

MAIN_PASSWORD = 0  # in place of a device's number


def void_sign_in(user: User) -> None:
    """Void the locked User's password, second factors and address, links and sessions, and mail without a device.

    Who once learned the password of a mailbox may have set up a second factor too: none of it makes an operator.
    """
    user.set_password(None)
    user.second_address = ""
    user.save(update_fields=["password", "password_changed", "second_address"])
    Authenticator.objects.filter(user=user).delete()
    sessions.end_sessions(user)
    mailbox = Mailbox.objects.filter(user=user).first()
    if mailbox is not None:
        signals.sign_in_ended.send(User, domain=None, mailbox=mailbox.pk, device=MAIN_PASSWORD)
