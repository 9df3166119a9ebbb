"""Labels and notes: by them administrators find mailboxes; owners and others see neither."""

import re

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Label, Mailbox
from tests.panel.conftest import People
from tests.panel.reading import beside
from tests.store.changing import administrator, not_allowed, refused, told
from tests.store.factories import make_domain, make_mailbox

LIST = "/domains/papelera.example/mailboxes/"


def labels_of(box: Mailbox) -> list[str]:
    return sorted(box.labels.values_list("name", flat=True))


def shown(page: str) -> list[str]:
    """The addresses of the rows of a list."""
    return re.findall(r'class="opens" href="[^"]*" title="([^"]*)"', page)


@pytest.mark.django_db
class TestChange:
    def test_a_mailbox_has_the_labels_that_are_named_and_no_others(self) -> None:
        ana, luis = make_mailbox("ana@example.org"), make_mailbox("luis@example.org")
        admin = administrator(ana.domain)
        changes.label_mailbox(ana, ["Sales", " ground  floor ", "SALES", ""], actor=admin)
        assert labels_of(ana) == ["Sales", "ground floor"]
        assert told("label_mailbox").details == {"labels": ["Sales", "ground floor"]}
        changes.label_mailbox(luis, ["sales"], actor=admin)
        assert labels_of(luis) == ["Sales"]
        changes.label_mailbox(ana, [], actor=admin)
        assert list(Label.objects.values_list("name", flat=True)) == ["Sales"]

    def test_what_cannot_be_a_label(self) -> None:
        ana = make_mailbox("ana@example.org")
        with refused("labels", "at most 40 characters"):
            changes.label_mailbox(ana, ["x" * 41], actor=SHELL)
        with refused("labels", "at most 10 labels"):
            changes.label_mailbox(ana, map(str, range(11)), actor=SHELL)
        with not_allowed():
            changes.label_mailbox(ana, ["Sales"], actor=administrator(make_domain("other.example")))

    def test_labels_go_with_a_mailbox_into_another_domain(self) -> None:
        ana, luis = make_mailbox("ana@example.org"), make_mailbox("luis@other.example")
        changes.label_mailbox(ana, ["Sales", "Away"], actor=SHELL)
        changes.label_mailbox(luis, ["sales"], actor=SHELL)
        moved = changes.rename_mailbox(ana, "ana@other.example", actor=SHELL)
        assert labels_of(moved) == ["Away", "sales"]
        assert {label.domain_id for label in Label.objects.all()} == {moved.domain_id}

    def test_a_mailbox_that_is_cleared_away_leaves_its_labels(self) -> None:
        ana = make_mailbox("ana@example.org")
        changes.label_mailbox(ana, ["Sales"], actor=SHELL)
        changes.delete_mailbox(ana, actor=SHELL)
        assert changes.drop_mailbox(ana.pk)
        assert not Label.objects.exists()


def test_labels_and_notes_are_written_in_the_forms_and_narrow_the_list(people: People) -> None:
    client = people.client("administrator")
    typed = {"local": "luis", "labels": "Sales, ground floor", "note": "since the merger"}
    client.post("/domains/papelera.example/mailboxes/new/", typed)
    where = f"/mailboxes/{people.mailbox.pk}/edit/"
    form = {"name": "Ana", "unlimited": "on", "note": "", "pop3_enabled": "on", "labels": "x" * 41}
    assert "at most 40" in beside(client.post(where, form).text, "labels")
    client.post(where, form | {"labels": "Sales"})
    assert 'value="Sales"' in client.get(where).text
    assert shown(client.get(f"{LIST}?label=Sales").text) == ["ana@papelera.example", "luis@papelera.example"]
    page = client.get(f"{LIST}?label=ground floor").text
    assert shown(page) == ["luis@papelera.example"]
    assert re.search(r'aria-current="true">ground floor<', page)
    assert 'name="label" value="ground floor"' in page
    assert shown(client.get(f"{LIST}?q=MERGER").text) == ["luis@papelera.example"]
    assert "No mailbox is like that" in client.get(f"{LIST}?label=none").text


def test_the_list_of_all_narrows_too_and_offers_no_label_of_others(people: People) -> None:
    changes.label_mailbox(people.mailbox, ["Sales"], actor=SHELL)
    changes.label_mailbox(make_mailbox("sol@otra.example"), ["Secret"], actor=SHELL)
    page = people.client("operator").get("/mailboxes/?label=Sales").text
    assert shown(page) == ["ana@papelera.example"]
    assert "Secret" in page
    people.other_administrator.domains.add(make_domain("third.example"))
    page = people.client("other_administrator").get("/mailboxes/").text
    assert "Secret" in page
    assert "Sales" not in page


def test_owners_see_neither_labels_nor_notes(people: People) -> None:
    Mailbox.objects.filter(pk=people.mailbox.pk).update(note="pays late")
    changes.label_mailbox(people.mailbox, ["Troublesome"], actor=SHELL)
    assert "pays late" in people.client("administrator").get(f"/mailboxes/{people.mailbox.pk}/").text
    client = people.client("owner")
    own = f"/mail/{people.mailbox.pk}/"
    for path in (own, f"{own}removed/", f"{own}devices/", f"{own}sessions/", "/account/", "/search/?q=ana"):
        answer = client.get(path, follow=True)
        assert answer.status_code in {200, 404}
        assert "pays late" not in answer.text
        assert "Troublesome" not in answer.text
