"""What happened, append-only: ids and texts, no foreign key, so a row outlives what it tells about."""

from django.db import models

OLD_TLS = ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")  # versions that RFC 8996 ends, as OpenSSL and proxies write them
TOKEN_MECHANISMS = ("OAUTHBEARER", "XOAUTH2")  # a session by one of these has its name in the place of a device's


class Activity(models.Model):
    """One change that somebody made: who, what, to which domain or mailbox."""

    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.BigIntegerField(null=True)  # a User; none where the shell or a job acted
    actor = models.CharField(max_length=320, blank=True)
    act = models.CharField(max_length=60)
    domain_id = models.BigIntegerField(null=True)
    mailbox_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=400, blank=True)  # the address or name the act was about
    details = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["domain_id", "-id"], name="activity_domain"),
            models.Index(fields=["mailbox_id", "-id"], name="activity_mailbox"),
            models.Index(fields=["at"], name="activity_at"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"


class PastSession(models.Model):
    """A mail session that ended: POP3, or signing in to send (smtp).

    Those that moved nothing fold into one row per mailbox, device, address, protocol and hour.
    """

    mailbox_id = models.BigIntegerField()
    session = models.BigIntegerField(null=True)  # the live session's number; none in a folded row
    device_id = models.BigIntegerField(null=True)
    device = models.CharField(max_length=120, blank=True)  # the device password's name; see TOKEN_MECHANISMS
    protocol = models.CharField(max_length=8, default="pop3")
    address = models.GenericIPAddressField(null=True)
    tls = models.CharField(max_length=16, blank=True)
    mechanism = models.CharField(max_length=24, blank=True)
    started = models.DateTimeField()
    ended = models.DateTimeField()
    fetched = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    octets = models.BigIntegerField(default=0)  # sent to the client
    ended_by = models.CharField(max_length=16)  # see record.Finished
    times = models.PositiveIntegerField(default=1)
    hour = models.DateTimeField(null=True)  # in a folded row alone

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox_id", "device_id", "address", "protocol", "hour"],
                condition=models.Q(hour__isnull=False),
                nulls_distinct=False,
                name="past_session_fold",
            )
        ]
        indexes = [
            models.Index(fields=["mailbox_id", "-ended"], name="past_session_mailbox"),
            models.Index(fields=["ended"], name="past_session_ended"),
            # Who still comes without TLS or with an old one.
            models.Index(
                fields=["mailbox_id", "-ended"],
                condition=models.Q(tls__in=("", *OLD_TLS)),
                name="past_session_unsafe",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} {self.started:%F %T}"


class Attempt(models.Model):
    """Sign-ins to a mailbox that were refused: one row per mailbox, address, protocol, outcome and hour."""

    mailbox_id = models.BigIntegerField()
    protocol = models.CharField(max_length=8)
    address = models.GenericIPAddressField(null=True)
    outcome = models.CharField(max_length=32)
    mechanism = models.CharField(max_length=24, blank=True)
    tls = models.CharField(max_length=16, blank=True)
    hour = models.DateTimeField()
    last = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox_id", "protocol", "address", "outcome", "hour"],
                nulls_distinct=False,
                name="attempt_fold",
            )
        ]
        indexes = [
            models.Index(fields=["mailbox_id", "-last"], name="attempt_mailbox"),
            models.Index(fields=["last"], name="attempt_last"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} {self.outcome}"


class Dialogue(models.Model):
    """What a mail client and the service said to each other, line by line, without secrets and content."""

    mailbox_id = models.BigIntegerField()
    started = models.DateTimeField()
    ended = models.DateTimeField()
    signed_in = models.BooleanField()
    device = models.CharField(max_length=120, blank=True)
    address = models.GenericIPAddressField(null=True)
    tls = models.CharField(max_length=16, blank=True)
    mechanism = models.CharField(max_length=24, blank=True)
    ended_by = models.CharField(max_length=32, blank=True)
    entries = models.JSONField()  # [milliseconds since the beginning, who (C, S or ""), text]

    class Meta:
        indexes = [
            models.Index(fields=["mailbox_id", "-id"], name="dialogue_mailbox"),
            models.Index(fields=["ended"], name="dialogue_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id} {self.started:%F %T}"


class RefusedMessage(models.Model):
    """A message that LMTP refused for a known mailbox, and with which reply: "he sent it, and I haven't got it"."""

    mailbox_id = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)
    sender = models.CharField(max_length=320, blank=True)
    recipient = models.CharField(max_length=320, blank=True, db_default="")
    message_id = models.CharField(max_length=320, blank=True)
    octets = models.BigIntegerField(default=0)
    reply = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(fields=["mailbox_id", "-at"], name="refused_mailbox"),
            models.Index(fields=["at"], name="refused_at"),
        ]

    def __str__(self) -> str:
        return self.reply
