"""`run_jobs`: what is due is done once, by whoever claims it; a fault stops neither the rest nor the next run."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from controlpanel.jobs.models import Job
from controlpanel.jobs.running import CLAIM_SECONDS, run_due
from controlpanel.jobs.schedule import SCHEDULE, Work, repeated

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.django_db


def work(name: str, steps: Callable[[], Iterator[None]], every: int = 600) -> Work:
    return Work(name, every, steps)


def counted(calls: list[str], name: str, times: int = 1) -> Work:
    left = [times]

    def step() -> bool:
        calls.append(name)
        left[0] -= 1
        return left[0] > 0

    return work(name, repeated(step))


def test_what_is_due_runs_to_its_end_and_then_rests() -> None:
    calls: list[str] = []
    schedule = [counted(calls, "first", times=3), counted(calls, "second")]
    assert run_due(schedule, threading.Event()) == 2
    assert calls == ["first", "first", "first", "second"]
    job = Job.objects.get(name="first")
    assert (job.steps, job.fault, job.claimed_until) == (3, "", None)
    assert job.due > timezone.now() + timedelta(seconds=590)
    assert run_due(schedule, threading.Event()) == 0


def test_what_another_host_claims_is_left_alone_until_the_claim_ends() -> None:
    calls: list[str] = []
    schedule = [counted(calls, "first")]
    now = timezone.now()
    Job.objects.create(name="first", due=now - timedelta(hours=1), claimed_until=now + timedelta(seconds=30))
    assert run_due(schedule, threading.Event()) == 0
    Job.objects.update(claimed_until=now - timedelta(seconds=1))
    assert run_due(schedule, threading.Event()) == 1


def test_a_claim_is_renewed_before_each_step() -> None:
    seen: list[float] = []

    def steps() -> Iterator[None]:
        for _ in range(2):
            job = Job.objects.get(name="long")
            assert job.claimed_until is not None
            seen.append((job.claimed_until - timezone.now()).total_seconds())
            Job.objects.update(claimed_until=timezone.now())
            yield

    run_due([work("long", steps)], threading.Event())
    assert all(seconds > CLAIM_SECONDS - 30 for seconds in seen)


def test_a_fault_is_kept_without_its_words_and_the_next_kind_of_work_runs() -> None:
    def broken() -> Iterator[None]:
        raise ValueError("secret@example.test")
        yield

    calls: list[str] = []
    assert run_due([work("broken", broken), counted(calls, "sound")], threading.Event()) == 2
    job = Job.objects.get(name="broken")
    assert job.fault == "ValueError"
    assert timezone.now() < job.due < timezone.now() + timedelta(seconds=61)
    assert calls == ["sound"]


def test_a_lost_database_is_not_a_fault_of_the_work() -> None:
    def away() -> Iterator[None]:
        raise OperationalError("gone")
        yield

    with pytest.raises(OperationalError):
        run_due([work("away", away)], threading.Event())
    assert Job.objects.get(name="away").fault == ""


def test_a_stop_ends_after_the_step_and_the_rest_is_due_at_once() -> None:
    stop = threading.Event()
    calls: list[str] = []

    def steps() -> Iterator[None]:
        for number in range(5):
            calls.append(str(number))
            stop.set()
            yield

    run_due([work("long", steps), counted(calls, "later")], stop)
    assert calls == ["0"]
    assert Job.objects.get(name="long").due <= timezone.now()


def test_the_whole_schedule_runs_on_an_empty_store() -> None:
    assert run_due(SCHEDULE, threading.Event()) == len(SCHEDULE)
    assert not Job.objects.exclude(fault="").exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_ends_within_seconds_of_sigterm(database_url: str, tmp_path: Path) -> None:
    connection.close()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_jobs"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path)},
    )
    try:
        deadline = time.monotonic() + 20
        while not Job.objects.filter(ended__isnull=False).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
    assert Job.objects.filter(fault="", ended__isnull=False).exists()
