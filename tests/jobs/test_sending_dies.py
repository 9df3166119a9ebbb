"""`manage.py run_jobs` as a process, killed in the middle of a message: nothing is lost, whatever is sent twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import checking
from controlpanel.mailstore.beside import Outgoing
from controlpanel.mailstore.delivery import deliver
from controlpanel.mailstore.models import MessageChunk
from controlpanel.mailstore.onward import Onward, Passing
from controlpanel.mailstore.onward.passing import Way
from tests.relay.sink import Sink, listening
from tests.store.factories import age, make_delivery, make_message

pytestmark = [pytest.mark.torture, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 12
OCTETS = 600_000


@contextmanager
def jobs(database_url: str, sink: Sink, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": "x" * 60,
        "RELAY_URL": sink.url,
        "MAIL_FROM": "casilla@example.org",
    }
    process = subprocess.Popen([sys.executable, "manage.py", "run_jobs"], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Watched(Sink):
    """A sink that says when it is in the middle of so many messages."""

    def __init__(self) -> None:
        super().__init__(answers=self.look)
        self.begun = threading.Semaphore(0)

    def look(self, line: str) -> str | None:
        if line == "DATA":
            self.begun.release()
        return None


def test_kill_9_in_the_middle_of_sending(database_url: str, tmp_path: Path, settings: Any) -> None:
    passing = [Onward(f"x{n}@elsewhere.example", "info@example.org") for n in range(MESSAGES)]
    for onward in passing:
        text = make_message(onward.recipient, OCTETS)
        deliver([make_delivery(Mailbox(pk=-1), text, sender="eva@example.net", passing=Passing(Way(), 0, [onward]))])
    with listening(Watched()) as sink:
        assert isinstance(sink, Watched)
        for deaths in range(1, 5):
            with jobs(database_url, sink, tmp_path) as process:
                assert all(sink.begun.acquire(timeout=60) for _ in range(2)), deaths
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
            # As if the claim of the dead had run out.
            age("mailstore_outgoing", "claimed_until IS NOT NULL", claimed_until="1 hour")
        with jobs(database_url, sink, tmp_path) as process:
            everybody = {onward.recipient for onward in passing}
            with sink.changed:
                assert sink.changed.wait_for(lambda: {each.recipient for each in sink.taken} == everybody, 60)
            process.terminate()
            assert process.wait(30) == 0
    assert not Outgoing.objects.filter(ended=None).exists()
    assert len(sink.taken) <= MESSAGES + 4
    for taken in sink.taken:
        head = b"Delivered-To: info@example.org\r\n"
        assert taken.octets == head + make_message(taken.recipient, OCTETS)
    assert not MessageChunk.objects.exists()
    assert not list(checking.check())
