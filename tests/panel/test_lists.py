"""Long lists: pages, order, filters, search, and how many questions each asks of the database."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.mailboxes.models import Mailbox, State, Usage
from controlpanel.panel import lists
from tests.panel.conftest import People
from tests.store.factories import make_alias, make_domain, make_mailbox

# Signed-in session, person, rights, navigation, and what the page shows: the same for one row and for a page full.
QUERIES = {
    "/domains/": 10,
    "/mailboxes/": 11,
    "/domains/papelera.example/mailboxes/": 13,
    "/domains/papelera.example/mailboxes/?q=ana": 13,
    "/domains/papelera.example/aliases/": 10,
    "/domains/papelera.example/": 11,
    "/domains/papelera.example/activity/": 8,
    "/activity/": 7,
}


def questions(people: People, role: str, where: str) -> int:
    client = people.client(role)
    client.get(where)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(where).status_code == 200
    return len(asked)


@pytest.mark.parametrize("where", QUERIES)
def test_a_full_page_asks_no_more_than_an_empty_one(people: People, where: str) -> None:
    few = questions(people, "operator", where)
    for number in range(lists.ROWS):
        box = make_mailbox(f"ana{number:03}@papelera.example", last_seen=timezone.now())
        box.device_passwords.create(name="Phone", stored_key=b"", server_key=b"", last_used=timezone.now())
        make_alias(f"alias{number}@papelera.example", box, people.mailbox)
        make_domain()
    assert questions(people, "operator", where) <= few
    assert few <= QUERIES[where], few


def test_an_owners_pages_ask_as_little(people: People) -> None:
    own = f"/mail/{people.mailbox.pk}/"
    for where, most in ((own, 11), (f"{own}removed/", 8), (f"{own}sessions/", 12), (f"{own}devices/", 8)):
        assert questions(people, "owner", where) <= most, where


def addresses(people: People, where: str, role: str = "operator") -> list[str]:
    page = people.client(role).get(where).text
    return re.findall(r'class="opens" href="/mailboxes/\d+/" title="([^"]+)"', page)


def test_mailboxes_come_in_pages(people: People) -> None:
    for number in range(120):
        make_mailbox(f"b{number:03}@papelera.example")
    where = "/domains/papelera.example/mailboxes/"
    assert addresses(people, where)[0] == "ana@papelera.example"
    assert addresses(people, f"{where}?page=3")[-1] == "b119@papelera.example"
    assert "Showing 101–121 of 121" in people.client("administrator").get(f"{where}?page=3").text
    for nonsense in ("0", "-1", "99", "x", "9" * 30, "٣"):
        assert len(addresses(people, f"{where}?page={nonsense}")) in {50, 21}
    assert len(addresses(people, f"{where}?page=3&q=b")) == 20
    assert addresses(people, f"{where}?page=9&q=b")[-1] == "b119@papelera.example"


def test_mailboxes_are_sorted_by_each_column(people: People) -> None:
    now = timezone.now()
    for local, octets, ago in (("x", 500, 3), ("y", 900, 1), ("z", 100, 2)):
        box = make_mailbox(f"{local}@papelera.example", last_seen=now - timedelta(days=ago))
        Usage.objects.filter(mailbox=box).update(messages=1, octets=octets)

    def order(sort: str) -> str:
        found = addresses(people, f"/domains/papelera.example/mailboxes/?sort={sort}")
        return "".join(address[0] for address in found)

    assert order("address") == order("") == order("nonsense") == "axyz"
    assert order("-address") == "zyxa"
    assert (order("-space"), order("space")) == ("yxza", "azxy")
    assert order("-seen").startswith("yzx"), "who was never seen comes last"
    assert order("seen").startswith("a"), "and first the other way round"


@pytest.fixture
def in_every_state(people: People) -> People:
    for state in (State.SUSPENDED, State.CLOSED, State.DELETED):
        make_mailbox(f"{state}@papelera.example", state=state)
    full = make_mailbox("full@papelera.example", quota=1000, last_seen=timezone.now())
    Usage.objects.filter(mailbox=full).update(messages=1, octets=800)
    Mailbox.objects.filter(pk=people.mailbox.pk).update(created=timezone.now() - timedelta(days=91))
    return people


@pytest.mark.parametrize(
    ("chip", "found"),
    [
        ("", ["ana", "closed", "full", "suspended"]),
        ("full", ["full"]),
        ("quiet", ["ana"]),
        ("suspended", ["suspended"]),
        ("closed", ["closed"]),
        ("deleted", ["deleted"]),
        ("nonsense", ["ana", "closed", "full", "suspended"]),
    ],
)
def test_chips_filter(in_every_state: People, chip: str, found: list[str]) -> None:
    listed = addresses(in_every_state, f"/domains/papelera.example/mailboxes/?show={chip}")
    assert [address.partition("@")[0] for address in listed] == found


@pytest.mark.parametrize("asked", ["pér", "PÉREZ", "ANA@papelera", "ana%40papelera.example", " ana "])
def test_search_finds_by_part_of_an_address_or_a_name(people: People, asked: str) -> None:
    assert addresses(people, f"/mailboxes/?q={asked}") == ["ana@papelera.example"]


@pytest.mark.parametrize("asked", ["%25", "_", "%00", "'", "\\", "%F0%9F%93%AE"])
def test_search_takes_signs_as_they_are(people: People, asked: str) -> None:
    page = people.client("operator").get(f"/mailboxes/?q={asked}")
    assert page.status_code == 200
    assert "No" in page.text


def test_search_shows_nothing_of_other_domains(people: People) -> None:
    assert addresses(people, "/domains/otra.example/mailboxes/?q=eva") == ["eva@otra.example"]
    assert addresses(people, "/mailboxes/?q=e", "administrator") == ["ana@papelera.example"]
    assert people.client("administrator").get("/search/?q=eva@otra.example")["Location"].startswith("/domains/papelera")


def test_what_is_searched_for_cannot_break_out_of_the_page(people: People) -> None:
    page = people.client("operator").get('/mailboxes/?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page


def test_a_domain_is_found_by_the_name_that_people_read(people: People) -> None:
    make_domain("xn--pea-8ma.example")
    for asked in ("peña.example", "PEÑA.example", "xn--pea", "pea-8ma"):
        listed = people.client("operator").get("/domains/", {"q": asked}).text
        assert "/domains/xn--pea-8ma.example/" in listed, asked


def test_journal_goes_back_page_by_page(people: People) -> None:
    from controlpanel.journal.models import Activity

    for number in range(60):
        Activity.objects.create(
            act="create_mailbox", subject=f"b{number:02}@papelera.example", domain_id=people.domain.pk
        )
    client = people.client("administrator")
    first = client.get("/domains/papelera.example/activity/").text
    assert "b59@" in first
    assert "b09@" not in first
    [older] = re.findall(r'href="(\?before=\d+)"', first)
    second = client.get(f"/domains/papelera.example/activity/{older}").text
    assert "b09@" in second
    assert "b10@" not in second


@given(count=st.integers(0, 10**6), asked=st.one_of(st.none(), st.text(max_size=12), st.integers().map(str)))
def test_pages_cover_a_list_once(count: int, asked: str | None) -> None:
    around = lists.numbered(count, asked)
    assert 1 <= around.number <= around.pages
    assert (around.pages - 1) * lists.ROWS < max(count, 1) <= around.pages * lists.ROWS
    rows = range(around.offset, min(count, around.offset + lists.ROWS))
    page = around.showing(rows)
    assert (page.first, page.last) == ((rows[0] + 1, rows[-1] + 1) if rows else (0, 0))
    offered = [number for number in page.around() if number]
    assert offered == sorted(set(offered))
    assert {1, page.number, page.pages} <= set(offered)
    assert len(offered) <= 7


@given(
    query=st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=3), value=st.text(max_size=9)
)
def test_addresses_of_pages_keep_what_they_are_not_about(query: dict[str, str], value: str) -> None:
    changed = QueryDict(lists.address(query, page=value).removeprefix("?"))
    kept = {name: text for name, text in query.items() if name != "page" and text != ""}
    assert {name: changed[name] for name in changed if name != "page"} == kept
    assert changed.get("page", "") == value


def test_a_long_list_is_counted_once_where_it_is_searched(people: People) -> None:
    asked: Callable[[str], int] = lambda where: questions(people, "operator", where)  # noqa: E731
    assert asked("/mailboxes/?q=ana") < asked("/mailboxes/")
