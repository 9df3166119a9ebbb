"""The service as its operators see it: work that has a clock, the check of the store, certificates."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from controlpanel.jobs import store_check
from controlpanel.jobs.models import Job
from controlpanel.launcher import certificate
from controlpanel.mailboxes.models import Usage
from controlpanel.mailstore.models import StoreCheck
from controlpanel.panel import certificates, work
from tests.panel.conftest import People
from tests.store.factories import make_mailbox, put

WHERE = "/service/"


def run(steps: Any) -> None:
    for _step in steps:
        pass


def test_a_store_that_fits_is_said_to_fit(people: People) -> None:
    put(people.mailbox)
    run(store_check.check_all())
    page = people.client("operator").get(WHERE).text
    assert "Everything fits: 2 mailboxes" in page


def test_a_fault_of_the_store_is_kept_and_shown_and_not_mended(people: People) -> None:
    put(people.mailbox)
    Usage.objects.filter(mailbox=people.mailbox).update(messages=7)
    run(store_check.check_all())
    kept = StoreCheck.objects.get()
    assert (kept.faults, kept.first) == (1, [["counters", people.mailbox.pk, 7, 1]])
    assert Usage.objects.get(mailbox=people.mailbox).messages == 7
    page = people.client("operator").get(WHERE).text
    assert "1 fault: a counter or a body does not fit its messages." in page


def test_only_the_first_faults_are_kept_and_old_checks_forgotten(people: People) -> None:
    old = StoreCheck.objects.create()
    StoreCheck.objects.filter(pk=old.pk).update(started=timezone.now() - timedelta(days=31))
    for _ in range(30):
        make_mailbox()
    Usage.objects.update(messages=7, octets=7)
    run(store_check.check_all())
    kept = StoreCheck.objects.get()
    assert (kept.faults, len(kept.first)) == (64, store_check.FIRST)


def test_a_check_that_was_interrupted_says_nothing(people: People) -> None:
    Usage.objects.update(messages=7, octets=7)
    next(store_check.check_all())
    assert "It runs once a day, and has not yet." in people.client("operator").get(WHERE).text


def test_work_that_failed_or_that_nobody_does_comes_first(people: People) -> None:
    now = timezone.now()
    minute = timedelta(minutes=1)
    Job.objects.create(name="forget sessions", due=now + minute, ended=now)
    Job.objects.create(name="sweep bodies", due=now - minute, claimed_until=now + minute)
    Job.objects.create(name="expire messages", due=now + minute, ended=now, fault="ValueError")
    Job.objects.create(name="of tomorrow", due=now - 11 * minute)
    found = {str(kind.name): kind.state for kind in work.all_kinds()}
    assert found == {
        "of tomorrow": "late",
        "remove messages past their days": "failed",
        "clear away bodies of messages that are gone": "running",
        "forget sessions": "",
    }
    assert list(found.values()) == ["late", "failed", "running", ""]
    page = people.client("operator").get(WHERE).text
    assert "nobody does it" in page
    assert "ValueError" in page


@pytest.fixture
def directory(tmp_path: Path, settings: Any) -> Path:
    settings.TLS_DIR = tmp_path
    return tmp_path


def test_certificates_are_told_with_their_names_and_days(people: People, directory: Path) -> None:
    certificate.for_localhost(directory)
    (directory / "broken").mkdir()
    (directory / "broken" / "fullchain.pem").write_text("no certificate")
    (directory / "empty").mkdir()
    found = certificates.kept(directory)
    assert [(each.folder, each.level) for each in found] == [("broken", "wrong"), ("localhost", "")]
    page = people.client("operator").get(WHERE).text
    assert "cannot be read" in page
    assert f"{found[1].days_left} days left" in page


def test_without_certificates_the_page_is_there(people: People, settings: Any) -> None:
    settings.TLS_DIR = Path("/nowhere")
    assert "None can be read from here." in people.client("operator").get(WHERE).text
