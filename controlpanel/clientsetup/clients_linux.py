"""Claws Mail, KMail and Evolution, as client_facts.Facts."""

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

CLAWS = Facts(
    name="Claws Mail",
    platforms=("Linux", "Windows"),
    quickest=Quickest.SRV,
    steps=(
        _("Choose Configuration, “Create new account”, and type name and address."),
        _("Choose POP3 as the server type and press “Auto-configure”: the servers are filled in."),
        _("Type the password and save."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Your name"), Slot.NAME), (_("Your email address"), Slot.ADDRESS))),
        Group(
            INCOMING,
            (
                (_("Server type"), Slot.PROTOCOL),
                (_("Server address"), Slot.IN_HOST_PORT),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
                (_("Encryption"), Slot.IN_SECURITY),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("SMTP server address"), Slot.OUT_HOST_PORT),
                (_("Use authentication"), Slot.ON),
                (_("SMTP username"), Slot.USER),
                (_("SMTP password"), Slot.PASSWORD),
                (_("Encryption"), Slot.OUT_SECURITY),
            ),
            sending=True,
        ),
    ),
    security={Security.TLS: _("Use TLS"), Security.STARTTLS: _("Use STARTTLS")},
    authentication=_("Password"),
    deletes=Deletes.AFTER_DAYS,
    default_days=7,
    default=_("Claws Mail removes messages from the server 7 days after fetching them."),
    keep=_("Account preferences, Receive: leave “Remove messages on server when received” without a tick."),
    keep_days=_("Account preferences, Receive: tick “Remove messages on server when received”, after {days} days."),
    remove=_("Account preferences, Receive: tick “Remove messages on server when received”, after 0 days."),
    existing=(
        _("Choose Configuration, “Edit accounts”, the account, and Edit."),
        _("Under Basic, change both servers, the user ID and the password; ports are under Advanced."),
    ),
)

KMAIL = Facts(
    name="KMail",
    platforms=("Linux",),
    quickest=Quickest.AUTOCONFIG,
    steps=(
        _("Choose Settings, “Add Account”, and type name, address and password."),
        _("Choose the POP3 configuration that is found, and create the account."),
        _("Set at once what to do with mail on the server, before the first messages are fetched."),
    ),
    groups=(
        Group(
            INCOMING,
            (
                (_("Incoming server"), Slot.IN_HOST),
                (_("Protocol"), Slot.PROTOCOL),
                (_("Port"), Slot.IN_PORT),
                (_("Security"), Slot.IN_SECURITY),
                (_("Authentication method"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
                (_("Password"), Slot.PASSWORD),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("Outgoing server"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Security"), Slot.OUT_SECURITY),
                (_("Authentication method"), Slot.AUTHENTICATION),
                (_("Username"), Slot.USER),
            ),
            sending=True,
        ),
    ),
    security=TLS_WORDS,
    authentication="PLAIN",
    largest_port=999,
    deletes=Deletes.AT_ONCE,
    default=_("KMail removes messages from the server as soon as it has fetched them."),
    keep=_("Configure KMail, Accounts, Receiving, Modify: tick “Leave fetched messages on the server”."),
    keep_days=_(
        "Configure KMail, Accounts, Receiving, Modify: tick “Leave fetched messages on the server” "
        "and its days, with {days} days."
    ),
    remove=_(
        "Configure KMail, Accounts, Receiving, Modify: leave “Leave fetched messages on the server” without a tick."
    ),
    existing=(
        _("Choose Settings, Configure KMail, Accounts, Receiving, the account, and Modify."),
        _("Change server, port, user name and password; under Sending, the same for the outgoing server."),
    ),
)

EVOLUTION = Facts(
    name="Evolution",
    platforms=("Linux",),
    quickest=Quickest.AUTOCONFIG,
    steps=(
        _("Choose File, New, “Mail Account”, and type name and address."),
        _("Press “Look up mail server details”: Evolution finds the servers. Check that the type is POP."),
        _("Finish, and type the password when it is asked for."),
    ),
    groups=(
        Group(ACCOUNT, ((_("Full name"), Slot.NAME), (_("Email address"), Slot.ADDRESS))),
        Group(
            INCOMING,
            (
                (_("Server type"), Slot.PROTOCOL),
                (_("Server"), Slot.IN_HOST),
                (_("Port"), Slot.IN_PORT),
                (_("Username"), Slot.USER),
                (_("Encryption method"), Slot.IN_SECURITY),
                (_("Authentication"), Slot.AUTHENTICATION),
            ),
        ),
        Group(
            OUTGOING,
            (
                (_("Server"), Slot.OUT_HOST),
                (_("Port"), Slot.OUT_PORT),
                (_("Server requires authentication"), Slot.ON),
                (_("Encryption method"), Slot.OUT_SECURITY),
                (_("Username"), Slot.USER),
            ),
            sending=True,
        ),
    ),
    security={Security.TLS: _("TLS on a dedicated port"), Security.STARTTLS: _("STARTTLS after connecting")},
    authentication=_("Password"),
    deletes=Deletes.NEVER,
    default=_("Evolution leaves messages on the server and never removes them by age."),
    keep=_("Edit, Preferences, Mail Accounts, Edit, Receiving Options: “Leave messages on server” stays ticked."),
    keep_days=_(
        "Edit, Preferences, Mail Accounts, Edit, Receiving Options: tick “Leave messages on server” "
        "and “Delete after … days”, with {days} days."
    ),
    remove=_(
        "Edit, Preferences, Mail Accounts, Edit, Receiving Options: leave “Leave messages on server” without a tick."
    ),
    existing=(
        _("Choose Edit, Preferences, Mail Accounts, the account, and Edit."),
        _("Under Receiving Email and Sending Email, change server, port and user name."),
        _("Evolution asks for the new password when it next fetches."),
    ),
)
