"""Domains, their addresses, and the mailboxes behind them. Every change goes through changes.py."""

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


def both_marks() -> list[int]:
    """The percents of a quota at which owners and administrators are warned where nobody chose."""
    return [80, 95]


class Separator(models.TextChoices):
    """What stands between an address and the rest of a sub-address (RFC 5233): `ana+lists` is `ana`."""

    PLUS = "+", _("A plus sign, as in ana+lists")
    HYPHEN = "-", _("A hyphen, as in ana-lists")
    UNDERSCORE = "_", _("An underscore, as in ana_lists")
    NONE = "", _("Nothing: there are no sub-addresses")


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


class Address(models.Model):
    """A local part that is taken in a domain, by one Mailbox or one Alias: whoever inserts the row owns the name.

    An empty local part is the domain's catch-all.
    """

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="addresses")
    local = models.CharField(max_length=64)  # NFC, lower case
    send_as = models.BooleanField(
        default=False, db_default=False
    )  # an alias's: each mailbox behind it may send with this address

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "local"], name="address_taken"),
            models.CheckConstraint(condition=Q(local=Lower("local")), name="address_lower"),
        ]

    def __str__(self) -> str:
        return f"{self.local}@{self.domain.name}"


class Label(models.Model):
    """A word by which administrators tell mailboxes of a domain apart."""

    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint("domain", Lower("name"), name="label_taken")]

    def __str__(self) -> str:
        return self.name


class Mailbox(models.Model):
    """A maildrop with an owner. `address_text` repeats the address, so that lists sort and search one table."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mailbox")
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="mailboxes")
    address = models.OneToOneField(Address, on_delete=models.PROTECT, related_name="mailbox")
    address_text = models.CharField(max_length=320)
    name = models.CharField(_("name"), max_length=120, blank=True)
    quota = models.PositiveBigIntegerField(null=True)  # octets; none: no limit
    removed_cap = models.PositiveBigIntegerField(null=True)  # octets; none: as large as the quota
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    state_reason = models.CharField(max_length=200, blank=True)
    state_since = models.DateTimeField(db_default=Now())
    state_before = models.CharField(max_length=10, choices=State, blank=True)  # what undoing a deletion gives back
    pop3_enabled = models.BooleanField(default=True)
    send_enabled = models.BooleanField(default=True, db_default=True)
    daily_limit = models.PositiveIntegerField(null=True)  # none: the domain's
    leave_own = models.BooleanField(default=False)  # the owner's choice in leave_days, not the domain's
    leave_days = models.PositiveSmallIntegerField(null=True)
    note = models.CharField(max_length=500, blank=True)  # for administrators, as the labels are
    labels = models.ManyToManyField(Label, related_name="mailboxes")
    forward_to = ArrayField(models.CharField(max_length=320), default=list, db_default=[])
    forward_keep = models.BooleanField(default=True, db_default=True)  # a copy of what is forwarded stays here
    away_from = models.DateTimeField(null=True)  # between these an AwayReply answers
    away_until = models.DateTimeField(null=True)
    record_until = models.DateTimeField(null=True)  # its dialogues with mail clients are written down until then
    record_sessions = models.PositiveSmallIntegerField(default=0, db_default=0)  # and so many of them
    scram_salt = models.BinaryField(max_length=16)  # one for all device passwords (RFC 5802 section 5.1 names it first)
    full_since = models.DateTimeField(null=True)  # no octet left, or first refusal for quota since it last had room
    created = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField(null=True)  # last POP3 session, kept by the journal's fold

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_text"], name="mailbox_address_taken"),
            models.CheckConstraint(condition=Q(quota__gt=0), name="mailbox_quota_positive"),
        ]
        indexes = [  # lists are read and counted from these alone
            models.Index(
                fields=["domain", "address_text"],
                include=["id", "quota"],
                condition=~Q(state=State.DELETED),
                name="mailbox_present",
            ),
            models.Index(fields=["domain", "address_text"], condition=Q(state=State.DELETED), name="mailbox_deleted"),
        ]

    def __str__(self) -> str:
        return self.address_text

    @property
    def leaving(self) -> int | None:
        """Days for which mail clients are asked to leave fetched mail here; none: for ever, 0: not at all."""
        return self.leave_days if self.leave_own else self.domain.leave_days

    @property
    def sending_limit(self) -> int | None:
        """Recipients a local day to whom it may send; none: as many as it likes."""
        return self.domain.daily_limit if self.daily_limit is None else self.daily_limit


class AwayReply(models.Model):
    """What answers mail while its owner is away, from Mailbox.away_from to away_until."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, primary_key=True, related_name="away_reply")
    first_day = models.DateField()  # as its owner wrote them, both included
    last_day = models.DateField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    written = models.DateTimeField()  # whoever was answered before may be answered anew

    def __str__(self) -> str:
        return f"{self.subject} from {self.mailbox_id}"


