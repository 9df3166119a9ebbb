"""Aliases, a row for each target."""

from django.db import models
from django.db.models import Q

from controlpanel.mailboxes.models.addresses import Address
from controlpanel.mailboxes.models.mailboxes import Mailbox


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
