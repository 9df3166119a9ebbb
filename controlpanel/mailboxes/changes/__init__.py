"""Every change to domains, mailboxes and those who sign in: one function each, by subject in the files beside this one.

Each takes `actor` by keyword, asks rules.py, runs in one transaction, leaves one row in the journal, and either happens
whole or raises: ChangeRefused (a field and a sentence, for the form) or rules.NotAllowed. Objects that are handed in
only name a row: it is read anew under its lock, and the fresh one is returned.

Locks are taken in one order: Domain (by number), User, Usage, Mailbox, Address, Alias.
"""

from controlpanel.mailboxes.changes.accesses import grant_access, revoke_access
from controlpanel.mailboxes.changes.alias_domains import end_alias_domain, make_alias_domain
from controlpanel.mailboxes.changes.aliases import change_alias, create_alias, delete_alias, set_catch_all
from controlpanel.mailboxes.changes.away import Away, choose_away
from controlpanel.mailboxes.changes.credentials import (
    accept_invitation,
    invite,
    invited,
    reset_second_factor,
    set_password,
)
from controlpanel.mailboxes.changes.devices import (
    create_device_password,
    rename_device_password,
    revoke_device_password,
)
from controlpanel.mailboxes.changes.domains import (
    change_domain,
    close_domain,
    create_domain,
    delete_domain,
    reopen_domain,
    suspend_domain,
    undelete_domain,
)
from controlpanel.mailboxes.changes.dropping import drop_domains, drop_mailbox
from controlpanel.mailboxes.changes.forwarding import choose_forwarding
from controlpanel.mailboxes.changes.handing_over import hand_over, leaving
from controlpanel.mailboxes.changes.labels import label_mailbox
from controlpanel.mailboxes.changes.leaving import choose_leaving
from controlpanel.mailboxes.changes.lending import lent_device_password
from controlpanel.mailboxes.changes.letters import (
    ask_second_address,
    can_send,
    confirm_second_address,
    forgot_password,
    link_for_who_forgot,
    remove_second_address,
    send_invitation,
    who_forgot,
)
from controlpanel.mailboxes.changes.listed import ListRefused, check_list, create_mailboxes
from controlpanel.mailboxes.changes.looking import look_as_owner
from controlpanel.mailboxes.changes.mailboxes import (
    change_mailbox,
    close_mailbox,
    create_mailbox,
    delete_mailbox,
    rename_mailbox,
    reopen_mailbox,
    suspend_mailbox,
    undelete_mailbox,
)
from controlpanel.mailboxes.changes.people import (
    appoint_administrator,
    appoint_operator,
    change_preferences,
    create_operator,
    dismiss_administrator,
    dismiss_operator,
)
from controlpanel.mailboxes.changes.recording import record_dialogues
from controlpanel.mailboxes.changes.refused import ChangeRefused
from controlpanel.mailboxes.changes.rooms import DEFAULT
from controlpanel.mailboxes.changes.slowed import clear_slowed

__all__ = [
    "DEFAULT",
    "Away",
    "ChangeRefused",
    "ListRefused",
    "accept_invitation",
    "appoint_administrator",
    "appoint_operator",
    "ask_second_address",
    "can_send",
    "change_alias",
    "change_domain",
    "change_mailbox",
    "change_preferences",
    "check_list",
    "choose_away",
    "choose_forwarding",
    "choose_leaving",
    "clear_slowed",
    "close_domain",
    "close_mailbox",
    "confirm_second_address",
    "create_alias",
    "create_device_password",
    "create_domain",
    "create_mailbox",
    "create_mailboxes",
    "create_operator",
    "delete_alias",
    "delete_domain",
    "delete_mailbox",
    "dismiss_administrator",
    "dismiss_operator",
    "drop_domains",
    "drop_mailbox",
    "end_alias_domain",
    "forgot_password",
    "grant_access",
    "hand_over",
    "invite",
    "invited",
    "label_mailbox",
    "leaving",
    "lent_device_password",
    "link_for_who_forgot",
    "look_as_owner",
    "make_alias_domain",
    "record_dialogues",
    "remove_second_address",
    "rename_device_password",
    "rename_mailbox",
    "reopen_domain",
    "reopen_mailbox",
    "reset_second_factor",
    "revoke_access",
    "revoke_device_password",
    "send_invitation",
    "set_catch_all",
    "set_password",
    "suspend_domain",
    "suspend_mailbox",
    "undelete_domain",
    "undelete_mailbox",
    "who_forgot",
]