class Usage(models.Model):
    """What a mailbox holds, kept by mailstore under this row's lock; a form's save cannot overwrite it.

    `change` rises with every arrival, removal and restore: a session is the maildrop at one change number.
    """

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, primary_key=True, related_name="usage")
    messages = models.BigIntegerField(default=0, db_default=0)
    octets = models.BigIntegerField(default=0, db_default=0)
    removed_messages = models.BigIntegerField(default=0, db_default=0)
    removed_octets = models.BigIntegerField(default=0, db_default=0)
    change = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(messages__gte=0, octets__gte=F("messages")), name="usage_not_negative"),
            models.CheckConstraint(
                condition=Q(removed_messages__gte=0, removed_octets__gte=0), name="usage_removed_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.messages} messages, {self.octets} octets"


class QuotaWarning(models.Model):
    """A mailbox past one of its domain's marks, and who has been told. No row: it is below all of them."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, primary_key=True, related_name="quota_warning")
    mark = models.PositiveSmallIntegerField()  # percent: the highest that it is past
    at = models.DateTimeField()
    owner_told = models.BooleanField(default=False)
    administrators_told = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["mailbox"], condition=Q(owner_told=False), name="quota_owner_untold"),
            models.Index(fields=["mailbox"], condition=Q(administrators_told=False), name="quota_admins_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} past {self.mark} %"


class Sent(models.Model):
    """To how many recipients a mailbox has sent on the last day that it sent, a day of its domain's time zone.

    A row of its own, so that what counts waits for nobody who changes the mailbox.
    """

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, primary_key=True, related_name="sent")
    day = models.DateField()
    recipients = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.recipients} on {self.day}"


class Access(models.Model):
    """A further mailbox (info@, ventas@) that a User opens beside the one of their own address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="accesses")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="accesses")
    granted = models.DateTimeField(null=True, auto_now_add=True)
    granted_by = models.CharField(max_length=320, blank=True)  # an address; empty: the shell

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "mailbox"], name="access_twice")]

    def __str__(self) -> str:
        return f"{self.user_id} opens {self.mailbox_id}"


class OwnerNotice(models.Model):
    """What the owner of a mailbox shall read in it: written with the change, delivered by a job, then deleted."""

    class About(models.TextChoices):
        ACCESS = "access"  # details: user (who opens it), by (who let them)
        HAND_OVER = "hand_over"  # details: address (whose mail arrives here now), by
        FORWARDING = "forwarding"  # details: targets, by

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="notices")
    about = models.CharField(max_length=16, choices=About)
    details = models.JSONField(default=dict)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.about} for {self.mailbox_id}"


class Letter(models.Model):
    """What the panel sends to an address elsewhere; a job does, and makes the link when it does: none lies here.

    FORGOTTEN names an address that somebody typed, whether anybody has it or not: so the page takes as long for both.
    """

    class About(models.TextChoices):
        INVITATION = "invitation"  # to `address`, for `user`, from `by`
        CONFIRM = "confirm"  # to `address`, which shall be the second one of `user`
        FORGOTTEN = "forgotten"  # to the second address of who signs in as `address`

    about = models.CharField(max_length=16, choices=About)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    address = models.CharField(max_length=320)
    client = models.GenericIPAddressField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    due = models.DateTimeField(db_default=Now())
    sent = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["due"], condition=Q(sent__isnull=True), name="letter_due")]

    def __str__(self) -> str:
        return f"{self.about} to {self.address}"


class HandOver(models.Model):
    """A mailbox whose owner left: it is deleted, under another address, and its own is an alias of `target`."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, related_name="hand_over")
    target = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="taken_over")
    address_text = models.CharField(max_length=320)  # what it was
    aliases = models.JSONField(default=list)  # of each alias that followed: [address, whether the target had it before]
    moving = models.BooleanField(default=False)  # a job is moving what waits
    moved = models.PositiveBigIntegerField(default=0)  # messages
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(moving=True), name="hand_over_moving")]

    def __str__(self) -> str:
        return f"{self.address_text} to {self.target_id}"


class Alias(models.Model):
    """One target of an alias's address: a local mailbox, an address elsewhere, or, for a catch-all, another alias.

    Whatever stands behind `via` is a mailbox or elsewhere, so no chain of ours can close into a loop.
    """

    address = models.ForeignKey(Address, on_delete=models.CASCADE, related_name="aliases")
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, null=True, related_name="aliases")
    outside = models.CharField(max_length=320, blank=True)
    via = models.ForeignKey(Address, on_delete=models.RESTRICT, null=True, related_name="caught")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "mailbox", "outside"], nulls_distinct=False, name="alias_target_twice"
            ),
            models.CheckConstraint(
                condition=Q(mailbox__isnull=False, outside="", via=None)
                | (Q(mailbox=None, via=None) & ~Q(outside=""))
                | Q(mailbox=None, outside="", via__isnull=False),
                name="alias_one_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address_id} -> {self.mailbox_id or self.outside or self.via_id}"

    @property
    def target(self) -> str:
        """Where it leads, as it is typed."""
        if self.mailbox:
            return self.mailbox.address_text
        return str(self.via) if self.via else self.outside


class DevicePassword(models.Model):
    """A random password for one device, kept as SCRAM-SHA-256 keys under the salt of its mailbox (RFC 5802)."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="device_passwords")
    name = models.CharField(max_length=60)
    stored_key = models.BinaryField(max_length=32)
    server_key = models.BinaryField(max_length=32)
    may_fetch = models.BooleanField(default=True)
    may_send = models.BooleanField(default=True)
    networks = models.JSONField(default=list)  # CIDR texts; empty: from anywhere
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    lent = models.BooleanField(default=False)  # to a page of the panel, which signs in as a client would
    last_used = models.DateTimeField(null=True)
    last_address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["mailbox"], condition=Q(revoked__isnull=True), name="device_password_live")]

    def __str__(self) -> str:
        return self.name
