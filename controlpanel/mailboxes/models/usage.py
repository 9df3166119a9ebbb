"""What a mailbox holds and has sent, and which marks of its quota it has passed."""

from django.db import models
from django.db.models import F, Q

from controlpanel.mailboxes.models.mailboxes import Mailbox


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
