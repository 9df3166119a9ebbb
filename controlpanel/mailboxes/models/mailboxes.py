"""Mailboxes, what their administrators note, and their reply while the owner is away."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.models.addresses import Address
from controlpanel.mailboxes.models.domains import Domain, State


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
