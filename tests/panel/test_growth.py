"""Who grows fastest, and how it is drawn."""

from datetime import date, timedelta

import pytest
from django.db import connection

from controlpanel.jobs.schedule import note_usage
from controlpanel.panel.charts import chart
from tests.panel.conftest import People
from tests.store.factories import make_mailbox, put

TODAY = date(2026, 11, 27)


def day(back: int) -> date:
    return TODAY - timedelta(days=back)


def test_a_line_keeps_its_height_until_the_day_that_changed_it() -> None:
    drawn = chart([(day(100), 50), (day(5), 100)], TODAY, 11)
    assert drawn is not None
    assert drawn.line == "M 0 50 L 240 50 L 300 2 L 600 2"
    assert drawn.area == drawn.line + " L 600 100 L 0 100 Z"
    assert (drawn.since, drawn.most, list(drawn.steps)) == (day(10), 100, [(day(10), 50), (day(5), 100)])


def test_a_limit_is_drawn_where_it_is_near() -> None:
    values = [(day(9), 10), (day(1), 20)]
    near, far = chart(values, TODAY, 11, limit=40), chart(values, TODAY, 11, limit=4000)
    assert near is not None
    assert far is not None
    assert (near.limit, far.limit) == (2, None)


@pytest.mark.parametrize("values", [[], [(TODAY, 5)], [(TODAY - timedelta(days=400), 5)]])
def test_one_value_is_no_line(values: list[tuple[date, int]]) -> None:
    assert chart(values, TODAY, 30) is None


def test_nothing_at_all_is_a_line_on_the_ground() -> None:
    drawn = chart([(day(3), 0), (day(1), 0)], TODAY, 5)
    assert drawn is not None
    assert " 98" in drawn.line


@pytest.fixture
def grown(people: People) -> People:
    for name, octets in (("slow", 1000), ("fast", 500_000)):
        put(make_mailbox(f"{name}@papelera.example"), b"x" * octets)
    put(make_mailbox("far@otra.example"), b"x" * 900_000)
    list(note_usage())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mailstore_usageday SET day = day - 2, octets = 1")
    return people


@pytest.mark.django_db
def test_the_fastest_stands_first_and_only_what_one_runs(grown: People) -> None:
    words = grown.client("administrator").get("/growth/").content.decode()
    assert words.index("fast@") < words.index("slow@")
    assert "far@" not in words
    assert "far@" in grown.client("operator").get("/growth/?show=month").content.decode()
    words = grown.client("operator").get("/domains/papelera.example/growth/").content.decode()
    assert "far@" not in words
    assert 'class="spark"' in words
    assert "+488" in words


@pytest.mark.django_db
def test_where_nobody_grew_it_says_so(people: People) -> None:
    assert "No mailbox grew" in people.client("administrator").get("/growth/").content.decode()


@pytest.mark.django_db
def test_owners_and_administrators_see_the_line_and_its_table(grown: People) -> None:
    box = grown.mailbox
    put(box, b"x" * 3000)
    list(note_usage())
    for role, where in (("owner", f"/mail/{box.pk}/"), ("administrator", f"/mailboxes/{box.pk}/")):
        words = grown.client(role).get(where).content.decode()
        assert '<figure class="chart">' in words
        assert "As a table" in words
        assert "2.9\u00a0kB at most" in words
