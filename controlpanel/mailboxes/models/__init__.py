"""Domains, their addresses, and the mailboxes behind them. Every change goes through `changes`."""

from controlpanel.mailboxes.models.addresses import Address
from controlpanel.mailboxes.models.aliases import Alias
from controlpanel.mailboxes.models.domains import DAY, GIB, GRACE_DAYS, Domain, OverQuota, Separator, State, both_marks
from controlpanel.mailboxes.models.mailboxes import AwayReply, Label, Mailbox
from controlpanel.mailboxes.models.people import Access, DevicePassword, HandOver, Letter, OwnerNotice
from controlpanel.mailboxes.models.usage import QuotaWarning, Sent, Usage

__all__ = [
    "DAY",
    "GIB",
    "GRACE_DAYS",
    "Access",
    "Address",
    "Alias",
    "AwayReply",
    "DevicePassword",
    "Domain",
    "HandOver",
    "Label",
    "Letter",
    "Mailbox",
    "OverQuota",
    "OwnerNotice",
    "QuotaWarning",
    "Sent",
    "Separator",
    "State",
    "Usage",
    "both_marks",
]
