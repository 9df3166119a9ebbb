"""Thunderbird, both Outlooks and Apple Mail, as client_facts.Facts."""

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

THUNDERBIRD = Facts(
    name="Thunderbird",
    platforms=("Windows", "macOS", "Linux"),
    quickest=Quickest.AUTOCONFIG,
    automatic_retention=True,
    steps=(
        _("In the menu choose “New Account”, then “Email”."),
        _("Type the name, the address and the password, and continue."),
        _(
            "Thunderbird finds the servers by itself, and what to do with mail on the server: finish. "
            "What is deleted in Thunderbird is then deleted on the server too."
        ),
    ),
    groups=(
        Group(ACCOUNT, ((_("Full name"), Slot.NAME), (_("Email address"), Slot.ADDRESS))),
        Group(
            INCOMING,
            (
                (_("Protocol"), Slot.PROTOCOL),
                (_("Hostname"), Slot.IN_HOST),
                (_("Port"), Slot.IN_PORT),
                (_("Connection security"), Slot.IN_SECURITY),
                (_("Authentication method"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("Hostname"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Connection security"), Slot.OUT_SECURITY),
                (_("Authentication method"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
            ),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication=_("Normal password"),
    deletes=Deletes.AFTER_DAYS,
    default_days=14,
    default=_(
        "Set up by hand, Thunderbird removes messages from the server after 14 days, "
        "and at once those that are deleted in Thunderbird."
    ),
    keep=_(
        "Account Settings, Server Settings: tick “Leave messages on server”; "
        "leave “For at most … days” and “Until I delete them” without a tick."
    ),
    keep_days=_(
        "Account Settings, Server Settings: tick “Leave messages on server” and “For at most … days”, with {days} days."
    ),
    remove=_("Account Settings, Server Settings: leave “Leave messages on server” without a tick."),
    existing=(
        _("Open Account Settings and, under the account, Server Settings: change server name, port and user name."),
        _("Under Outgoing Server (SMTP) choose the server, Edit, and change the same."),
        _("Get messages: Thunderbird asks for the new password."),
    ),
)

OUTLOOK_CLASSIC = Facts(
    name=_("Outlook (classic)"),
    platforms=("Windows",),
    quickest=Quickest.BY_HAND,
    steps=(
        _("Choose File, then “Add Account”, and type the address."),
        _("Open “Advanced options”, tick “Let me set up my account manually”, and connect."),
        _("Choose POP and fill in the fields below."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Email address"), Slot.ADDRESS), (_("Password"), Slot.PASSWORD))),
        Group(
            _("Incoming mail"),
            (
                (_("Server"), Slot.IN_HOST),
                (_("Port"), Slot.IN_PORT),
                (_("Encryption method"), Slot.IN_SECURITY),
                (_("Require logon using Secure Password Authentication (SPA)"), Slot.OFF),
            ),
        ),
        Group(
            _("Outgoing mail"),
            (
                (_("Server"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Encryption method"), Slot.OUT_SECURITY),
                (_("Require logon using Secure Password Authentication (SPA)"), Slot.OFF),
            ),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication=_("Password"),
    deletes=Deletes.VARIES,
    default=_(
        "It depends on the version: some remove messages as soon as they are fetched, others leave a copy for "
        "some days."
    ),
    keep=_(
        "File, Account Settings, the account, Change, in most versions then More Settings, Advanced: tick “Leave "
        "a copy of messages on the server”; leave each “Remove from server…” without a tick."
    ),
    keep_days=_(
        "File, Account Settings, the account, Change, in most versions then More Settings, Advanced: tick “Leave "
        "a copy of messages on the server” and “Remove from server after”, with this number of days: {days}."
    ),
    remove=_(
        "File, Account Settings, the account, Change, in most versions then More Settings, Advanced: leave “Leave "
        "a copy of messages on the server” without a tick."
    ),
    existing=(
        _("Choose File, Account Settings, Account Settings again, the account, and Change."),
        _("Change the incoming and outgoing server, the user name and the password."),
        _(
            "Change ports and encryption too; in most versions they stand under More Settings, Advanced. Finish "
            "with Next."
        ),
    ),
)

OUTLOOK_NEW = Facts(
    name=_("Outlook (new)"),
    platforms=("Windows",),
    quickest=Quickest.BY_HAND,
    steps=(
        _("Open Settings, Accounts, and add an account with the address."),
        _(
            "Where it asks for the kind of account, choose POP. Some versions offer IMAP first, and POP only "
            "where the account is set up manually."
        ),
        _("Fill in the fields below."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Email address"), Slot.ADDRESS), (_("Password"), Slot.PASSWORD))),
        Group(
            INCOMING,
            (
                (_("Incoming server"), Slot.IN_HOST),
                (_("Port"), Slot.IN_PORT),
                (_("Secure connection type"), Slot.IN_SECURITY),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("SMTP user name"), Slot.USER),
                (_("SMTP password"), Slot.PASSWORD),
                (_("Outgoing server"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Secure connection type"), Slot.OUT_SECURITY),
            ),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication=_("Password"),
    deletes=Deletes.VARIES,
    default=_(
        "Its maker does not say whether it removes messages from the server: look once, after the first are "
        "fetched, whether they are still here."
    ),
    keep=_("If the account's settings offer to leave messages on the server, choose that."),
    keep_days=_("If the account's settings offer to leave messages on the server, choose that for {days} days."),
    remove=_("If the account's settings offer to leave messages on the server, do not choose it."),
    existing=(
        _("Open Settings, Accounts, and manage the account: change servers and password where it allows to."),
        _("Where it does not, remove the account and add it again: what is still on the server is fetched anew."),
    ),
    caveats=(
        _(
            "The new Outlook hands the password to Microsoft's cloud, which fetches the mail: "
            "give it a password of its own."
        ),
    ),
)

APPLE_MAIL = Facts(
    name="Apple Mail",
    platforms=("macOS",),
    quickest=Quickest.PROFILE,
    steps=(
        _("Download the profile and open it."),
        _(
            "In System Settings open Device Management (Profiles in older versions; the search field there finds "
            "both), choose the profile and install it."
        ),
        _("Type the password, unless the profile brings one along."),
    ),
    groups=(
        Group(
            ACCOUNT,
            ((_("Name"), Slot.NAME), (_("Email address"), Slot.ADDRESS), (_("Password"), Slot.PASSWORD)),
        ),
        Group(
            _("When Mail says that it cannot verify the account"),
            (
                (_("Email address"), Slot.ADDRESS),
                (_("User name"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
                (_("Account type"), Slot.PROTOCOL),
                (_("Incoming mail server"), Slot.IN_HOST),
                (_("Outgoing mail server"), Slot.OUT_HOST),
            ),
        ),
        Group(
            _("Later, under Server Settings, with “Automatically manage connection settings” off"),
            (
                (_("Port"), Slot.IN_PORT),
                (_("Use TLS/SSL"), Slot.ON),
                (_("Authentication"), Slot.AUTHENTICATION),
            ),
        ),
        Group(
            _("The same for the outgoing server"),
            ((_("Port"), Slot.OUT_PORT), (_("Use TLS/SSL"), Slot.ON), (_("Authentication"), Slot.AUTHENTICATION)),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication=_("Password"),
    deletes=Deletes.VARIES,
    default=_("It may remove messages some time after fetching them; how long depends on the version."),
    keep=_(
        "Mail, Settings (Preferences in older versions), Accounts, the account: leave “Remove copy from server "
        "after retrieving a message” without a tick."
    ),
    keep_days=_(
        "Mail, Settings (Preferences in older versions), Accounts, the account: tick “Remove copy from server "
        "after retrieving a message” and choose the period nearest to this number of days: {days}."
    ),
    remove=_(
        "Mail, Settings (Preferences in older versions), Accounts, the account: tick “Remove copy from server "
        "after retrieving a message”, right away."
    ),
    existing=(
        _("Choose Mail, Settings (Preferences in older versions), Accounts, the account, Server Settings."),
        _("Change host name, user name and password of both servers, and save."),
    ),
    caveats=(
        _("An account set up as IMAP cannot become POP: it has to be added anew."),
        _("If Mail changes the port of the outgoing server, turn “Automatically manage connection settings” off."),
    ),
)
