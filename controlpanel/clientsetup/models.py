"""How a domain shows itself to mail clients and to the people who set them up."""

from django.db import models

from controlpanel.mailboxes.models import Domain


class DomainSetup(models.Model):
    """What a domain chooses for its clients; a domain without a row takes what the settings say."""

    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, primary_key=True, related_name="setup")
    name = models.CharField(max_length=60, blank=True)  # empty: the domain's own
    colour = models.CharField(max_length=7, blank=True)  # #rrggbb
    submission_host = models.CharField(max_length=253, blank=True)  # empty: SUBMISSION_HOST
    submission_port = models.PositiveIntegerField(default=465)  # 465: TLS from the first byte; another: STARTTLS
    dkim_selector = models.CharField(max_length=63, blank=True)
    dkim_key = models.CharField(max_length=1000, blank=True)  # the value of the TXT record
    pacc = models.BinaryField(null=True)  # the bytes served, for which a TXT record vouches

    def __str__(self) -> str:
        return self.domain.name
