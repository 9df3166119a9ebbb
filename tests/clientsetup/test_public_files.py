"""What mail clients fetch without signing in: every address, every host, and no word on who exists."""

import json
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from controlpanel.accounts.actor import SHELL
from controlpanel.clientsetup import autoconfig, autodiscover, changes, pacc
from controlpanel.clientsetup.description import service_of
from controlpanel.mailboxes.changes import change_domain, choose_leaving
from controlpanel.mailboxes.models import Domain, State
from tests.clientsetup import xml_readers
from tests.clientsetup.conftest import People
from tests.store.factories import make_domain

pytestmark = pytest.mark.django_db

CONFIG = "/mail/config-v1.1.xml"
CONFIG_PATHS = [CONFIG, "/.well-known/autoconfig/mail/config-v1.1.xml", "/v1.1/mail/config-v1.1.xml"]
POX_PATHS = ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AUTODISCOVER.XML"]
DOMAIN = "papelera.example"
KNOWN, UNKNOWN = f"ana@{DOMAIN}", f"zoe@{DOMAIN}"
POX = (
    '<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    'requestschema/2006"><Request><EMailAddress>{}</EMailAddress></Request></Autodiscover>'
)


def get(path: str, host: str = "localhost", **query: str) -> HttpResponse:
    return Client(headers={"host": host}).get(path, query)


def post_pox(address: str, path: str = POX_PATHS[0], **more: Any) -> HttpResponse:
    client = Client(headers={"host": f"autodiscover.{DOMAIN}"}, enforce_csrf_checks=True)
    return client.post(path, POX.format(address), content_type="text/xml", **more)


def config(answer: HttpResponse) -> xml_readers.Config:
    assert answer.status_code == 200, answer.content
    return xml_readers.thunderbird(answer.content)


@pytest.mark.parametrize("path", CONFIG_PATHS)
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("query", [{}, {"emailaddress": KNOWN}, {"emailaddress": "EVOLUTIONUSER@" + DOMAIN}])
def test_thunderbird_finds_the_file_everywhere(people: People, path: str, secure: bool, query: dict[str, str]) -> None:
    for host in (f"autoconfig.{DOMAIN}", DOMAIN):
        answer = Client(headers={"host": host}).get(path, query, secure=secure)
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        found = config(answer)
        assert (found.id, found.domains[0]) == (DOMAIN, DOMAIN)
        assert [server.type for server in found.incoming] == ["pop3", "pop3"]
        assert found.outgoing


def test_the_domain_of_the_address_counts_before_the_host(people: People) -> None:
    assert config(get(CONFIG, "autoconfig.otra.example", emailaddress=KNOWN)).id == DOMAIN


def test_a_customer_comes_by_the_mx_record(people: People, settings: Any) -> None:
    settings.MX_HOSTS = ["mx1.mail.hosting.example"]
    for host in ("autoconfig.mail.hosting.example", "autoconfig.hosting.example", "mx1.mail.hosting.example"):
        assert config(get(CONFIG, host, emailaddress=KNOWN)).domains == [DOMAIN, "mail.hosting.example"]
        assert get(CONFIG, host, emailaddress="ana@elsewhere.example").status_code == 404
    assert get(CONFIG, "mx1.mail.hosting.example").status_code == 404
    assert get(CONFIG, "autoconfig.example", emailaddress=KNOWN).status_code == 400


def test_a_customer_who_comes_by_the_mx_record_and_names_no_address_gets_what_all_have(
    people: People, settings: Any
) -> None:
    settings.MX_HOSTS, settings.PUBLIC_HOST = ["mx1.mail.hosting.example"], "pop.hosting.example"
    settings.SUBMISSION_HOST = "smtp.hosting.example"
    change_domain(people.domain, actor=SHELL, leave_days=0)
    for path in CONFIG_PATHS:
        found = config(get(path, "autoconfig.mail.hosting.example"))
        assert found.domains == ["mail.hosting.example"]
        assert {(server.hostname, server.leave_on_server) for server in found.incoming} == {
            ("pop.hosting.example", True)
        }
        assert [server.hostname for server in found.outgoing] == ["smtp.hosting.example"]
    settings.MX_HOSTS = ["localhost"]
    assert get(CONFIG, "autoconfig.hosting.example").status_code == 404


