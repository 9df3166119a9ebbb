"""The set-up pages of a mailbox and of a domain, asked for as a browser does, with scripts and without."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from controlpanel.clientsetup import presence
from controlpanel.clientsetup.client_facts import Client as Program
from controlpanel.clientsetup.clients import TABLE
from controlpanel.clientsetup.models import DomainSetup
from controlpanel.journal.models import Activity
from controlpanel.mailboxes import device_passwords
from controlpanel.mailboxes.changes.devices import MOST_DEVICES
from controlpanel.mailboxes.models import DevicePassword, Domain, Mailbox, State
from tests.clientsetup.conftest import People
from tests.store.factories import make_domain, make_mailbox, open_session

pytestmark = pytest.mark.django_db

SECRET = re.compile(r"data-secret>([a-z2-7-]+)<")
SEEN = re.compile(r'hx-get="(/mail/\d+/setup/seen/[^"?]+)\?shown=([^"]+)"')


def setup(people: People, rest: str = "") -> str:
    return f"/mail/{people.mailbox.pk}/setup/{rest}"


def text(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


@pytest.mark.parametrize("program", Program)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_program_has_its_page_on_both_ways(people: People, program: Program, language: str) -> None:
    client = people.client("owner")
    for way in ("", "?existing"):
        page = text(client.get(setup(people, f"{program}/{way}"), headers={"accept-language": language}))
        assert "ana@papelera.example" in page
        assert not re.search(r"\{[a-z_]+\}|%\([a-z_]+\)", page), "a placeholder was left"
        assert 'style="' not in page


@pytest.mark.parametrize(
    ("agent", "first"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", "iphone"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9)", "thunderbird-android"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "kmail"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "outlook-classic"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "apple-mail"),
    ],
)
def test_the_readers_own_system_comes_first(people: People, agent: str, first: str) -> None:
    client = people.client("owner")
    assert f"/setup/{first}/" in text(client.get(setup(people), headers={"user-agent": agent}))
    everything = text(client.get(setup(people) + "?show=all", headers={"user-agent": agent}))
    assert all(f"/setup/{program}/" in everything for program in TABLE)
    assert text(client.get(setup(people) + "?show=<script>"))


def test_a_password_is_made_on_the_spot_named_for_the_program_and_shown_once(people: People) -> None:
    client = people.client("owner")
    page = text(client.post(setup(people, "thunderbird/")))
    secret = SECRET.search(page)
    assert secret is not None
    made = DevicePassword.objects.get(name="Thunderbird")
    keys = device_passwords.keys(secret[1], bytes(people.mailbox.scram_salt))
    assert bytes(made.stored_key) == keys.stored_key
    assert secret[1] not in text(client.get(setup(people, "thunderbird/")))
    answer = client.post(setup(people, "thunderbird/"))
    assert "no-store" in answer["Cache-Control"]
    assert DevicePassword.objects.filter(name="Thunderbird 2").exists()


def test_the_password_is_in_no_text_that_leaves_the_page(people: People) -> None:
    page = text(people.client("owner").post(setup(people, "claws/?existing")))
    secret = SECRET.search(page)
    assert secret is not None
    mail = re.search(r'href="(mailto:[^"]+)"', page)
    shared = re.search(r'data-share="([^"]+)"', page)
    assert mail
    assert shared
    assert secret[1] not in mail[1] + shared[1]
    assert "claws" in page.lower()


def test_too_many_passwords_lead_to_the_list_of_them(people: People) -> None:
    DevicePassword.objects.bulk_create(
        [
            DevicePassword(mailbox=people.mailbox, name=f"{n}", stored_key=b"s", server_key=b"k")
            for n in range(MOST_DEVICES)
        ]
    )
    answer = people.client("owner").post(setup(people, "thunderbird/"), follow=True)
    assert "fifty" in text(answer)


@pytest.mark.parametrize("role", ["administrator", "operator"])
def test_who_runs_the_domain_sees_the_guide_and_no_secret(people: People, role: str) -> None:
    client = people.client(role)
    page = text(client.get(setup(people, "thunderbird/")))
    assert "ana@papelera.example" in page
    assert 'method="post" action="/mail' not in page
    assert client.post(setup(people, "thunderbird/")).status_code == 404
    assert client.post(setup(people, "profile/"), {"password": "yes"}).status_code == 404
    assert client.get(setup(people, "by-hand/")).status_code == 404
    assert not DevicePassword.objects.exclude(pk=people.device.pk).exists()


def test_the_owners_choice_is_in_every_guide(people: People) -> None:
    client = people.client("owner")
    assert "Here mail is to stay on the server." in text(client.get(setup(people, "kmail/")))
    answer = client.post(setup(people, "leaving/?back=kmail"), {"leaving": "days", "days": "30"})
    assert answer["Location"] == setup(people, "kmail/")
    assert "for 30 days" in text(client.get(setup(people, "kmail/")))
    client.post(setup(people, "leaving/"), {"leaving": "never", "days": ""})
    assert "removed once it is fetched" in text(client.get(setup(people, "kmail/")))
    client.post(setup(people, "leaving/"), {"leaving": "domain"})
    assert "to stay on the server." in text(client.get(setup(people, "kmail/")))
    assert Activity.objects.filter(act="choose_leaving", mailbox_id=people.mailbox.pk).count() == 3


def test_a_choice_of_ones_own_is_to_be_set_where_the_public_file_says_another(people: People) -> None:
    client = people.client("owner")
    assert "The quickest way sets that." in text(client.get(setup(people, "thunderbird/")))
    assert "The quickest way sets that." not in text(client.get(setup(people, "thunderbird/?existing")))
    client.post(setup(people, "leaving/"), {"leaving": "days", "days": "30"})
    page = text(client.get(setup(people, "thunderbird/")))
    assert "The quickest way sets that." not in page
    assert "“For at most … days”" in page


@pytest.mark.parametrize("program", Program)
def test_who_may_send_is_told_where_and_who_may_not_is_told_so(people: People, program: Program, settings: Any) -> None:
    settings.SUBMISSION_HOST, settings.SUBMISSION_PORT = "smtp.papelera.example", 465
    client = people.client("owner")
    page = text(client.get(setup(people, f"{program}/")))
    assert "smtp.papelera.example" in page
    assert "Here mail is only received" not in page
    Mailbox.objects.filter(pk=people.mailbox.pk).update(send_enabled=False)
    page = text(client.get(setup(people, f"{program}/")))
    assert "smtp.papelera.example" not in page
    assert "Here mail is only received" in page


def test_a_password_made_here_fetches_and_sends(people: People) -> None:
    text(people.client("owner").post(setup(people, "kmail/")))
    made = DevicePassword.objects.get(name="KMail")
    assert (made.may_fetch, made.may_send) == (True, True)


@pytest.mark.parametrize("wrong", [{"leaving": "days"}, {"leaving": "days", "days": "0"}, {"leaving": "x"}, {}])
def test_a_choice_that_cannot_be_is_refused_beside_its_field(people: People, wrong: dict[str, str]) -> None:
    page = text(people.client("owner").post(setup(people, "leaving/"), wrong))
    assert "errorlist" in page
    people.mailbox.refresh_from_db()
    assert not people.mailbox.leave_own


def test_after_the_choice_nobody_is_led_out_of_the_panel(people: People) -> None:
    answer = people.client("owner").post(setup(people, "leaving/?back=//evil.example"), {"leaving": "always"})
    assert answer["Location"] == setup(people)


class TestLooking:
    """An operator who looks as the owner does is offered nothing that makes a secret or changes a thing."""

    @pytest.mark.parametrize("program", Program)
    def test_the_guide_offers_no_password_profile_or_choice(self, people: People, program: Program) -> None:
        client = people.client("operator")
        client.post(f"/mailboxes/{people.mailbox.pk}/look/")
        page = text(client.get(setup(people, f"{program}/")))
        assert "Make the password" not in page
        assert setup(people, "profile/") not in page
        assert "Choose otherwise" not in page
        assert setup(people, "by-hand/") not in text(client.get(setup(people)))

    def test_nothing_is_made(self, people: People) -> None:
        client = people.client("operator")
        client.post(f"/mailboxes/{people.mailbox.pk}/look/")
        for where, data in (
            ("thunderbird/", {}),
            ("profile/", {"password": "yes"}),
            ("profile/", {}),
            ("by-hand/", {}),
            ("leaving/", {"leaving": "never"}),
        ):
            answer = client.post(setup(people, where), data)
            assert answer["Location"] == f"/mail/{people.mailbox.pk}/", where
        assert not DevicePassword.objects.exclude(pk=people.device.pk).exists()


class TestSeen:
    def test_the_page_asks_and_hears_only_what_is_new(self, people: People) -> None:
        client = people.client("owner")
        url, shown = SEEN.search(text(client.get(setup(people, "thunderbird/")))).groups()  # type: ignore[union-attr]
        hx = {"HX-Request": "true"}
        assert client.get(f"{url}?shown={shown}", headers=hx).status_code == 204
        open_session(people.mailbox)
        piece = text(client.get(f"{url}?shown={shown}", headers=hx))
        assert "It works: connected, encrypted" in piece
        assert "203.0.113.7" in piece
        assert "hx-get" not in piece
        assert "<html" not in piece

    def test_without_scripts_a_page_asks_again_by_itself(self, people: People) -> None:
        client = people.client("owner")
        url = SEEN.search(text(client.get(setup(people, "thunderbird/"))))[1]  # type: ignore[index]
        waiting = client.get(url)
        assert waiting["Refresh"] == "3"
        assert "Waiting for your mail client" in text(waiting)
        open_session(people.mailbox)
        there = client.get(url)
        assert "Refresh" not in there
        assert "<html" in text(there)

    def test_a_spent_or_foreign_token_ends_the_asking(self, people: People) -> None:
        client = people.client("owner")
        other = make_mailbox("eva@papelera.example")
        foreign = presence.open_watch().token(other)
        for token in ("x", foreign):
            assert "hx-get" not in text(client.get(setup(people, f"seen/{token}/"), headers={"HX-Request": "true"}))


class TestDomain:
    def test_name_colour_and_server_show_on_the_help_page(self, people: People) -> None:
        client = people.client("administrator")
        chosen = {
            "name": "Correo de la Papelera",
            "colour": "#AA3300",
            "submission_host": "SMTP.papelera.example",
            "submission_port": "587",
            "leaving": "days",
            "days": "21",
        }
        assert client.post("/domains/papelera.example/setup/", chosen).status_code == 302
        setup = DomainSetup.objects.get(domain=people.domain)
        assert (setup.name, setup.colour, setup.submission_host) == (
            "Correo de la Papelera",
            "#aa3300",
            "smtp.papelera.example",
        )
        nobody = people.client("nobody")
        page = text(nobody.get("/help/papelera.example/en/other/"))
        assert "Correo de la Papelera" in page
        assert "smtp.papelera.example" in page
        assert "STARTTLS (required)" in page
        assert "21 days" in page
        assert "#aa3300" in text(nobody.get("/help/papelera.example/colour.css"))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "x" * 61),
            ("name", "%EMAILADDRESS%"),
            ("colour", "red"),
            ("submission_host", "no host"),
            ("submission_port", "70000"),
            ("submission_port", ""),
            ("days", "4000"),
        ],
    )
    def test_what_no_client_could_use_is_refused_beside_its_field(self, people: People, field: str, value: str) -> None:
        right = {"submission_port": "465", "leaving": "days", "days": "5"}
        page = text(people.client("administrator").post("/domains/papelera.example/setup/", {**right, field: value}))
        assert f'id="id_{field}_error"' in page
        assert not DomainSetup.objects.filter(domain=people.domain).exclude(name="", colour="").exists()
        people.domain.refresh_from_db()
        assert people.domain.leave_days is None

    def test_an_unchanged_form_leaves_no_row_in_the_journal(self, people: People) -> None:
        client = people.client("administrator")
        client.post("/domains/papelera.example/setup/", {"submission_port": "465", "leaving": "always"})
        assert not Activity.objects.filter(act__in=["change_setup", "change_domain"]).exists()


class TestHelp:
    def test_anybody_reads_it_in_their_language(self, people: People) -> None:
        client = Client(headers={"host": "localhost", "accept-language": "es-AR,es;q=0.9"})
        answer = client.get("/help/papelera.example/")
        assert answer["Location"] == "/help/papelera.example/es/"
        page = text(client.get(answer["Location"]))
        assert '<html lang="es"' in page
        assert "papelera.example" in page
        english = client.get("/help/papelera.example/en/")
        assert english["Content-Language"] == "en"
        assert "Set up a mail client" in text(english)

    @pytest.mark.parametrize("program", Program)
    def test_it_names_no_mailbox_and_makes_no_promise_it_cannot_keep(self, people: People, program: Program) -> None:
        page = text(people.client("nobody").get(f"/help/papelera.example/en/{program}/"))
        assert "ana@" not in page
        assert "<form" not in page
        assert "Download the profile and open it" not in page
        assert "Point the camera at the code on this page" not in page

    def test_the_text_to_take_along_follows_the_way_that_is_shown(self, people: People) -> None:
        ways = [
            text(people.client("nobody").get(f"/help/papelera.example/en/kmail/{way}")) for way in ("", "?existing")
        ]
        assert ["1. Choose Settings, Configure KMail, Accounts" in way for way in ways] == [False, True]
        assert ["/help/papelera.example/es/kmail/?existing" in way for way in ways] == [False, True]

    @pytest.mark.parametrize("path", ["", "en/", "colour.css", "en/thunderbird/"])
    def test_other_domains_have_none(self, people: People, path: str) -> None:
        Domain.objects.filter(name="otra.example").update(state=State.DELETED)
        for name in ("otra.example", "elsewhere.example", "x", "%00", "a" * 300):
            assert people.client("nobody").get(f"/help/{name}/{path}").status_code == 404

    def test_a_hostile_name_is_only_text(self, people: People) -> None:
        name = "<script>alert(1)</script>&amp;"
        DomainSetup.objects.create(domain=people.domain, name=name)
        page = text(people.client("nobody").get("/help/papelera.example/en/"))
        assert name not in page
        assert escape(name) in page

    def test_a_domain_of_other_letters_is_shown_as_people_write_it(self, db: None) -> None:
        make_domain("xn--pea-8ma.example")
        client = Client(headers={"host": "localhost"})
        assert "peña.example" in text(client.get("/help/peña.example/en/"))
        assert "peña.example" in text(client.get("/help/xn--pea-8ma.example/en/"))


def test_a_longest_address_breaks_no_page(people: People) -> None:
    longest = "x" * 64 + "@" + ".".join(["y" * 63, "z" * 63, "w" * 63, "v" * 58, "ex"])
    assert len(longest) == 64 + 1 + 253
    box: Mailbox = make_mailbox(longest)
    client = people.client("operator")
    for program in Program:
        assert client.get(f"/mail/{box.pk}/setup/{program}/").status_code == 200


def test_an_address_outside_ascii_gets_no_code_for_android_and_a_page_all_the_same(people: People) -> None:
    box = make_mailbox("ñandú@papelera.example")
    page = text(people.client("operator").get(f"/mail/{box.pk}/setup/thunderbird-android/"))
    assert "<svg role" not in page
