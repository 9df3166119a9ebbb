"""Every address of the panel, asked for by everybody: allowed, or as if it were not there."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.panel.conftest import People
from tests.store.factories import make_dialogue, put

ROLES = ["operator", "administrator", "other_administrator", "owner", "other_owner", "nobody"]
EVERYBODY = "operator administrator other_administrator owner other_owner"
RUNS_IT = "operator administrator"
RUNS_ONE = "operator administrator other_administrator"
HOLDS_OR_RUNS = "operator administrator owner"

# Address, how it is asked for, and for whom it is there.
PAGES = [
    ("home", "GET", EVERYBODY),
    ("search", "GET", EVERYBODY),
    ("account", "GET", EVERYBODY),
    ("account_change_password", "GET", EVERYBODY),
    ("password-strength", "POST", EVERYBODY),
    ("domains", "GET", RUNS_ONE),
    ("domain-new", "GET", "operator"),
    ("domain", "GET", RUNS_IT),
    ("domain-edit", "GET", RUNS_IT),
    ("domain-alias-of", "GET", RUNS_IT),
    ("domain-catch-all", "GET", RUNS_IT),
    ("domain-suspend", "GET", "operator"),
    ("domain-suspend", "POST", "operator"),
    ("domain-close", "GET", "operator"),
    ("domain-reopen", "POST", "operator"),
    ("domain-delete", "GET", "operator"),
    ("domain-undelete", "POST", "operator"),
    ("domain-appoint", "GET", "operator"),
    ("domain-dismiss", "POST", "operator"),
    ("domain-mailboxes", "GET", RUNS_IT),
    ("mailbox-new", "GET", RUNS_IT),
    ("mailboxes-list", "GET", RUNS_IT),
    ("domain-aliases", "GET", RUNS_IT),
    ("alias-new", "GET", RUNS_IT),
    ("domain-activity", "GET", RUNS_IT),
    ("mailboxes", "GET", RUNS_ONE),
    ("mailboxes-selected", "POST", EVERYBODY),
    ("growth", "GET", RUNS_ONE),
    ("domain-growth", "GET", RUNS_IT),
    ("imports", "GET", RUNS_ONE),
    ("domain-import", "GET", RUNS_IT),
    ("import", "GET", RUNS_IT),
    ("import-confirm", "POST", RUNS_IT),
    ("import-discard", "POST", RUNS_IT),
    ("import-faults", "GET", RUNS_IT),
    ("import-invitations", "POST", RUNS_IT),
    ("mailboxes-export", "GET", RUNS_ONE),
    ("domain-export", "GET", RUNS_IT),
    ("mailbox", "GET", RUNS_IT),
    ("mailbox-edit", "GET", RUNS_IT),
    ("mailbox-password", "GET", RUNS_IT),
    ("mailbox-suspend", "GET", RUNS_IT),
    ("mailbox-suspend", "POST", RUNS_IT),
    ("mailbox-close", "GET", RUNS_IT),
    ("mailbox-reopen", "POST", RUNS_IT),
    ("mailbox-delete", "GET", RUNS_IT),
    ("mailbox-undelete", "POST", RUNS_IT),
    ("mailbox-rename", "GET", RUNS_IT),
    ("mailbox-hand-over", "GET", RUNS_IT),
    ("mailbox-hand-over", "POST", RUNS_IT),
    ("access-new", "GET", RUNS_IT),
    ("access-revoke", "POST", RUNS_IT),
    ("mailbox-invite", "POST", RUNS_IT),
    ("mailbox-invite-send", "POST", RUNS_IT),
    ("mailbox-second-factor", "POST", RUNS_IT),
    ("alias", "GET", RUNS_IT),
    ("alias-delete", "POST", RUNS_IT),
    ("mailbox-forwarding", "GET", HOLDS_OR_RUNS),
    ("mailbox-forwarding", "POST", HOLDS_OR_RUNS),
    ("mailbox-away", "GET", HOLDS_OR_RUNS),
    ("mailbox-away", "POST", HOLDS_OR_RUNS),
    ("mailbox-devices", "GET", "owner"),
    ("device-revoke", "POST", "operator administrator owner"),
    ("mailbox-home", "GET", "owner"),
    ("mailbox-removed", "GET", "owner"),
    ("mailbox-setup", "GET", HOLDS_OR_RUNS),
    ("setup-client", "GET", HOLDS_OR_RUNS),
    ("setup-client", "POST", "owner"),
    ("setup-leaving", "GET", HOLDS_OR_RUNS),
    ("setup-profile", "POST", HOLDS_OR_RUNS),
    ("setup-check", "GET", HOLDS_OR_RUNS),
    ("setup-by-hand", "GET", "owner"),
    ("setup-seen", "GET", HOLDS_OR_RUNS),
    ("domain-setup", "GET", RUNS_IT),
    ("domain-dns", "GET", RUNS_IT),
    ("domain-dkim", "POST", RUNS_IT),
    ("domain-pacc", "POST", RUNS_IT),
    ("messages-act", "POST", "owner"),
    ("mailbox-held", "GET", "owner"),
    ("held-act", "POST", "owner"),
    ("message", "GET", "owner"),
    ("message-eml", "GET", "owner"),
    ("mailbox-find", "GET", "owner"),
    ("dialogues", "GET", HOLDS_OR_RUNS),
    ("dialogues-switch", "POST", HOLDS_OR_RUNS),
    ("dialogue", "GET", HOLDS_OR_RUNS),
    ("dialogue-text", "GET", HOLDS_OR_RUNS),
    ("mailbox-trace", "GET", RUNS_IT),
    ("mailbox-sessions", "GET", "owner"),
    ("session-end", "POST", "operator administrator owner"),
    ("activity", "GET", RUNS_ONE),
    ("activity-export", "GET", RUNS_ONE),
    ("domain-activity-export", "GET", RUNS_IT),
    ("second-address-confirm", "POST", EVERYBODY),
    ("second-factor-needed", "GET", EVERYBODY),
    ("look-begin", "POST", "operator"),
    ("look-end", "POST", EVERYBODY),
    ("usersessions_list", "GET", EVERYBODY),
    ("mfa_index", "GET", EVERYBODY),
    ("service", "GET", "operator"),
    ("clear-slowed", "POST", "operator"),
    ("operators", "GET", "operator"),
    ("operator-new", "GET", "operator"),
    ("operator-dismiss", "POST", "operator"),
]
# There for who is not signed in too, or allauth's own affair behind a password asked again.
ELSEWHERE = {"preferences", "health", "invitation", "forgotten", "second-address"}
FOR_CLIENTS = {  # files and help without signing in: tests/clientsetup
    *("autoconfig", "autoconfig-nine", "autoconfig-well-known", "pacc", "caddy-ask"),
    *("autodiscover", "autodiscover-json", "autodiscover-json-for"),
    *("help", "help-in", "help-client", "help-colour", "telephone", "telephone-profile"),
}
PUBLIC = {"account_login", "account_logout", "account_inactive", "account_reauthenticate"}


def arguments(name: str, people: People) -> dict[str, object]:
    known: dict[str, object] = {
        "domain": people.domain.name,
        "mailbox": people.mailbox.pk,
        "address": people.alias.pk,
        "device": people.device.pk,
        "user": people.administrator.pk,
        "operator": people.operator.pk,
        "access": people.access.pk,
        "session": 1,
        "number": people.import_number,
        "dialogue": make_dialogue(people.mailbox).pk,
        "message": put(people.mailbox)[0],
        "client": "thunderbird",
        "token": "none",
    }
    wanted = {key for _pattern, parameters in get_resolver().reverse_dict.getlist(name)[0][0] for key in parameters}
    return {key: known[key] for key in wanted}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("name", "method", "allowed"), PAGES, ids=[f"{name}-{method}" for name, method, _ in PAGES])
def test_a_page_is_there_for_whom_it_concerns(people: People, name: str, method: str, allowed: str, role: str) -> None:
    address = reverse(name, kwargs=arguments(name, people))
    answer = people.client(role).generic(method, address)
    if role == "nobody":
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, reverse("account_login"))
    elif role in allowed.split():
        assert answer.status_code in {200, 302}, answer.status_code
        assert reverse("account_login") not in answer.get("Location", "")
    else:
        assert answer.status_code == 404


@pytest.mark.parametrize(("name", "method", "allowed"), PAGES, ids=[f"{name}-{method}" for name, method, _ in PAGES])
def test_the_other_method_changes_nothing(people: People, name: str, method: str, allowed: str) -> None:
    if method == "GET":
        return
    answer = people.client("operator").get(reverse(name, kwargs=arguments(name, people)))
    assert answer.status_code in {200, 404, 405}


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            assert pattern.name, pattern
            yield pattern.name


def test_no_page_is_left_out() -> None:
    known = {name for name, _method, _allowed in PAGES} | ELSEWHERE | PUBLIC | FOR_CLIENTS
    assert {name for name in names(get_resolver().url_patterns) if not name.startswith("mfa_")} <= known
