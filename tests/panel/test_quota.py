"""Quotas in the pages: marks that a domain chooses, and who is past one."""

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.jobs.quota_notices import warn
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import GIB, Domain, Mailbox
from tests.panel.conftest import People
from tests.store.factories import make_mailbox, put

pytestmark = pytest.mark.django_db


def edit(people: People, marks: str) -> str:
    form = people.client("administrator").get(f"/domains/{people.domain.name}/edit/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in values.items() if value is not None and value is not False} | {
        "warn_marks": marks
    }
    answer = people.client("administrator").post(f"/domains/{people.domain.name}/edit/", data, follow=True)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"), [("90", [90]), ("95 %; 70 %", [70, 95]), ("", []), ("80, 95", [80, 95]), ("100", [100])]
)
def test_a_domain_chooses_at_which_marks_it_warns(people: People, typed: str, kept: list[int]) -> None:
    assert "errorlist" not in edit(people, typed)
    assert Domain.objects.get(pk=people.domain.pk).warn_marks == kept


@pytest.mark.parametrize("typed", ["0", "101", "many", "80.5", "99999999999999999999", "²"])
def test_what_is_no_percent_is_said_beside_its_field(people: People, typed: str) -> None:
    assert "Write percents from 1 to 100" in edit(people, typed)


def test_the_domain_page_names_who_is_past_a_mark(people: People) -> None:
    changes.change_mailbox(people.mailbox, actor=SHELL, quota=10_000)
    put(people.mailbox, b"x" * 9000)
    list(warn())
    words = people.client("administrator").get(f"/domains/{people.domain.name}/").content.decode()
    assert "Nearly full" in words
    assert "past 80 % since" in words


def test_space_is_set_for_several_and_what_one_refuses_stops_no_other(people: People) -> None:
    boxes = [people.mailbox, make_mailbox("leo@papelera.example"), make_mailbox("far@otra.example")]
    client = people.client("administrator")
    chosen = {"mailbox": [box.pk for box in boxes], "act": "quota", "next": "/mailboxes/"}
    assert "2 mailboxes changed." in client.post("/mailboxes/selected/", chosen | {"quota": "2 GB"}, follow=True).text
    assert [Mailbox.objects.get(pk=box.pk).quota for box in boxes] == [2 * GIB, 2 * GIB, None]
    changes.change_domain(people.domain, actor=SHELL, limit_octets=5 * GIB)
    page = client.post("/mailboxes/selected/", chosen | {"quota": "3 GB"}, follow=True).text
    assert "1 mailbox changed." in page
    assert "leo@papelera.example: This domain has" in page
    for words in ("", "lots", "-1", "1.500 MB"):
        assert "mailbox changed" not in client.post("/mailboxes/selected/", chosen | {"quota": words}, follow=True).text
    assert (
        "each mailbox needs a quota"
        in client.post("/mailboxes/selected/", chosen | {"quota": "none"}, follow=True).text
    )


def test_several_are_saved_as_a_file_by_who_runs_them(people: People) -> None:
    chosen = {"mailbox": [people.mailbox.pk], "act": "export", "next": "/mailboxes/"}
    answer = people.client("administrator").post("/mailboxes/selected/", chosen)
    assert b"ana@papelera.example" in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    for role in ("owner", "other_administrator"):
        assert people.client(role).post("/mailboxes/selected/", chosen).status_code == 302
