"""kill -9 in the middle of an import: whoever goes on makes the rest, and nothing twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from controlpanel.accounts.actor import SHELL
from controlpanel.importing import changes
from controlpanel.importing.checking import check_some
from controlpanel.importing.models import Import, RowState, State
from controlpanel.journal.models import Activity
from controlpanel.mailboxes.models import Mailbox
from tests.store.factories import make_domain

ROOT = Path(__file__).resolve().parents[2]
ROWS = 120


def jobs(database_url: str, folder: Path) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"DATABASE_URL": database_url, "DATA_DIR": str(folder), "SECRET_KEY": "x" * 60}
    return subprocess.Popen([sys.executable, "manage.py", "run_jobs"], cwd=ROOT, env=environment)


def wait_for(held: Import, number: int) -> None:
    until = time.monotonic() + 60
    while held.rows.filter(state=RowState.MADE).count() < number:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.torture
def test_jobs_that_are_killed_go_on_where_they_were(database_url: str, tmp_path: Path) -> None:
    make_domain("example.org")
    rows = "\n".join(f"box{number}@example.org,also{number}" for number in range(ROWS))
    held = changes.start_import(f"address,aliases\n{rows}\n".encode(), "list.csv", actor=SHELL, language="en")
    while check_some(held.pk):
        pass
    changes.confirm_import(held.pk, actor=SHELL)
    for made in (20, 60):
        process = jobs(database_url, tmp_path)
        wait_for(held, made)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with connection.cursor() as cursor:  # as after the minutes for which a claim holds
            cursor.execute("UPDATE jobs_job SET claimed_until = now(), due = now()")
    process = jobs(database_url, tmp_path)
    wait_for(held, ROWS)
    process.terminate()
    process.wait()
    held.refresh_from_db()
    assert held.state in (State.MAKING, State.DONE)
    assert Mailbox.objects.count() == ROWS
    assert Activity.objects.filter(act="create_mailbox").count() == ROWS
    assert changes.counts(held) == {RowState.MADE: ROWS}
