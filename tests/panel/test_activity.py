"""Who changed what: filtered, saved as a file, and only of the domains that are one's own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from controlpanel.accounts.actor import Actor
from controlpanel.activity import kinds
from controlpanel.activity.sentences import SENTENCES
from controlpanel.journal import record
from controlpanel.journal.models import Activity
from tests.panel.conftest import People

WHERE = ["/activity/", "/activity/export/"]


@pytest.fixture
def written(people: People) -> None:
    """Three changes, one of another domain, one long ago."""
    own, other = people.domain.pk, people.other_owner.mailbox.domain_id
    by = Actor(people.administrator, "203.0.113.7")
    record.activity(by, "set_password", domain_id=own, subject="ana@papelera.example")
    record.activity(Actor(), "change_alias", domain_id=own, subject="info@papelera.example")
    record.activity(Actor(people.operator, None), "create_mailbox", domain_id=other, subject="eva@otra.example")
    Activity.objects.filter(act="change_alias").update(at=timezone.now() - timedelta(days=40))


FOUND = [
    ({}, {"ana@", "info@", "eva@"}),
    ({"q": "EVA@"}, {"eva@"}),
    ({"who": "lucia"}, {"ana@"}),
    ({"kind": "aliases"}, {"info@"}),
    ({"kind": "sign-in"}, {"ana@"}),
    ({"kind": "no-such"}, {"ana@", "info@", "eva@"}),
    ({"domain": "Otra.example"}, {"eva@"}),
    ({"domain": "no domain"}, set()),
    ({"from": "today"}, {"ana@", "info@", "eva@"}),
    ({"q": "\0", "who": "\0", "domain": "\0"}, {"ana@", "info@", "eva@"}),
    ({"who": "lucia", "kind": "mailboxes"}, set()),
]
SHOWN = ("password of ana@", "alias info@", "mailbox eva@")


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(("asked", "found"), FOUND)
def test_it_is_filtered(people: People, written: None, where: str, asked: dict[str, str], found: set[str]) -> None:
    answer = people.client("operator").get(where, asked)
    text = answer.getvalue().decode() if answer.streaming else answer.text
    assert {each.split()[-1] for each in SHOWN if each in text} == found


@pytest.mark.parametrize("where", WHERE)
def test_it_is_found_by_the_day(people: People, written: None, where: str) -> None:
    day = timezone.localdate() - timedelta(days=40)
    answer = people.client("operator").get(where, {"from": day, "to": day})
    text = answer.getvalue().decode() if answer.streaming else answer.text
    assert [each for each in SHOWN if each in text] == ["alias info@"]


@pytest.mark.parametrize("where", [*WHERE, "/domains/papelera.example/activity/export/"])
@pytest.mark.parametrize("asked", [{}, {"domain": "otra.example"}])
def test_that_of_another_domain_is_not_there(people: People, written: None, where: str, asked: dict[str, str]) -> None:
    answer = people.client("administrator").get(where, asked)
    text = answer.getvalue().decode() if answer.streaming else answer.text
    assert "eva@" not in text
    assert ("password of ana@" in text) == (not asked)


def test_no_cell_of_the_file_is_a_formula(people: People) -> None:
    record.activity(Actor(), "change_domain", subject="=cmd|' /C calc'!A0", details={"note": ["", "+1"]})
    Activity.objects.update(actor="@SUM(1)")
    answer = people.client("operator").get("/activity/export/")
    [_head, row] = answer.getvalue().decode("utf-8-sig").splitlines()
    assert row.split(",")[1] == "'@SUM(1)"
    assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for cell in row.split(","))
    assert answer["Content-Type"].startswith("text/csv")
    assert ".csv" in answer["Content-Disposition"]


def test_every_act_has_a_kind_that_is_offered() -> None:
    offered = {name for name, _label in kinds.CHOICES}
    assert {kinds.kind_of(act) for act in [*SENTENCES, "an_act_of_tomorrow"]} <= offered
    assert sum(len(kinds.acts_of(name) or []) for name in kinds.KINDS) == len(SENTENCES)
