"""Addresses, each one of a mailbox or of an alias."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from controlpanel.mailboxes.models.domains import Domain


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
