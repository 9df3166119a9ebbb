"""Domains: what holds for every mailbox below a name."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from controlpanel.accounts.addresses import domain_shown

GIB = 2**30
DAY = 86_400
GRACE_DAYS = 30  # from the deletion of a mailbox or a domain to the day when its mail goes


class State(models.TextChoices):
    """Suspended: no sign-in, mail still arrives. Closed: mail is refused too. Deleted: retention will remove it."""

    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    CLOSED = "closed", _("Closed")
    DELETED = "deleted", _("Deleted")


class OverQuota(models.TextChoices):
    """What LMTP answers for a full mailbox: 452, 552, or 452 for a day and then 552."""

    DEFER = "defer", _("Ask the sender's server to try again")
    REFUSE = "refuse", _("Refuse at once")
    DEFER_A_DAY = "defer_a_day", _("Ask to try again for a day, then refuse")


class Separator(models.TextChoices):
    """What stands between an address and the rest of a sub-address (RFC 5233): `ana+lists` is `ana`."""

    PLUS = "+", _("A plus sign, as in ana+lists")
    HYPHEN = "-", _("A hyphen, as in ana-lists")
    UNDERSCORE = "_", _("An underscore, as in ana_lists")
    NONE = "", _("Nothing: there are no sub-addresses")


def both_marks() -> list[int]:
    """The percents of a quota at which owners and administrators are warned where nobody chose."""
    return [80, 95]


class Domain(models.Model):
    """A mail domain, its limits (of what may be allotted, never of a delivery) and its policies.

    Each address of an alias domain stands for the one of the same local part in `alias_of`; it has none of its own.
    """

    name = models.CharField(_("name"), max_length=253)  # A-label form, lower case
    unicode_name = models.CharField(max_length=253, blank=True, editable=False)  # in U-labels, where that differs
    alias_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="alias_domains")
    separator = models.CharField(max_length=1, choices=Separator, default=Separator.PLUS, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    state_reason = models.CharField(max_length=200, blank=True)
    state_since = models.DateTimeField(db_default=Now())
    state_before = models.CharField(max_length=10, choices=State, blank=True)  # what undoing a deletion gives back
    created = models.DateTimeField(auto_now_add=True)
    administrators = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="domains")

    limit_mailboxes = models.PositiveIntegerField(null=True, blank=True)  # none: no limit
    limit_octets = models.PositiveBigIntegerField(null=True, blank=True)
    largest_quota = models.PositiveBigIntegerField(null=True, blank=True)
    default_quota = models.PositiveBigIntegerField(default=GIB)

    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    restore_days = models.PositiveSmallIntegerField(default=14)
    over_quota = models.CharField(max_length=12, choices=OverQuota, default=OverQuota.DEFER_A_DAY)
    warn_marks = ArrayField(models.PositiveSmallIntegerField(), default=both_marks, blank=True)  # percents, rising
    exclusive_lock = models.BooleanField(default=False)
    login_delay = models.PositiveIntegerField(default=0)  # seconds, RFC 2449 section 6.5
    expire_days = models.PositiveSmallIntegerField(null=True, blank=True)  # none: EXPIRE NEVER
    expire_unfetched = models.BooleanField(default=False)
    pop3_enabled = models.BooleanField(default=True)
    ascii_headers = models.BooleanField(default=False, db_default=False)  # for clients without UTF8: RFC 6856
    device_passwords_only = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(default=False)  # of its owners, in the panel
    device_passwords_from = models.DateField(null=True, blank=True)  # UTC; none: at once
    plain_login_until = models.DateField(null=True, blank=True)  # sign-in without TLS, see line_policy; none: refused
    old_tls_until = models.DateField(null=True, blank=True)  # the same of TLS 1.0 and 1.1
    leave_days = models.PositiveSmallIntegerField(null=True, blank=True)  # see Mailbox.leaving
    daily_limit = models.PositiveIntegerField(
        null=True, blank=True, default=1000, db_default=1000
    )  # see Mailbox.sending_limit
    hold_spam = models.BooleanField(default=True, db_default=True)  # what is marked as spam waits apart
    forwarding = models.BooleanField(default=True, db_default=True)  # whether its mailboxes may forward their mail

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="domain_name_taken"),
            models.CheckConstraint(condition=Q(name=Lower("name")), name="domain_name_lower"),
            models.CheckConstraint(condition=Q(default_quota__gt=0), name="domain_default_quota_positive"),
            models.CheckConstraint(condition=Q(restore_days__lte=365), name="domain_restore_days_year"),
            models.CheckConstraint(condition=~Q(alias_of=F("id")), name="domain_alias_of_itself"),
            models.CheckConstraint(condition=Q(separator__in=Separator.values), name="domain_separator_known"),
        ]
        indexes = [
            models.Index(fields=["unicode_name"], condition=~Q(unicode_name=""), name="domain_unicode_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        if self._state.adding:
            spelled = domain_shown(self.name)
            self.unicode_name = "" if spelled == self.name else spelled
        super().save(*args, **options)
