"""Other names of a domain, catch-alls, aliases and what a deletion leaves without mail, in the panel's own words."""

import re

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Address, Domain, State
from tests.panel.conftest import People
from tests.panel.reading import above, beside
from tests.store.factories import make_alias, make_domain, make_mailbox

ALIAS = "/domains/papel.example/alias-of/"
CATCH_ALL = "/domains/papelera.example/catch-all/"


def read(page: str) -> str:
    """The text of a page's main part, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


@pytest.fixture
def alias(people: People) -> Domain:
    domain = make_domain("papel.example")
    domain.administrators.add(people.administrator)
    return domain


class TestAliasDomain:
    def test_is_made_and_ended_by_who_runs_both(self, people: People, alias: Domain) -> None:
        client = people.client("administrator")
        assert "Make this one an alias" in client.get("/domains/papel.example/").text
        page = client.post(ALIAS, {"alias_of": "otra.example"}).text
        assert beside(page, "alias_of") == "You run no domain otra.example."
        assert client.post(ALIAS, {"alias_of": "Papelera.example"})["Location"] == "/domains/papel.example/"
        page = read(client.get("/domains/papel.example/").text)
        assert "Alias of papelera.example" in page
        assert "Mail to any name at papel.example arrives at the same name at papelera.example." in page
        assert "papel.example" in read(client.get("/domains/papelera.example/").text)
        assert "alias of papelera.example" in client.get("/domains/").text
        assert 'value="papelera.example"' in client.get(ALIAS).text
        page = read(client.get(f"/mailboxes/{people.mailbox.pk}/").text)
        assert "The same name in the alias domains: papel.example" in page
        client.post(ALIAS, {"alias_of": ""})
        alias.refresh_from_db()
        assert alias.alias_of is None

    def test_offers_no_new_address(self, people: People, alias: Domain) -> None:
        changes.make_alias_domain(alias, "papelera.example", actor=SHELL)
        client = people.client("administrator")
        for kind, new in (("mailboxes", "New mailbox"), ("aliases", "New alias")):
            assert new in client.get(f"/domains/papelera.example/{kind}/").text
            assert new not in client.get(f"/domains/papel.example/{kind}/").text
        page = client.post("/domains/papel.example/mailboxes/new/", {"local": "eva"}).text
        assert above(page) == "This domain is an alias of papelera.example: addresses are made there."

    def test_is_made_with_a_new_domain_or_neither_is(self, people: People) -> None:
        client = people.client("operator")
        typed = {"name": "nueva.example", "default_quota": "1 GB", "alias_of": "nowhere.example"}
        assert beside(client.post("/domains/new/", typed).text, "alias_of") == "You run no domain nowhere.example."
        assert not Domain.objects.filter(name="nueva.example").exists()
        client.post("/domains/new/", typed | {"alias_of": "papelera.example"})
        assert Domain.objects.get(name="nueva.example").alias_of == people.domain


class TestCatchAll:
    def test_is_chosen_changed_and_ended(self, people: People) -> None:
        client = people.client("administrator")
        assert "Everything else is refused" in read(client.get("/domains/papelera.example/").text)
        page = client.post(CATCH_ALL, {"targets": "nobody@papelera.example"}).text
        assert beside(page, "targets") == "There is no mailbox nobody@papelera.example."
        client.post(CATCH_ALL, {"targets": "ana@papelera.example"})
        assert "Everything else ana@papelera.example" in read(client.get("/domains/papelera.example/").text)
        client.post(CATCH_ALL, {"targets": "info@papelera.example"})
        assert 'value="info@papelera.example"' in client.get(CATCH_ALL).text
        assert "info@papelera.example" in read(client.get("/domains/papelera.example/aliases/").text)
        client.post(f"/aliases/{people.alias.pk}/delete/")
        assert Address.objects.filter(pk=people.alias.pk).exists()
        client.post(CATCH_ALL, {"targets": ""})
        assert not Address.objects.filter(local="").exists()

    def test_of_several_is_an_alias_like_others(self, people: People) -> None:
        several = make_alias("@papelera.example", people.mailbox, make_mailbox("luis@papelera.example"))
        client = people.client("administrator")
        assert client.get(CATCH_ALL)["Location"] == f"/aliases/{several.pk}/"


def test_who_may_send_with_an_alias_is_chosen_on_its_page(people: People) -> None:
    client = people.client("administrator")
    where = f"/aliases/{people.alias.pk}/"
    client.post(where, {"targets": "ana@papelera.example", "send_as": "on"})
    assert Address.objects.get(pk=people.alias.pk).send_as
    assert re.search(r'name="send_as"[^>]* checked', client.get(where).text)
    client.post(where, {"targets": "ana@papelera.example"})
    assert not Address.objects.get(pk=people.alias.pk).send_as


def test_the_separator_of_sub_addresses_is_a_policy(people: People) -> None:
    client = people.client("administrator")
    page = client.get("/domains/papelera.example/edit/").text
    typed = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page)) | {"over_quota": "defer", "separator": "-"}
    typed |= {"language": "en", "time_zone": "UTC", "pop3_enabled": "on"}
    assert client.post("/domains/papelera.example/edit/", typed)["Location"] == "/domains/papelera.example/"
    assert "A hyphen, as in ana-lists" in client.get("/domains/papelera.example/").text
    assert Domain.objects.get(pk=people.domain.pk).separator == "-"


class TestDeletion:
    def test_of_a_mailbox_tells_which_aliases_lead_to_it(self, people: People) -> None:
        where = f"/mailboxes/{people.mailbox.pk}/delete/"
        make_alias("team@papelera.example", people.mailbox, "eva@elsewhere.example")
        make_alias("papel@otra.example", people.mailbox)
        page = read(people.client("administrator").get(where).text)
        assert "Aliases lead here alone. Mail to them is refused too" in page
        assert "info@papelera.example and 1 more." in page
        assert "papel@otra.example" not in page
        assert "An alias leads to others too, and goes on without this mailbox: team@papelera.example." in page
        page = read(people.client("operator").get(where).text)
        assert "papel@otra.example, info@papelera.example." in page

    def test_of_a_domain_tells_what_leads_into_it(self, people: People, alias: Domain) -> None:
        changes.make_alias_domain(alias, "papelera.example", actor=SHELL)
        make_alias("papel@otra.example", people.mailbox)
        page = read(people.client("operator").get("/domains/papelera.example/delete/").text)
        assert "An alias domain leads here, and mail to it is refused too: papel.example." in page
        assert "An alias of another domain leads to a mailbox here, which takes nothing then:" in page
        assert "papel@otra.example." in page

    def test_of_what_nothing_leads_to_tells_nothing(self, people: People) -> None:
        luis = make_mailbox("luis@papelera.example")
        assert "lead" not in read(people.client("operator").get(f"/mailboxes/{luis.pk}/delete/").text)
        assert "lead" not in read(people.client("operator").get("/domains/otra.example/delete/").text)


def test_a_taken_address_says_by_what(people: People) -> None:
    client = people.client("administrator")
    where = "/domains/papelera.example/mailboxes/new/"
    assert beside(client.post(where, {"local": "ana"}).text, "local") == "This address is taken by a mailbox."
    assert beside(client.post(where, {"local": "info"}).text, "local") == "This address is taken by an alias."
    people.mailbox.state = State.DELETED
    people.mailbox.save()
    assert "by a mailbox that was deleted" in beside(client.post(where, {"local": "ana"}).text, "local")


def test_an_alias_tells_nothing_of_other_domains(people: People, settings) -> None:
    settings.RELAY_URL = ""
    client = people.client("administrator")
    for name in ("eva", "nobody"):
        typed = {"local": "team", "targets": f"{name}@otra.example"}
        page = client.post("/domains/papelera.example/aliases/new/", typed).text
        assert beside(page, "targets").startswith(f"{name}@otra.example is elsewhere")
