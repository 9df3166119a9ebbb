"""What a row of the journal says, as a sentence for people, and what it changed from what to what."""

from collections.abc import Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from controlpanel.journal.models import Activity
from controlpanel.mailboxes.addresses import domain_shown, shown
from controlpanel.mailboxes.models import OverQuota
from controlpanel.mailboxes.octets import percents
from controlpanel.mailboxes.octets import shown as octets_shown

SENTENCES: dict[str, Promise] = {
    "create_domain": _("created the domain %(subject)s"),
    "change_domain": _("changed the domain %(subject)s"),
    "suspend_domain": _("suspended the domain %(subject)s"),
    "close_domain": _("closed the domain %(subject)s"),
    "reopen_domain": _("opened the domain %(subject)s again"),
    "delete_domain": _("deleted the domain %(subject)s"),
    "undelete_domain": _("undid the deletion of the domain %(subject)s"),
    "create_mailbox": _("created the mailbox %(subject)s"),
    "change_mailbox": _("changed the mailbox %(subject)s"),
    "import_mailboxes": _("imported mailboxes from %(subject)s"),
    "import_maildir": _("brought the old mail of %(subject)s in"),
    "label_mailbox": _("labelled the mailbox %(subject)s"),
    "rename_mailbox": _("renamed a mailbox to %(subject)s"),
    "suspend_mailbox": _("suspended the mailbox %(subject)s"),
    "close_mailbox": _("closed the mailbox %(subject)s"),
    "reopen_mailbox": _("opened the mailbox %(subject)s again"),
    "ask_second_address": _("named a second address for %(subject)s"),
    "confirm_second_address": _("confirmed the second address of %(subject)s"),
    "remove_second_address": _("took away the second address of %(subject)s"),
    "forgot_password": _("was sent a link for the forgotten password of %(subject)s"),
    "look_as_owner": _("looked at %(subject)s as its owner does"),
    "hand_over": _("handed %(subject)s over"),
    "delete_mailbox": _("deleted the mailbox %(subject)s"),
    "undelete_mailbox": _("undid the deletion of the mailbox %(subject)s"),
    "make_alias_domain": _("made %(subject)s an alias domain"),
    "end_alias_domain": _("made %(subject)s a domain of its own again"),
    "create_alias": _("created the alias %(subject)s"),
    "change_alias": _("changed the alias %(subject)s"),
    "delete_alias": _("deleted the alias %(subject)s"),
    "create_device_password": _("created a device password for %(subject)s"),
    "rename_device_password": _("renamed a device password of %(subject)s"),
    "revoke_device_password": _("revoked a device password of %(subject)s"),
    "grant_access": _("let somebody else open %(subject)s"),
    "revoke_access": _("took from somebody the right to open %(subject)s"),
    "create_operator": _("made %(subject)s an operator"),
    "appoint_administrator": _("made %(subject)s an administrator"),
    "dismiss_administrator": _("dismissed the administrator %(subject)s"),
    "set_password": _("set the password of %(subject)s"),
    "invite": _("invited %(subject)s to set a password"),
    "accept_invitation": _("accepted the invitation to %(subject)s"),
    "appoint_operator": _("made %(subject)s an operator"),
    "dismiss_operator": _("dismissed the operator %(subject)s"),
    "reset_second_factor": _("took away the second factor of %(subject)s"),
    "change_preferences": _("changed their own preferences"),
    "remove_messages": _("removed messages of %(subject)s"),
    "restore_messages": _("restored messages of %(subject)s"),
    "delete_messages": _("deleted messages of %(subject)s for good"),
    "drop_mailbox": _("cleared away the mailbox %(subject)s"),
    "drop_domain": _("cleared away the domain %(subject)s"),
    "clear_slowed": _("let %(subject)s sign in again at once"),
    "release_messages": _("released messages of %(subject)s that were held as spam"),
    "drop_held_messages": _("deleted messages of %(subject)s that were held as spam"),
    "end_session": _("ended a session of %(subject)s"),
    "record_dialogues": _("had the dialogue of mail clients with %(subject)s written down"),
    "stop_dialogues": _("stopped writing down the dialogue of mail clients with %(subject)s"),
    "trace_message": _("looked what became of a message to %(subject)s"),
    "change_away": _("changed the automatic reply of %(subject)s"),
    "change_forwarding": _("changed where mail for %(subject)s goes on to"),
    "choose_leaving": _("chose what mail clients of %(subject)s do with fetched mail"),
    "change_setup": _("changed the set-up of %(subject)s for mail clients"),
}
FIELDS: dict[str, Promise] = {
    "name": _("name"),
    "quota": _("space"),
    "note": _("note"),
    "labels": _("labels"),
    "removed_cap": _("space for removed mail"),
    "pop3_enabled": _("mail clients"),
    "limit_mailboxes": _("mailboxes at most"),
    "limit_octets": _("space together"),
    "largest_quota": _("largest mailbox"),
    "default_quota": _("space of a new mailbox"),
    "language": _("language"),
    "time_zone": _("time zone"),
    "restore_days": _("days to restore"),
    "over_quota": _("when full"),
    "warn_marks": _("warns at"),
    "exclusive_lock": _("one mail client at a time"),
    "login_delay": _("seconds between sign-ins"),
    "ascii_headers": _("plain headers without UTF-8"),
    "send_enabled": _("may send"),
    "daily_limit": _("recipients a day"),
    "expire_days": _("days that mail stays"),
    "expire_unfetched": _("also what nobody fetched"),
    "second_factor_required": _("second factor required"),
    "device_passwords_only": _("device passwords only"),
    "device_passwords_from": _("from which day on"),
    "plain_login_until": _("sign-in without TLS until"),
    "old_tls_until": _("TLS 1.0 and 1.1 until"),
    "device": _("device"),
    "targets": _("goes to"),
    "copy": _("a copy stays"),
    "away": _("days"),
    "forwarding": _("may forward"),
    "send_as": _("each may send with it"),
    "alias_of": _("alias of"),
    "separator": _("sub-addresses"),
    "hold_spam": _("spam is held"),
    "count": _("messages"),
    "mailboxes": _("mailboxes"),
    "days": _("days"),
    "user": _("who"),
    "reason": _("reason"),
    "to": _("to"),
    "moved": _("with the mail that waited"),
    "before": _("before"),
    "message_id": _("Message-ID"),
}
IN_OCTETS = frozenset({"quota", "removed_cap", "limit_octets", "largest_quota", "default_quota"})


