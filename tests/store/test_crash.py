"""PostgreSQL ends without warning: what was acknowledged is there, and sessions go on."""

import json
import os
import subprocess
import sys

import pytest

from controlpanel.launcher.postgres import PostgreSQL
from tests.postgres import ROOT, migrate

BEFORE = """
box = make_mailbox("ana@casa.example")
[number] = put(box, b"acknowledged\\r\\n")
opened = open_session(box)
print(json.dumps([number, opened.session, opened.change]))
"""

AFTER = """
number, session, change = GIVEN
box = Mailbox.objects.get(address_text="ana@casa.example")
opened = Opened(session, change, 1, 14)
emptied = not Session.objects.exists()
anew = renew(PROCESS).anew
swept = retention.sweep_bodies()
lost = re_take([Held(session, change, timezone.now(), make_opening(box))])
body = read_bodies(listed(box, opened))[number].decode()
closed = quit_session(box, opened, [number])
print(json.dumps([emptied, anew, swept, lost, body, closed.removed, counters(box), list(check())]))
"""

HEAD = """
import json, sys
import django
django.setup()
from django.utils import timezone
from controlpanel.mailboxes.models import Mailbox
from controlpanel.mailstore import retention
from controlpanel.mailstore.checking import check
from controlpanel.mailstore.maildrop import Held, Opened, re_take, read_bodies, renew
from controlpanel.mailstore.models import Session
from tests.store.factories import PROCESS, counters, listed, make_mailbox, make_opening, open_session, put, quit_session
GIVEN = json.loads(sys.argv[1])
"""


def run(url: str, program: str, given: object = None) -> list[object]:
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "controlpanel.settings"}
    command = [sys.executable, "-c", HEAD + program, json.dumps(given)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: list[object] = json.loads(done.stdout)
    return answer


@pytest.mark.torture
@pytest.mark.timeout(180)
def test_a_crash(durable_server: PostgreSQL) -> None:
    url = durable_server.url()
    migrate(url)
    given = run(url, BEFORE)
    durable_server.kill()
    durable_server.start()
    emptied, anew, swept, lost, body, removed, counters, faults = run(url, AFTER, given)
    assert emptied
    assert anew
    assert not swept
    assert lost == []
    assert (body, removed) == ("acknowledged\r\n", 1)
    assert counters == [0, 0, 1, 14]
    assert faults == []
