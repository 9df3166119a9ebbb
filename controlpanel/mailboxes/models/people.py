"""Who opens a mailbox and with what, and what they are told."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from controlpanel.mailboxes.models.mailboxes import Mailbox


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