def sentence(row: Activity) -> str:
    """Return what was done to what; an act that is not known here is shown by its own name."""
    words = SENTENCES.get(row.act)
    subject = shown(row.subject) if "@" in row.subject else domain_shown(row.subject)
    return f"{row.act} {subject}".strip() if words is None else str(words) % {"subject": subject}


def details(row: Activity) -> str:
    """Return what the row keeps beside it, as `space: 1 GB → 2 GB`."""
    return "; ".join(_parts(row))


def _parts(row: Activity) -> Iterator[str]:
    change = row.act.startswith(("change_", "rename_"))
    for name, value in row.details.items():
        if name not in FIELDS:
            continue
        if change and isinstance(value, list) and len(value) == 2:
            yield f"{FIELDS[name]}: {_value(name, value[0])} → {_value(name, value[1])}"
        elif value not in (None, "", []):
            yield f"{FIELDS[name]}: {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if value is None or value == "":
        return gettext("none")
    if name == "warn_marks":
        return percents(value) or gettext("none")
    if isinstance(value, list):
        return ", ".join(shown(str(each)) for each in value)
    if name in IN_OCTETS and isinstance(value, int):
        return octets_shown(value)
    return str(OverQuota(value).label) if name == "over_quota" and value in OverQuota.values else str(value)
