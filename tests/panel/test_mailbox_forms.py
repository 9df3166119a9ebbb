"""Making and changing mailboxes: what was typed is never lost, what is wrong is said beside its field."""

import pytest
from django.test import Client

from controlpanel.accounts.models import User
from controlpanel.mailboxes.models import GIB, Address, Domain, Mailbox, State
from tests.panel.conftest import People
from tests.panel.reading import above, beside, secret
from tests.store.factories import make_mailbox

NEW = "/domains/papelera.example/mailboxes/new/"


@pytest.mark.parametrize(
    ("written", "octets"),
    [
        ("10 GB", 10 * GIB),
        ("500M", 500 * 2**20),
        ("1,5 GB", 3 * GIB // 2),
        ("1.5GiB", 3 * GIB // 2),
        ("2048", 2048),
        ("", GIB),
    ],
)
def test_quotas_as_people_write_them(people: People, written: str, octets: int) -> None:
    people.client("administrator").post(NEW, {"local": "eva", "quota": written})
    assert Mailbox.objects.get(address_text="eva@papelera.example").quota == octets


@pytest.mark.parametrize("written", ["ten", "1.500 MB", "-1 GB", "0", "9999 TB", "1 GB 5", "\0", "∞"])
def test_wrong_quotas_are_said_beside_the_field(people: People, written: str) -> None:
    page = (
        people.client("administrator")
        .post(NEW, {"local": "eva", "name": "Eva <b>", "quota": written, "note": "x"})
        .text
    )
    assert beside(page, "quota")
    assert 'name="local" value="eva"' in page
    assert "Eva &lt;b&gt;" in page
    assert not Mailbox.objects.filter(address_text="eva@papelera.example").exists()


@pytest.mark.parametrize(
    ("local", "sentence"),
    [
        ("ana", "This address is taken by a mailbox."),
        ("info", "This address is taken by an alias."),
        ("a b", "The character “U+0020” is not allowed in an address."),
        ("a..b", "Dots stand between characters: not first, not last, not two together."),
        ("x" * 65, "The name before the @ sign is too long: 64 characters is the most."),
        ("eva+news", "Leave out the plus sign: mail to name+anything@ already arrives at name@."),
        ("", "This field is required."),
    ],
)
def test_addresses_that_cannot_be(people: People, local: str, sentence: str) -> None:
    page = people.client("administrator").post(NEW, {"local": local, "name": "Eva"}).text
    assert beside(page, "local") == sentence
    assert 'value="Eva"' in page


def test_a_domain_gives_no_more_than_it_has(people: People) -> None:
    Domain.objects.filter(pk=people.domain.pk).update(limit_octets=3 * GIB, largest_quota=2 * GIB)
    Mailbox.objects.filter(pk=people.mailbox.pk).update(quota=2 * GIB)
    client = people.client("administrator")
    assert (
        beside(client.post(NEW, {"local": "eva", "quota": "2 GB"}).text, "quota")
        == "This domain has 1 GB left to give."
    )
    assert (
        beside(client.post(NEW, {"local": "eva", "quota": "4 GB"}).text, "quota") == "The largest quota here is 2 GB."
    )
    assert 'name="unlimited"' not in client.get(NEW).text
    client.post(NEW, {"local": "eva", "quota": "1 GB"})
    assert Mailbox.objects.get(address_text="eva@papelera.example").quota == GIB


def test_a_domain_with_no_place_says_so(people: People) -> None:
    Domain.objects.filter(pk=people.domain.pk).update(limit_mailboxes=1)
    page = people.client("administrator").post(NEW, {"local": "eva"}).text
    assert above(page) == "This domain has room for 1 mailbox, and has it."


def test_a_generated_password_is_shown_once(people: People) -> None:
    client = people.client("administrator")
    answer = client.post(NEW, {"local": "eva", "name": "Eva"})
    password = secret(answer.text)
    owner = User.objects.get(address="eva@papelera.example")
    assert owner.check_password(password)
    assert "no-store" in answer["Cache-Control"]
    for where in (
        f"/mailboxes/{owner.mailbox.pk}/",
        f"/mailboxes/{owner.mailbox.pk}/edit/",
        "/domains/papelera.example/activity/",
    ):
        assert password not in client.get(where).text


def test_a_password_that_was_typed_is_not_shown(people: People) -> None:
    page = people.client("administrator").post(NEW, {"local": "eva", "password": "nueve remos en la barca"}).text
    assert "data-secret" not in page
    assert "nueve remos" not in page


def test_a_weak_password_is_explained(people: People) -> None:
    page = people.client("administrator").post(NEW, {"local": "eva", "password": "eva2024"}).text
    assert "Use at least 10 characters." in beside(page, "password")
    assert 'value="eva"' in page
    assert "eva2024" not in page


def test_an_invitation_instead_of_a_password(people: People) -> None:
    page = people.client("administrator").post(NEW, {"local": "eva", "invite": "on"}).text
    link = secret(page)
    assert link.startswith("http://localhost/invitation/")
    guest = Client(headers={"host": "localhost"})
    where = link.removeprefix("http://localhost")
    assert "eva@papelera.example" in guest.get(where).text
    assert beside(guest.post(where, {"password": "12345"}).text, "password")
    assert guest.post(where, {"password": "nueve remos en la barca"})["Location"] == "/sign-in/"
    assert User.objects.get(address="eva@papelera.example").check_password("nueve remos en la barca")
    assert guest.get(where).status_code == 404
    assert guest.get("/invitation/made:up/").status_code == 404


def test_a_mailbox_is_changed(people: People) -> None:
    where = f"/mailboxes/{people.mailbox.pk}/edit/"
    client = people.client("administrator")
    kept = {"name": "Ana María", "quota": "2 GB", "note": "cuenta nueva", "pop3_enabled": "on"}
    assert client.post(where, kept)["Location"] == f"/mailboxes/{people.mailbox.pk}/"
    people.mailbox.refresh_from_db()
    assert (people.mailbox.name, people.mailbox.quota, people.mailbox.note) == ("Ana María", 2 * GIB, "cuenta nueva")
    assert 'value="2 GB"' in client.get(where).text
    client.post(where, kept | {"quota": "", "unlimited": "on"})
    people.mailbox.refresh_from_db()
    assert people.mailbox.quota is None
    assert (
        beside(client.post(where, kept | {"quota": ""}).text, "quota")
        == "Write how much space, or choose without a limit."
    )


def test_passwords_of_others(people: People) -> None:
    where = f"/mailboxes/{people.mailbox.pk}/password/"
    client = people.client("administrator")
    password = secret(client.post(where, {"password": ""}).text)
    assert User.objects.get(pk=people.owner.pk).check_password(password)
    assert client.post(where, {"password": "nueve remos en la barca"}).status_code == 302
    assert User.objects.get(pk=people.owner.pk).check_password("nueve remos en la barca")


@pytest.mark.parametrize("step", ["suspend", "close"])
def test_a_mailbox_is_taken_out_of_use_for_a_reason(people: People, step: str) -> None:
    client, box = people.client("administrator"), people.mailbox
    client.post(f"/mailboxes/{box.pk}/{step}/", {"reason": "De licencia"})
    box.refresh_from_db()
    assert (box.state, box.state_reason) == ({"suspend": "suspended", "close": "closed"}[step], "De licencia")
    assert "De licencia" in client.get(f"/mailboxes/{box.pk}/").text
    client.post(f"/mailboxes/{box.pk}/reopen/")
    box.refresh_from_db()
    assert box.state == State.ACTIVE


def test_deletion_wants_the_address_typed_and_can_be_undone(people: People) -> None:
    client, box = people.client("administrator"), people.mailbox
    where = f"/mailboxes/{box.pk}/delete/"
    for typed in ("", "ana", "ana@otra.example"):
        assert beside(client.post(where, {"confirmation": typed}).text, "confirmation")
    assert client.post(where, {"confirmation": " ANA@papelera.example "}).status_code == 302
    box.refresh_from_db()
    assert box.state == State.DELETED
    assert "the deletion can be undone" in client.get(f"/mailboxes/{box.pk}/").text
    client.post(f"/mailboxes/{box.pk}/undelete/")
    box.refresh_from_db()
    assert box.state == State.ACTIVE


def test_what_cannot_be_undone_says_why(people: People) -> None:
    client, box = people.client("administrator"), people.mailbox
    client.post(f"/mailboxes/{box.pk}/delete/", {"confirmation": "ana@papelera.example"})
    Domain.objects.filter(pk=people.domain.pk).update(limit_mailboxes=0)
    page = client.post(f"/mailboxes/{box.pk}/undelete/", follow=True).text
    assert "This domain has room for 0 mailboxes" in page


def test_a_mailbox_moves_to_another_address(people: People) -> None:
    client, where = people.client("administrator"), f"/mailboxes/{people.mailbox.pk}/rename/"
    assert 'value="ana@papelera.example"' in client.get(where).text
    page = client.post(where, {"address": "info@papelera.example"}).text
    assert beside(page, "address") == "This address is taken by an alias."
    assert client.post(where, {"address": "ana@otra.example"}).status_code in {200, 404}, "not theirs to give"
    client.post(where, {"address": "Ana.Perez@papelera.example", "keep_alias": "on"})
    people.mailbox.refresh_from_db()
    assert people.mailbox.address_text == "ana.perez@papelera.example"
    assert Address.objects.get(local="ana", domain=people.domain).aliases.get().mailbox == people.mailbox


def test_who_else_opens_a_mailbox(people: People) -> None:
    client, box = people.client("administrator"), people.mailbox
    where = f"/mailboxes/{box.pk}/access/new/"
    assert (
        beside(client.post(where, {"address": "eva@otra.example"}).text, "address")
        == "Nobody signs in with this address."
    )
    make_mailbox("mia@papelera.example")
    client.post(where, {"address": "mia@papelera.example"})
    assert "mia@papelera.example" in client.get(f"/mailboxes/{box.pk}/").text
    access = box.accesses.get(user__address="mia@papelera.example")
    assert client.post(f"/mailboxes/{box.pk}/access/{access.pk}/revoke/").status_code == 302
    assert not box.accesses.filter(pk=access.pk).exists()


def test_several_mailboxes_at_once(people: People) -> None:
    eva, mia = make_mailbox("eva@papelera.example"), make_mailbox("mia@papelera.example", state=State.DELETED)
    stranger = Mailbox.objects.get(address_text="eva@otra.example")
    chief = make_mailbox("chief@papelera.example")
    User.objects.filter(pk=chief.user_id).update(is_operator=True)
    chosen = {
        "mailbox": [eva.pk, mia.pk, chief.pk, stranger.pk, "x", 10**30],
        "next": "/domains/papelera.example/mailboxes/",
    }
    client = people.client("administrator")
    page = client.post("/mailboxes/selected/", chosen | {"act": "suspend"}, follow=True)
    assert page.redirect_chain == [("/domains/papelera.example/mailboxes/", 302)]
    assert "1 mailbox changed." in page.text
    assert "mia@papelera.example: This is deleted. Undo that first." in page.text
    assert "chief@papelera.example: its owner has wider rights than you." in page.text
    states = dict(Mailbox.objects.values_list("address_text", "state"))
    assert (states["eva@papelera.example"], states["eva@otra.example"]) == ("suspended", "active")
    assert states["chief@papelera.example"] == "active"
    client.post("/mailboxes/selected/", chosen | {"act": "reopen"})
    assert Mailbox.objects.get(pk=eva.pk).state == State.ACTIVE
    assert "Select mailboxes first." in client.post("/mailboxes/selected/", {"act": "suspend"}, follow=True).text
    assert "Select mailboxes first." in client.post("/mailboxes/selected/", chosen | {"act": "burn"}, follow=True).text
    assert client.post("/mailboxes/selected/", {"next": "//evil.example"})["Location"] == "/"
    assert client.post("/mailboxes/selected/", {"next": "1"})["Location"] == "1"
    longer = {"mailbox": f"{eva.pk:018}7", "act": "suspend"}  # its first 18 digits are a mailbox's
    assert "Select mailboxes first." in client.post("/mailboxes/selected/", longer, follow=True).text


def test_a_typed_password_is_asked_for_once_more_and_never_sent_back(people: People) -> None:
    page = (
        people.client("administrator").post(NEW, {"local": "ana", "name": "Eva", "password": "siete remos rotos"}).text
    )
    assert "Type it once more: a page never carries a password back." in page
    assert "siete remos rotos" not in page
    assert 'value="Eva"' in page
    page = people.client("administrator").post(NEW, {"local": "ana"}).text
    assert "Type it once more" not in page
