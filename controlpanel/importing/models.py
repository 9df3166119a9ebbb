"""Files of mailboxes on their way in: what was read, what is wrong with it, and how far it is.

A password in clear lies here enciphered (secrets.py) until its hash takes its place; a row that is done keeps neither.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from controlpanel.mailboxes.models import Domain


class State(models.TextChoices):
    """Of an import: its rows are checked, it waits for a yes, it makes mailboxes, it is over."""

    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    MAKING = "making", _("under way")
    DONE = "done", _("done")


class RowState(models.TextChoices):
    """Of a row: not looked at yet; to be made; wrong; a mailbox that was there before; made; refused at the last."""

    NEW = "new", _("not checked yet")
    GOOD = "good", _("to be made")
    BAD = "bad", _("wrong")
    THERE = "there", _("there already")
    MADE = "made", _("made")
    FAILED = "failed", _("refused")


class Import(models.Model):
    """One file. `by` and `shell`: on whose behalf; `domain`: where addresses without a domain belong."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    address = models.GenericIPAddressField(null=True)  # from where
    shell = models.BooleanField(default=False)
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="+")
    file_name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    separator = models.CharField(max_length=1, blank=True)
    unread = ArrayField(models.CharField(max_length=200), default=list)  # columns and lines that mean nothing here
    language = models.CharField(max_length=8)  # of the sentences beside its rows
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    created = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["by", "-id"], name="import_by")]

    def __str__(self) -> str:
        return self.file_name


class Row(models.Model):
    """One line of the file. `address` and what follows it are as they shall be, once the row is good."""

    belongs = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=RowState, default=RowState.NEW)
    values = models.JSONField(default=dict)  # as the file has them, secrets left out
    secret = models.BinaryField(null=True)  # a password in clear, or a hash that nobody has looked at, enciphered
    stored = models.CharField(max_length=512, blank=True)  # the hash as it will stand in the User's row
    address = models.CharField(max_length=320, blank=True)
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE, null=True, related_name="+")
    quota = models.PositiveBigIntegerField(null=True)
    takes = ArrayField(models.CharField(max_length=320), default=list)  # its address and its aliases
    faults = models.JSONField(default=list)  # [column, sentence]
    mailbox_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["belongs", "line"], name="import_row_line")]
        indexes = [
            models.Index(fields=["belongs", "state", "line"], name="import_row_state"),
            GinIndex(fields=["takes"], name="import_row_takes"),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.address}"
