"""iPhone, Thunderbird for Android, and whatever else, as client_facts.Facts."""

from django.utils.translation import gettext_lazy as _

from controlpanel.clientsetup.client_facts import (
    ACCOUNT,
    INCOMING,
    OUTGOING,
    TLS_WORDS,
    Deletes,
    Facts,
    Group,
    Quickest,
    Slot,
)
from controlpanel.clientsetup.service import Security

IPHONE = Facts(
    name="iPhone, iPad",
    platforms=("iOS", "iPadOS"),
    quickest=Quickest.PROFILE,
    steps=(
        _("Point the camera at the code, or open this page on the device, and download the profile."),
        _("Open Settings, “Profile Downloaded”, and install it."),
        _("Type the password, unless the profile brings one along."),
    ),
    groups=(
        Group(
            _(
                "Settings, Apps, Mail, Mail Accounts (before iOS 18: Settings, Mail, Accounts), Add Account, "
                "Other, Add Mail Account"
            ),
            ((_("Name"), Slot.NAME), (_("Email"), Slot.ADDRESS), (_("Password"), Slot.PASSWORD)),
        ),
        Group(
            _("Tap POP; incoming mail server"),
            ((_("Host name"), Slot.IN_HOST), (_("User name"), Slot.USER), (_("Password"), Slot.PASSWORD)),
        ),
        Group(
            _("Outgoing mail server"),
            ((_("Host name"), Slot.OUT_HOST), (_("User name"), Slot.USER), (_("Password"), Slot.PASSWORD)),
            sending=True,
        ),
        Group(
            _("Later, in the account's Advanced settings"),
            (
                (_("Use SSL"), Slot.ON),
                (_("Authentication"), Slot.AUTHENTICATION),
                (_("Server port"), Slot.IN_PORT),
            ),
        ),
        Group(
            _("The same for the outgoing server: SMTP, the primary server"),
            (
                (_("Use SSL"), Slot.ON),
                (_("Authentication"), Slot.AUTHENTICATION),
                (_("Server port"), Slot.OUT_PORT),
            ),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication=_("Password"),
    deletes=Deletes.NEVER,
    default=_("iPhone and iPad leave messages on the server."),
    keep=_("The account, Advanced, “Delete from server”: Never."),
    keep_days=_(
        "The account, Advanced, “Delete from server”: seven days is the only period offered, instead of {days}."
    ),
    remove=_("The account, Advanced, “Delete from server”: when removed from Inbox. At once is not offered."),
    existing=(
        _(
            "Open Settings, Apps, Mail, Mail Accounts (before iOS 18: Settings, Mail, Accounts), the account, and "
            "the account again."
        ),
        _("Change host name, user name and password of both servers, and confirm with Done."),
    ),
)

THUNDERBIRD_ANDROID = Facts(
    name=_("Thunderbird for Android, K-9 Mail"),
    platforms=("Android",),
    quickest=Quickest.QR,
    steps=(
        _("In the app choose Settings, “Import settings”, and the QR code; at the first start it is offered at once."),
        _("Point the camera at the code on this page: all fields are filled in."),
        _("Type the password."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Email address"), Slot.ADDRESS), (_("Password"), Slot.PASSWORD))),
        Group(
            INCOMING,
            (
                (_("Protocol"), Slot.PROTOCOL),
                (_("Server"), Slot.IN_HOST),
                (_("Security"), Slot.IN_SECURITY),
                (_("Port"), Slot.IN_PORT),
                (_("Authentication"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("Server"), Slot.OUT_HOST),
                (_("Security"), Slot.OUT_SECURITY),
                (_("Port"), Slot.OUT_PORT),
                (_("Authentication"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
            ),
            sending=True,
        ),
        Group(_("Display options"), ((_("Your name"), Slot.NAME),)),
    ),
    security=TLS_WORDS,
    authentication=_("Normal password"),
    deletes=Deletes.NEVER,
    default=_("It removes nothing from the server, not even messages that are deleted in the app."),
    keep=_("Account settings, Fetching mail, “When I delete a message”: do not delete on server."),
    keep_days=_("It cannot remove messages after {days} days; leave “When I delete a message” as it is."),
    remove=_("Account settings, Fetching mail, “When I delete a message”: delete from server. At once is not offered."),
    existing=(
        _("Open the account's settings, Fetching mail, Incoming server: change server, user name and password."),
        _("Under Sending mail, Outgoing server, change the same."),
    ),
    caveats=(_("The app takes no POP3 account from an address alone: use the code, or set it up by hand."),),
)

OTHER = Facts(
    name=_("Another mail client"),
    platforms=(),
    quickest=Quickest.BY_HAND,
    steps=(
        _("Try with address and password alone: many mail clients find the servers."),
        _("If one asks, choose POP3, and fill in the fields below."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Name"), Slot.NAME), (_("Email address"), Slot.ADDRESS))),
        Group(
            INCOMING,
            (
                (_("Protocol"), Slot.PROTOCOL),
                (_("Server"), Slot.IN_HOST),
                (_("Port"), Slot.IN_PORT),
                (_("Encryption"), Slot.IN_SECURITY),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
                (_("Authentication"), Slot.AUTHENTICATION),
                (_("SASL mechanisms"), Slot.MECHANISMS),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("Server"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Encryption"), Slot.OUT_SECURITY),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
                (_("Authentication"), Slot.AUTHENTICATION),
            ),
            sending=True,
        ),
    ),
    security={
        Security.TLS: _("SSL/TLS (from the first octet)"),
        Security.STARTTLS: _("STARTTLS (required)"),
    },
    authentication=_("Password"),
    deletes=Deletes.VARIES,
    default=_(
        "It depends on the mail client: some keep everything, others remove messages as soon as they are fetched."
    ),
    keep=_("Look for “leave messages on the server”, and choose it without a number of days."),
    keep_days=_("Look for “leave messages on the server”, and choose it with {days} days."),
    remove=_("Look for “leave messages on the server”, and do not choose it."),
    existing=(
        _("In the account's settings change the servers, the user name and the password; do not add a new account."),
    ),
)
