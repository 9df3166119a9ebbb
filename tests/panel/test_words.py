"""How moments, meters and rows of the journal read."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from controlpanel.activity.sentences import FIELDS, SENTENCES, details, sentence
from controlpanel.activity.templatetags.activity import OUTCOMES
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import sign_in
from controlpanel.mailboxes.templatetags.mailboxes import count_meter, halves, meter
from controlpanel.panel.templatetags.frame import in_words, when

ROOT = Path(__file__).resolve().parents[2] / "controlpanel"
LIMA = ZoneInfo("America/Lima")
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=LIMA)


@pytest.mark.parametrize(
    ("back", "english", "spanish"),
    [
        (timedelta(hours=8), "today 10:00", "hoy 10:00"),
        (timedelta(hours=19), "yesterday 23:00", "ayer 23:00"),
        (timedelta(days=7), "17 Nov", "17 nov"),
        (timedelta(days=400), "20 Oct 2025", "20 oct 2025"),
        (timedelta(days=-3), "27 Nov", "27 nov"),
    ],
)
def test_moments(back: timedelta, english: str, spanish: str) -> None:
    with translation.override("en"):
        assert in_words(NOW - back, NOW) == english
    with translation.override("es"):
        assert in_words(NOW - back, NOW) == spanish


def test_a_moment_is_exact_for_machines_and_local_for_people() -> None:
    with timezone.override(LIMA), translation.override("en"):
        shown = when(datetime(2025, 1, 2, 3, 4, tzinfo=ZoneInfo("UTC")))
    assert shown == '<time datetime="2025-01-02T03:04:00+00:00" title="1 Jan 2025, 22:04">1 Jan 2025</time>'
    assert when(None) == ""


@pytest.mark.parametrize(
    ("used", "limit", "level", "warning", "width"),
    [
        (0, 1000, "", "", 0),
        (1, 10**9, "", "", 10),
        (799, 1000, "", "", 799),
        (800, 1000, "attention", "nearly full", 800),
        (950, 1000, "wrong", "nearly full", 950),
        (1000, 1000, "wrong", "full", 1000),
        (5000, 1000, "wrong", "full", 1000),
    ],
)
def test_meters(used: int, limit: int, level: str, warning: str, width: int) -> None:
    drawn = meter(used, limit, 100)
    assert (drawn.level, drawn.warning, drawn.width) == (level, warning, width)
    assert drawn.width + drawn.kept_width <= 1000


def test_meters_without_a_limit_are_words_alone() -> None:
    assert not meter(5, None).limited
    assert not count_meter(5, None).limited
    assert (count_meter(0, 0).width, count_meter(0, 0).warning) == (0, "full")
    assert meter(1536, 2048).words == "1.5\u00a0kB of 2\u00a0kB"
    with translation.override("es"):
        assert meter(1536, 2048).words == "1,5\u00a0kB de 2\u00a0kB"


def test_addresses_are_shown_as_people_read_them() -> None:
    assert halves("ana@xn--pea-8ma.example") == ("ana", "@peña.example")


def test_every_change_has_its_sentence() -> None:
    """Whatever looks like an act in the files that write the journal."""
    files = [
        *(ROOT / "mailboxes" / "changes").glob("*.py"),
        ROOT / "activity" / "own_mail.py",
        ROOT / "clientsetup" / "changes.py",
    ]
    act = re.compile(r'(?:actor|SHELL|box|mailbox),\s+"([a-z]+(?:_[a-z]+)*)"|"((?:suspend|close|reopen)_\w+)"\)')
    written = {one or other for file in files for one, other in act.findall(file.read_text())}
    assert len(written) > 30
    assert written <= set(SENTENCES)


def test_every_reason_of_a_refused_sign_in_has_its_words() -> None:
    assert {reason.value for reason in sign_in.Refusal} | {"throttled", "in_use", "login_delay"} <= set(OUTCOMES)


def test_sentences_tell_what_changed() -> None:
    row = Activity(
        act="change_mailbox",
        subject="ana@xn--pea-8ma.example",
        details={"quota": [2**30, None], "pop3_enabled": [True, False], "name": ["", "Ana"], "unknown": 1},
    )
    with translation.override("en"):
        assert sentence(row) == "changed the mailbox ana@peña.example"
        assert details(row) == "space: 1\u00a0GB → none; mail clients: yes → no; name: none → Ana"
    with translation.override("es"):
        assert sentence(row) == "modificó la casilla ana@peña.example"


def test_an_act_that_is_not_known_is_shown_by_its_name() -> None:
    assert sentence(Activity(act="fly", subject="to the moon")) == "fly to the moon"


def test_targets_and_reasons_are_told() -> None:
    alias = Activity(act="create_alias", details={"targets": ["ana@x.example", "eva@x.example"]})
    assert details(alias) == f"{FIELDS['targets']}: ana@x.example, eva@x.example"
    assert details(Activity(act="suspend_mailbox", details={"reason": "unpaid"})) == f"{FIELDS['reason']}: unpaid"
    assert details(Activity(act="suspend_mailbox", details={"reason": ""})) == ""
