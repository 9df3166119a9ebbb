"""Mail as rows: the only schema for messages. All SQL that touches it is in this app.

A message's octets are counted after CRLF canonicalisation, final CRLF included, before dot-stuffing.
"""

from django.db import models
from django.db.models import F, Q

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import beside  # noqa: F401  (its tables are this app's)

CHUNK_OCTETS = 256 * 1024
MAIN_PASSWORD = 0  # Fetched.device_id where no device password was used


class Removal(models.TextChoices):
    """Who removed a message: a POP3 client, its owner in the panel, the domain's expiry, a move to another mailbox."""

    CLIENT = "client"
    OWNER = "owner"
    EXPIRED = "expired"
    MOVED = "moved"


class Message(models.Model):
    """A message of a mailbox, from its arrival until 90 days after it is gone.

    Present: `removed` is null. Removed: hidden from later sessions, counted apart, restorable. Gone: purged or restored
    as another row (`gone_at`); no longer counted, yet `body` stays until no live session sees the message any more.

    `added` and `removed` are the mailbox's change numbers: a session at change c sees what has added <= c < removed.
    `uidl` is stored, unique in its mailbox, never reused.
    """

    mailbox = models.ForeignKey(Mailbox, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    body = models.BigIntegerField(null=True)
    octets = models.BigIntegerField()
    added = models.BigIntegerField()
    first_added = models.BigIntegerField(null=True)  # in a restored row: when its body first came
    removed = models.BigIntegerField(null=True)
    received = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    restored_as = models.BigIntegerField(null=True)  # the later Message, here or elsewhere, that took the body
    removed_by = models.BigIntegerField(null=True)  # the session's number
    removed_how = models.CharField(max_length=8, choices=Removal, blank=True)
    removed_device = models.CharField(max_length=120, blank=True)
    removed_address = models.GenericIPAddressField(null=True)
    uidl = models.CharField(max_length=70)
    # As they stand in the envelope and the header, undecoded: decoding is the reader's work, not the delivery's.
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True, db_default="")  # the address that brought it here
    message_id = models.CharField(max_length=320, blank=True)
    from_header = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=400, blank=True)
    date_header = models.CharField(max_length=100, blank=True)
    # For clients without UTF8, where the domain wants that (RFC 6856): what stands for the first `header_octets`.
    ascii_header = models.BinaryField(null=True)
    header_octets = models.IntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "uidl"], name="message_uidl_unique"),
            # Also the listing of a session: what is present, read from the index alone.
            models.UniqueConstraint(
                fields=["mailbox", "added"],
                include=["id", "octets"],
                condition=Q(removed__isnull=True),
                name="message_present",
            ),
            models.CheckConstraint(condition=Q(octets__gt=0), name="message_octets_positive"),
            models.CheckConstraint(condition=Q(uidl__regex=r"^[!-~]{1,70}$"), name="message_uidl_shape"),
            models.CheckConstraint(condition=Q(first_added__lt=F("added")), name="message_first_added_before"),
            models.CheckConstraint(condition=Q(removed__gt=F("added")), name="message_removed_after_added"),
            models.CheckConstraint(
                condition=Q(removed__isnull=True, removed_at__isnull=True)
                | Q(removed__isnull=False, removed_at__isnull=False),
                name="message_removed_when",
            ),
            models.CheckConstraint(
                condition=Q(gone_at__isnull=True, body__isnull=False, restored_as__isnull=True)
                | Q(gone_at__isnull=False, removed__isnull=False),
                name="message_gone_was_removed",
            ),
        ]
        indexes = [
            # What was removed after a session's change number; and from the other end, what to purge first.
            models.Index(
                fields=["mailbox", "removed"],
                condition=Q(removed__isnull=False, body__isnull=False),
                name="message_removed",
            ),
            models.Index(
                fields=["gone_at"], condition=Q(gone_at__isnull=False, body__isnull=False), name="message_to_sweep"
            ),
            models.Index(fields=["gone_at"], condition=Q(body__isnull=True), name="message_to_forget"),
            models.Index(fields=["mailbox", "-received"], name="message_received"),  # what somebody looks for
        ]

    def __str__(self) -> str:
        return self.uidl


class MessageChunk(models.Model):
    """Up to 256 KiB of a body, in order of `sequence`. Stored plain (STORAGE EXTERNAL): see the second migration."""

    pk = models.CompositePrimaryKey("body", "sequence")
    body = models.BigIntegerField()
    sequence = models.IntegerField()
    octets = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.body}.{self.sequence}"