@pytest.mark.parametrize("address", ["ana@elsewhere.example", f"ana@sub.{DOMAIN}", "ana@", "@", "a@b@c d"])
def test_other_domains_are_not_served(people: People, address: str) -> None:
    assert get(CONFIG, f"autoconfig.{DOMAIN}", emailaddress=address).status_code == 404


@pytest.mark.parametrize("address", ["", "no address", DOMAIN])
def test_what_is_no_address_leaves_the_host_to_speak(people: People, address: str) -> None:
    assert config(get(CONFIG, f"autoconfig.{DOMAIN}", emailaddress=address)).id == DOMAIN


def test_a_deleted_domain_is_not_served(people: People) -> None:
    Domain.objects.filter(name=DOMAIN).update(state=State.DELETED)
    assert get(CONFIG, "localhost", emailaddress=KNOWN).status_code == 404


def test_an_internationalised_domain_is_found_in_both_its_forms(db: None) -> None:
    make_domain("xn--pea-8ma.example")
    for address in ("ana@peña.example", "ana@xn--pea-8ma.example", "ANA@PEÑA.EXAMPLE"):
        assert config(get(CONFIG, emailaddress=address)).id == "xn--pea-8ma.example"


def test_the_file_says_what_the_domain_chose_and_never_what_an_owner_chose(people: People) -> None:
    choose_leaving(people.mailbox, 3, actor=SHELL)
    before = get(CONFIG, emailaddress=KNOWN)
    assert [(server.leave_on_server, server.days) for server in config(before).incoming] == [
        (True, autoconfig.FAR_AWAY_DAYS)
    ] * 2
    change_domain(people.domain, actor=SHELL, leave_days=30)
    assert {server.days for server in config(get(CONFIG, emailaddress=KNOWN)).incoming} == {30}
    change_domain(people.domain, actor=SHELL, leave_days=0)
    assert {server.leave_on_server for server in config(get(CONFIG, emailaddress=KNOWN)).incoming} == {False}


def same(one: HttpResponse, other: HttpResponse) -> bool:
    """Whether two answers differ in nothing that their receiver sees."""
    return (one.status_code, one.content, dict(one.items())) == (other.status_code, other.content, dict(other.items()))


def test_an_unknown_address_gets_every_octet_that_a_known_one_gets(people: People) -> None:
    for path in CONFIG_PATHS:
        assert same(get(path, emailaddress=KNOWN), get(path, emailaddress=UNKNOWN))
    known, unknown = post_pox(KNOWN), post_pox(UNKNOWN)
    assert known.content.replace(b"ana@", b"zoe@") == unknown.content
    assert same(
        get(f"/autodiscover/autodiscover.json/v1.0/{KNOWN}", Protocol="AutodiscoverV1"),
        get(f"/autodiscover/autodiscover.json/v1.0/{UNKNOWN}", Protocol="AutodiscoverV1"),
    )


def test_no_mailbox_is_read_for_a_public_file(people: People) -> None:
    with CaptureQueriesContext(connection) as asked:
        get(CONFIG, emailaddress=KNOWN)
        post_pox(KNOWN)
    statements = " ".join(query["sql"] for query in asked)
    assert "mailboxes_domain" in statements
    assert "mailboxes_mailbox" not in statements
    assert "mailboxes_address" not in statements


@pytest.mark.parametrize("path", POX_PATHS)
def test_outlook_is_answered_however_it_writes_the_path(people: People, path: str) -> None:
    answer = post_pox(KNOWN, path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    [pop3] = [each for each in xml_readers.autodiscover(answer.content) if each["Type"] == "POP3"]
    assert (pop3["SPA"], pop3["SSL"], pop3["LoginName"]) == ("off", "on", KNOWN)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 600),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 600),
        (b"x" * (autodiscover.REQUEST_LIMIT + 1), 600),
        (POX.format("ana@elsewhere.example").encode(), 500),
    ],
    ids=["empty", "doctype", "too long", "another domain"],
)
def test_outlook_is_told_what_is_wrong(people: People, body: bytes, code: int) -> None:
    answer = Client(headers={"host": DOMAIN}).post(POX_PATHS[0], body, content_type="text/xml")
    assert f"<ErrorCode>{code}</ErrorCode>".encode() in answer.content


