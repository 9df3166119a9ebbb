"""What the page says of what it saw: what happened, and what to do next."""

from django.utils.translation import gettext_lazy as _

from controlpanel.clientsetup import presence
from controlpanel.clientsetup.client_facts import Text

OK = "ok"
ATTENTION = "attention"
WRONG = "wrong"

NEW_PASSWORD = _("Make a password on this page, and copy it whole into the mail client.")

# kind: (level, what happened, what comes next)
WORDS: dict[str, tuple[str, Text, Text]] = {
    presence.WAITING: (
        "",
        _("Waiting for your mail client"),
        _("As soon as it connects, this page says so."),
    ),
    presence.QUIET: (
        ATTENTION,
        _("Nobody has come in the last minute"),
        _(
            "Look at the server's name and port: a mail client that asks a wrong one never comes here. Some ask "
            "only when you press “Get messages”. A firewall may also block the port."
        ),
    ),
    presence.TIRED: (
        ATTENTION,
        _("Nobody has come for a quarter of an hour"),
        _("This page has stopped looking. Open it again when you go on."),
    ),
    presence.CONNECTED: (
        OK,
        _("It works: connected, encrypted"),
        _("Look once more at the setting for mail on the server, below."),
    ),
    presence.IN_CLEAR: (
        ATTENTION,
        _("Connected, but without encryption"),
        _(
            "The password crossed the network for all to read: turn on SSL/TLS in the mail client, then make a "
            "new password."
        ),
    ),
    presence.REMOVED: (
        ATTENTION,
        _("Connected, and it removed messages from the server"),
        _(
            "If you did not want that, change the setting for mail on the server; "
            "under Removed the messages can be restored."
        ),
    ),
    "wrong": (
        WRONG,
        _("It came, but with a wrong password"),
        _("The user name is the whole address. Copy the password once more, whole and without blanks around it."),
    ),
    "tls_needed": (
        WRONG,
        _("It came without encryption and was refused"),
        _("Choose SSL/TLS as the connection security, and the port that stands here."),
    ),
    "newer_tls_needed": (
        WRONG,
        _("It came with an old TLS and was refused"),
        _("Update the mail client, or the system of its device: one from after 2014 speaks TLS 1.2 by itself."),
    ),
    "may_not_send": (
        WRONG,
        _("The password is right, but this mailbox may not send"),
        _("Whoever runs the domain can allow it. Receiving works."),
    ),
    "pop3_off": (
        WRONG,
        _("The password is right, but mail clients are turned off for this mailbox"),
        _("Whoever runs the domain can turn them on."),
    ),
    "device_password_needed": (
        WRONG,
        _("The main password opens no mail client here"),
        NEW_PASSWORD,
    ),
    "token_refused": (
        WRONG,
        _("It came with a token that is not taken here"),
        _("Sign in again where the token is from, or make a password on this page and choose “password” in its place."),
    ),
    "device_password_expired": (WRONG, _("That device password has expired"), NEW_PASSWORD),
    "device_password_purpose": (WRONG, _("That device password is for sending only"), NEW_PASSWORD),
    "network_not_allowed": (
        WRONG,
        _("That device password is not valid from this network"),
        NEW_PASSWORD,
    ),
    "suspended": (
        WRONG,
        _("This mailbox is suspended"),
        _("Whoever runs the domain can say why. Mail still arrives."),
    ),
    "closed": (WRONG, _("This mailbox is closed"), _("Whoever runs the domain can say why.")),
    "throttled": (
        WRONG,
        _("Too many wrong passwords: it has to wait"),
        _(
            "Close the mail client for some minutes, then give it the right password. One made on this page need "
            "not wait."
        ),
    ),
    "too_many_sessions": (
        WRONG,
        _("This mailbox is open in too many mail clients"),
        _("Close one of them and try again."),
    ),
    "login_delay": (
        ATTENTION,
        _("It asked again too soon"),
        _("The domain wants a pause between two visits; the next one is taken."),
    ),
    "in_use": (
        ATTENTION,
        _("Another mail client has this mailbox open"),
        _("The domain lets in one at a time; try again when the other is done."),
    ),
}
SENDING_WORDS = {  # where they differ for a client that wanted to send
    "device_password_purpose": (WRONG, _("That device password is for fetching only"), NEW_PASSWORD),
}
UNKNOWN: tuple[str, Text, Text] = (WRONG, _("It came and was refused"), _("Under Activity stands what is known."))


def words(kind: str, *, sending: bool = False) -> tuple[str, Text, Text]:
    """Return the level, what happened, and what comes next."""
    return WORDS.get(kind, UNKNOWN) if not sending else SENDING_WORDS.get(kind) or WORDS.get(kind, UNKNOWN)