class StagedBody(models.Model):
    """A body whose chunks are being written and that no message names yet; a sweep clears what a crash left."""

    body = models.BigIntegerField(primary_key=True)
    since = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["since"], name="staged_body_since")]

    def __str__(self) -> str:
        return str(self.body)


class Process(models.Model):
    """A mail process and its heartbeat, by the database's clock: keeps all its sessions alive (unlogged)."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=255)
    pid = models.IntegerField()
    started = models.DateTimeField()
    beat = models.DateTimeField()
    trouble = models.TextField(default="", db_default="", blank=True)  # what is wrong with it, as with a certificate

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Session(models.Model):
    """Who is connected now (unlogged: empty after a crash of PostgreSQL, and taken anew by a renewal).

    `id` is a random number: a counter of an unlogged table would start again after a crash and meet older sessions.
    """

    id = models.BigIntegerField(primary_key=True)
    process = models.UUIDField()
    mailbox_id = models.BigIntegerField()
    device_id = models.BigIntegerField(null=True)
    device = models.CharField(max_length=120, blank=True)
    address = models.GenericIPAddressField(null=True)
    tls = models.CharField(max_length=16, blank=True)
    mechanism = models.CharField(max_length=24)
    started = models.DateTimeField()
    change = models.BigIntegerField()  # the maildrop's change number that this session sees
    exclusive = models.BooleanField(default=False)
    end_asked = models.BooleanField(default=False)  # the panel asked to end it
    wanted = models.DateTimeField(null=True)  # when another login last waited for the maildrop

    class Meta:
        indexes = [
            models.Index(fields=["mailbox_id"], name="session_mailbox"),
            models.Index(fields=["process"], condition=Q(end_asked=True), name="session_to_end"),
            models.Index(fields=["process"], condition=Q(wanted__isnull=False), name="session_wanted"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} from {self.address}"


class LastLogin(models.Model):
    """When a mailbox under LOGIN-DELAY was last opened (unlogged)."""

    mailbox_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    delay = models.IntegerField()  # seconds, as they were then

    def __str__(self) -> str:
        return f"{self.mailbox_id} at {self.at:%F %T}"


class SinceCrash(models.Model):
    """One row (unlogged): since when, at the latest, no crash emptied the unlogged tables. For the sweep of bodies."""

    one = models.BooleanField(primary_key=True, default=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(one=True), name="since_crash_one_row")]

    def __str__(self) -> str:
        return f"{self.since:%F %T}"


class StoreCheck(models.Model):
    """A comparison of the store with itself that the clock made. `ended` is null while it runs, or was interrupted."""

    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)
    mailboxes = models.PositiveIntegerField(default=0)
    faults = models.PositiveIntegerField(default=0)
    first = models.JSONField(default=list)  # of them some: [kind, number, found, expected]

    def __str__(self) -> str:
        return f"{self.started:%F %T}: {self.faults}"


class Fetched(models.Model):
    """That a device fetched a message whole, and when it first did."""

    pk = models.CompositePrimaryKey("message_id", "device_id")
    message_id = models.BigIntegerField()
    device_id = models.BigIntegerField()  # 0: the main password
    mailbox_id = models.BigIntegerField()
    device = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.message_id} by {self.device or 'main password'}"


class UsageDay(models.Model):
    """What a mailbox held at the last look of a day (UTC), on days when that had changed. Pruned after a quarter."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="usage_days", db_index=False)
    day = models.DateField()
    messages = models.BigIntegerField()
    octets = models.BigIntegerField()
    removed_octets = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "day"], name="usage_day_twice")]
        indexes = [models.Index(fields=["day"], name="usage_day_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.octets} octets"


class Growth(models.Model):
    """What a mailbox held at the last look, and how many octets more than seven and thirty days before."""

    mailbox = models.OneToOneField(Mailbox, on_delete=models.CASCADE, primary_key=True, related_name="growth")
    messages = models.BigIntegerField()
    octets = models.BigIntegerField()
    removed_octets = models.BigIntegerField()
    week = models.BigIntegerField()
    month = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["-week"], condition=Q(week__gt=0), name="growth_week"),
            models.Index(fields=["-month"], condition=Q(month__gt=0), name="growth_month"),
        ]

    def __str__(self) -> str:
        return f"{self.week} octets in a week"