def test_a_get_in_clear_leads_outlook_to_the_host_that_has_a_certificate(people: People, settings: Any) -> None:
    settings.PANEL_URL = "https://mail.hosting.example"
    answer = get(POX_PATHS[1], f"autodiscover.{DOMAIN}")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "https://mail.hosting.example/autodiscover/autodiscover.xml",
    )
    secure = Client(headers={"host": DOMAIN}).get(POX_PATHS[0], secure=True)
    assert b"<ErrorCode>600</ErrorCode>" in secure.content


def test_json_points_to_the_xml_and_knows_no_other_protocol(people: People, settings: Any) -> None:
    settings.PANEL_URL = "https://mail.hosting.example"
    for path in ("/autodiscover/autodiscover.json", "/AutoDiscover/AutoDiscover.json/v1.0/x@y"):
        answer = get(path, DOMAIN, Email=KNOWN, protocol="autodiscoverv1")
        assert json.loads(answer.content)["Url"] == "https://mail.hosting.example/autodiscover/autodiscover.xml"
    refused = get("/autodiscover/autodiscover.json", DOMAIN, Protocol="ActiveSync")
    assert (refused.status_code, json.loads(refused.content)["ErrorCode"]) == (400, "InvalidProtocol")


def test_pacc_serves_stored_octets_until_somebody_changes_over(people: People, settings: Any) -> None:
    settings.PUBLIC_HOST, settings.PUBLIC_POP3S_PORT = "mail.hosting.example", 995
    first = get(pacc.PATH, f"ua-auto-config.{DOMAIN}")
    assert (first.status_code, first["Content-Type"]) == (200, "application/json")
    assert first.content == pacc.document(service_of(people.domain))
    settings.PUBLIC_HOST = "pop.hosting.example"
    assert get(pacc.PATH, f"ua-auto-config.{DOMAIN}").content == first.content != changes.fresh_pacc(people.domain)
    changes.serve_pacc(people.domain, actor=SHELL)
    assert get(pacc.PATH, f"ua-auto-config.{DOMAIN}").content == changes.fresh_pacc(people.domain)


def test_pacc_is_not_there_where_it_cannot_say_the_port(people: People, settings: Any) -> None:
    settings.PUBLIC_POP3S_PORT = 1995
    assert get(pacc.PATH, f"ua-auto-config.{DOMAIN}").status_code == 404


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("mail.hosting.example", True),
        ("mx1.hosting.example", True),
        ("autoconfig.hosting.example", True),
        (DOMAIN, True),
        (f"autoconfig.{DOMAIN}", True),
        (f"AUTODISCOVER.{DOMAIN}.", True),
        (f"ua-auto-config.{DOMAIN}", True),
        (f"www.{DOMAIN}", False),
        (f"autoconfig.autoconfig.{DOMAIN}", False),
        ("elsewhere.example", False),
        ("example", False),
        ("localhost", False),
        ("127.0.0.1", False),
        ("", False),
    ],
)
def test_caddy_gets_a_certificate_for_what_is_served_here(
    people: People, settings: Any, host: str, allowed: bool
) -> None:
    settings.PUBLIC_HOST, settings.MX_HOSTS = "mail.hosting.example", ["mx1.hosting.example"]
    assert get("/caddy/ask", domain=host).status_code == (200 if allowed else 404)


@pytest.mark.parametrize("path", [*CONFIG_PATHS, pacc.PATH, "/caddy/ask", "/autodiscover/autodiscover.json"])
def test_files_are_only_read(people: People, path: str) -> None:
    assert Client(headers={"host": DOMAIN}).post(path).status_code == 405
