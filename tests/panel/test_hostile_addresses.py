"""What a hostile browser may put into an address or a form: no page answers it with a fault of ours."""

import pytest
from _pytest.mark import ParameterSet

from tests.panel.conftest import People


def seldom(*values: object) -> list[ParameterSet]:
    """Values for `make torture` alone."""
    return [pytest.param(value, marks=pytest.mark.torture) for value in values]


NUMBERS = [0, 10**30, *seldom(2**31, 2**63, int("9" * 300))]
TEXTS = ["%00", "a%00b", "%ED%A0%80", "%FF", "%E2%80%AE", "a" * 3000, "'", "%25s", "..%2F..", "*"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_no_row_has_is_not_there(people: People, number: int) -> None:
    client = people.client("operator")
    box, domain = people.mailbox.pk, people.domain.name
    for path in (
        f"/mailboxes/{number}/",
        f"/mail/{number}/",
        f"/mail/{number}/setup/",
        f"/aliases/{number}/",
        f"/mail/{number}/setup/seen/x/",
    ):
        assert client.get(path).status_code == 404, path
    for path in (
        f"/mail/{number}/devices/1/revoke/",
        f"/mailboxes/{box}/access/{number}/revoke/",
        f"/domains/{domain}/administrators/{number}/dismiss/",
    ):
        assert client.post(path).status_code == 404, path
    owner = people.client("owner")
    assert owner.post(f"/mail/{box}/devices/{number}/revoke/").status_code == 404
    assert owner.post(f"/mail/{box}/sessions/{number}/end/").status_code in (302, 404)
    for act in ("remove", "restore", "delete"):
        assert owner.post(f"/mail/{box}/messages/", {"act": act, "message": str(number)}).status_code == 302
    for query in (f"page={number}", f"page=-{number}", f"show={number}", f"before={number}", f"sort={number}"):
        for path in ("/mailboxes/", "/domains/", "/activity/", f"/domains/{domain}/aliases/"):
            assert client.get(f"{path}?{query}").status_code == 200, (path, query)
        for path in (f"/mail/{box}/", f"/mail/{box}/removed/", f"/mail/{box}/sessions/"):
            assert owner.get(f"{path}?{query}").status_code == 200, (path, query)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_no_name_is_not_there(people: People, text: str) -> None:
    client = people.client("operator")
    for path in (
        f"/domains/{text}/",
        f"/domains/{text}/mailboxes/",
        f"/domains/{text}/dns/",
        f"/help/{text}/",
        f"/help/{text}/en/",
        f"/invitation/{text}/",
        f"/telephone/{text}/",
        f"/telephone/{text}/mail.mobileconfig",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/mailboxes/", "/domains/", "/activity/", "/search/", f"/domains/{people.domain.name}/aliases/"):
        assert client.get(f"{path}?q={text}").status_code in (200, 302), path
    nobody = people.client("nobody")
    for path in (
        f"/mail/config-v1.1.xml?emailaddress=x@{text}",
        f"/caddy/ask?domain={text}",
        f"/autodiscover/autodiscover.json?Email={text}&Protocol={text}",
    ):
        assert nobody.get(path).status_code in (200, 400, 404), path


@pytest.mark.parametrize(
    "text", ["\0", "\ud800", *seldom("a\0@b.example", "\u202e", "a" * 5000, "x@" + "a." * 200 + "example")]
)
def test_a_form_says_what_is_wrong(people: People, text: str) -> None:
    client = people.client("operator")
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    domain, box = people.domain.name, people.mailbox.pk
    for path, fields in (
        (f"/domains/{domain}/mailboxes/new/", ("local", "name", "password", "quota", "note")),
        (f"/domains/{domain}/aliases/new/", ("local", "targets")),
        (f"/mailboxes/{box}/edit/", ("name", "quota", "note")),
        (f"/mailboxes/{box}/password/", ("password",)),
        (f"/domains/{domain}/edit/", ("default_quota", "time_zone", "restore_days", "over_quota")),
        (f"/mailboxes/{box}/access/new/", ("address",)),
        (f"/mailboxes/{box}/rename/", ("address",)),
        (f"/domains/{domain}/administrators/new/", ("address", "name")),
        (f"/domains/{domain}/setup/", ("name", "colour", "submission_host", "submission_port", "leaving", "days")),
        (f"/domains/{domain}/dns/dkim/", ("dkim_selector", "dkim_key")),
        ("/domains/new/", ("name", "default_quota", "limit_mailboxes", "administrator")),
        ("/service/slowed/clear/", ("key",)),
        ("/preferences/", ("language", "theme", "next")),
    ):
        for field in fields:
            given = dict.fromkeys(fields, "1") | {field: text}
            assert client.post(path, given).status_code in (200, 302), (path, field)
    nobody = people.client("nobody")
    for field in ("login", "password"):
        given = {"login": "ana@papelera.example", "password": "wrong"} | {field: text}
        assert nobody.post("/sign-in/", given).status_code == 200, field
    owner = people.client("owner")
    assert owner.post(f"/mail/{box}/devices/", {"name": text}).status_code == 200
    assert owner.post("/account/password/", {"present": text, "password": text}).status_code == 200
    assert owner.post("/account/password/strength/", {"password": text}).status_code == 200
    assert owner.post(f"/mail/{box}/messages/", {"act": text, "message": text}).status_code == 302
