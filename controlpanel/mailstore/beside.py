"""Mail that is in no maildrop, as rows: what leaves, and what is held as spam."""

from django.db import models
from django.db.models import Q

from controlpanel.mailboxes.models import Mailbox


class Errand(models.TextChoices):
    """Why mail leaves: an alias or a mailbox hands it on, or a notice answers it: of a failure, or of an absence.

    ANSWER asks first whether an absence is to be told, and never leaves itself.
    """

    FORWARD = "forward"
    ANSWER = "answer"
    NOTICE = "notice"


class Fate(models.TextChoices):
    """What became of mail that left. Returned: the relay took it, and later it came back."""

    WAITING = ""
    SENT = "sent"
    REFUSED = "refused"
    EXPIRED = "expired"
    RETURNED = "returned"


class Outgoing(models.Model):
    """One message for one recipient elsewhere, from the delivery that set it off until 30 days after it ended.

    `kept`: the body is a message's own, and the sweep leaves it there while a row here names it. Else it is this row's,
    or that of several, and goes with the last.
    """

    errand = models.CharField(max_length=8, choices=Errand)
    mailbox_id = models.BigIntegerField(null=True)  # whose own mail it was; none: an alias's
    forwarder = models.CharField(max_length=320)  # the address here that sends it
    domain = models.CharField(max_length=253)  # of the forwarder
    sender = models.CharField(max_length=320, blank=True)  # of the envelope in which it came
    recipient = models.CharField(max_length=320)
    envelope = models.CharField(max_length=320, blank=True)  # the sender under which it left, lower case
    body = models.BigIntegerField(null=True)
    octets = models.BigIntegerField()
    head = models.IntegerField()  # octets of our own trace lines at the body's beginning, which stay here
    kept = models.BooleanField()
    message_id = models.CharField(max_length=320, blank=True)
    from_header = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=400, blank=True)
    date_header = models.CharField(max_length=100, blank=True)
    since = models.DateTimeField()
    due = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0, db_default=0)
    reply = models.CharField(max_length=400, blank=True, db_default="")  # what the relay said last
    ended = models.DateTimeField(null=True)
    fate = models.CharField(max_length=8, choices=Fate, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended__isnull=True, fate="", body__isnull=False) | (Q(ended__isnull=False) & ~Q(fate="")),
                name="outgoing_ended_with_a_fate",
            ),
        ]
        indexes = [
            models.Index(fields=["due"], condition=Q(ended__isnull=True), name="outgoing_due"),
            models.Index(fields=["body"], condition=Q(body__isnull=False), name="outgoing_body"),
            models.Index(fields=["envelope", "-ended"], condition=Q(fate="sent"), name="outgoing_sent"),
            models.Index(fields=["mailbox_id", "-id"], condition=~Q(fate="sent"), name="outgoing_of_mailbox"),
            models.Index(
                fields=["domain", "-id"],
                condition=Q(mailbox_id__isnull=True) & ~Q(fate="sent"),
                name="outgoing_of_domain",
            ),
            models.Index(fields=["ended"], condition=Q(ended__isnull=False), name="outgoing_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.forwarder} to {self.recipient}"


class Answered(models.Model):
    """Who was told of an absence, and when last."""

    mailbox_id = models.BigIntegerField()
    sender = models.CharField(max_length=320)  # lower case
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox_id", "sender"], name="answered_once")]
        indexes = [models.Index(fields=["at"], name="answered_at")]

    def __str__(self) -> str:
        return f"{self.sender} by {self.mailbox_id}"


class Held(models.Model):
    """A message that is marked as spam: not in the maildrop, for 30 days or until its owner says what it is.

    `told`: it was in a daily message to its owner, or shall be in none.
    """

    mailbox = models.ForeignKey(Mailbox, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    body = models.BigIntegerField(unique=True)
    octets = models.BigIntegerField()
    received = models.DateTimeField()
    told = models.BooleanField(default=False)
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    message_id = models.CharField(max_length=320, blank=True)
    from_header = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=400, blank=True)
    date_header = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["mailbox", "id"], include=["octets"], name="held_of_mailbox"),
            models.Index(fields=["received"], name="held_received"),
            models.Index(fields=["mailbox"], condition=Q(told=False), name="held_untold"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} in {self.mailbox_id}"
