"""When each kind of work is due, shared by all hosts that run `manage.py run_jobs`."""

from django.db import models


class Job(models.Model):
    """One kind of work. Who claims it works alone until `claimed_until`, by the database's clock."""

    name = models.CharField(primary_key=True, max_length=60)
    due = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    steps = models.PositiveIntegerField(default=0)  # of the last run
    fault = models.CharField(max_length=200, blank=True)  # of the last run; empty: it went well

    def __str__(self) -> str:
        return self.name
