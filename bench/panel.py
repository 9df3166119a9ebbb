"""The panel at 100,000 mailboxes in 1,000 domains: the server's time for a page of a list, as an operator sees it."""

import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import connection, transaction

from bench.house import House
from bench.rounds import say

if TYPE_CHECKING:
    from controlpanel.accounts.models import User

DOMAINS, MAILBOXES = 1000, 100_000
OPERATOR = "operator@panel.example"
FIRST_ID = 10_000_000
TIMES = 7
PAGES = (
    ("first page", "/mailboxes/"),
    ("last page", "/mailboxes/?page=999999"),
    ("middle page", "/mailboxes/?page=1000"),
    ("by space used", "/mailboxes/?sort=-space"),
    ("by last fetch, last page", "/mailboxes/?sort=-seen&page=999999"),
    ("search, one found", "/mailboxes/?q=box77777@"),
    ("search, many found", "/mailboxes/?q=box7"),
    ("search, none found", "/mailboxes/?q=nobody-is-called-so"),
    ("nearly full", "/mailboxes/?show=full"),
    ("one domain's", "/domains/domain500.panel.example/mailboxes/"),
    ("list of domains", "/domains/"),
)

# Rows like those that the panel's functions made, which would take an hour for this many.
FILL = """
CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT n, %(first)s + n AS id, %(first)s + 1 + n %% %(domains)s AS domain,
           'box' || n || '@domain' || 1 + n %% %(domains)s || '.panel.example' AS address
    FROM generate_series(1, %(mailboxes)s) AS n;
INSERT INTO mailboxes_domain
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', %(first)s + n,
            'name', 'domain' || n || '.panel.example'))).*
    FROM mailboxes_domain AS model, generate_series(1, %(domains)s) AS n WHERE model.name = 'model.panel.example';
INSERT INTO accounts_user
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', made.id, 'address', made.address))).*
    FROM accounts_user AS model, made WHERE model.address = 'ana@model.panel.example';
INSERT INTO mailboxes_address (id, domain_id, local) SELECT id, domain, 'box' || n FROM made;
INSERT INTO mailboxes_mailbox
    SELECT (jsonb_populate_record(model, jsonb_build_object('id', made.id, 'user_id', made.id, 'address_id', made.id,
            'domain_id', domain, 'address_text', address, 'name', 'Person number ' || n,
            'last_seen', now() - make_interval(hours => n %% 5000)))).*
    FROM mailboxes_mailbox AS model, made WHERE model.address_text = 'ana@model.panel.example';
INSERT INTO mailboxes_usage (mailbox_id, messages, octets, removed_messages, removed_octets, change)
    SELECT id, n %% 100 + 1, (n::bigint * 7919 %% 1000 + 1) * 1000000, 0, 0, n %% 100 + 1 FROM made;
"""


def run(house: House) -> list[dict[str, object]]:
    from controlpanel.accounts.actor import SHELL
    from controlpanel.accounts.models import User
    from controlpanel.mailboxes import changes

    changes.create_operator(OPERATOR, actor=SHELL, password="a person who runs the service")
    changes.create_mailbox(changes.create_domain("model.panel.example", actor=SHELL), "ana", actor=SHELL)
    call_command("collectstatic", interactive=False, verbosity=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FILL, {"first": FIRST_ID, "domains": DOMAINS, "mailboxes": MAILBOXES})
    house.casilla.settle()
    return [measured(User.objects.get(address=OPERATOR), *page) for page in PAGES]


def measured(operator: "User", words: str, path: str) -> dict[str, object]:
    """Return the median and the longest of some requests, the first one left out; and how many statements each took."""
    from django.test import Client

    client = Client(HTTP_HOST="localhost")
    client.force_login(operator)
    asked: list[str] = []
    with connection.execute_wrapper(noting(asked)):
        answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        client.get(path)
        taken.append(time.perf_counter() - began)
    say(f"panel, {words}: {median(taken) * 1e3:.0f} ms, {len(asked)} statements")
    return {
        "words": words,
        "seconds": median(taken),
        "longest": max(taken),
        "statements": len(asked),
    }


def noting(asked: list[str]) -> Callable[..., Any]:
    """Return a wrapper of execute that notes each statement."""

    def execute(go_on: Callable[..., Any], statement: str, *rest: Any) -> Any:
        asked.append(statement)
        return go_on(statement, *rest)

    return execute
