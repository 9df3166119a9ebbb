"""Who exists, said twice: to Postfix by the views, and to LMTP by find_recipients. One table runs through both."""

import pytest
from django.db import connection

from controlpanel.accounts.actor import SHELL
from controlpanel.mailboxes import changes
from controlpanel.mailboxes.models import Address, Domain, Mailbox, State
from controlpanel.mailboxes.models import OverQuota as Answer
from controlpanel.mailboxes.recipients import Accepted, Closed, OverQuota, Recipient, Target, Unknown, find_recipients
from pop3service.lmtp_requests import Verdict
from tests.store.factories import age, make_alias, make_domain, make_mailbox, put
from tests.store.many_rows import fill
from tests.store.postfix_lookups import TABLES, look_up, statement
from tests.store.test_plans import walked

pytestmark = pytest.mark.django_db

TAKEN = "DUNNO"
UNKNOWN, CLOSED = Verdict.UNKNOWN.reply, Verdict.CLOSED.reply
FULL, FULL_FOR_GOOD = Verdict.FULL.reply, Verdict.FULL_FOR_GOOD.reply

# Who asks, what is answered, and what it stands for: an address as Casilla keeps it.
OUTCOMES = [
    ("ana@casa.example", TAKEN, "ana@casa.example"),
    ("ANA@Casa.Example", TAKEN, "ana@casa.example"),
    ("luis@casa.example", TAKEN, "luis@casa.example"),  # suspended
    ("nobody@casa.example", UNKNOWN, ""),
    ("ana@nowhere.example", UNKNOWN, ""),
    ("o'brien@casa.example", TAKEN, "o'brien@casa.example"),
    ("a b@casa.example", UNKNOWN, ""),
    # states
    ("closed@casa.example", CLOSED, "closed@casa.example"),
    ("gone@casa.example", CLOSED, "gone@casa.example"),
    ("eva@shut.example", CLOSED, "eva@shut.example"),
    ("nobody@shut.example", UNKNOWN, ""),
    ("eva@gone.example", CLOSED, "eva@gone.example"),
    ("eva@resting.example", TAKEN, "eva@resting.example"),
    ("out@shut.example", CLOSED, "out@shut.example"),
    # room
    ("full@casa.example", FULL, "full@casa.example"),
    ("long-full@casa.example", FULL_FOR_GOOD, "long-full@casa.example"),
    ("full@strict.example", FULL_FOR_GOOD, "full@strict.example"),
    ("long-full@patient.example", FULL, "long-full@patient.example"),
    ("one-octet@casa.example", TAKEN, "one-octet@casa.example"),
    # sub-addresses
    ("ana+lists@casa.example", TAKEN, "ana@casa.example"),
    ("Ana+Lists+More@casa.example", TAKEN, "ana@casa.example"),
    ("ana+\U0001f4e8@casa.example", TAKEN, "ana@casa.example"),
    ("ana+shop@casa.example", TAKEN, "ana+shop@casa.example"),  # an address of its own, of before
    ("ana+shop+more@casa.example", TAKEN, "ana+shop@casa.example"),
    ("ana-lists@casa.example", UNKNOWN, ""),
    ("+lists@casa.example", UNKNOWN, ""),
    ("closed+lists@casa.example", CLOSED, "closed@casa.example"),
    ("maria-lists@hyphen.example", TAKEN, "maria@hyphen.example"),
    ("maria-jose-lists@hyphen.example", TAKEN, "maria-jose@hyphen.example"),
    ("maria+lists@hyphen.example", UNKNOWN, ""),
    ("maria_lists@under.example", TAKEN, "maria@under.example"),
    ("mariaxlists@under.example", UNKNOWN, ""),
    ("maria+lists@plain.example", UNKNOWN, ""),
    # aliases
    ("both@casa.example", TAKEN, "both@casa.example"),
    ("Both+x@casa.example", TAKEN, "both@casa.example"),
    ("away@casa.example", TAKEN, "away@casa.example"),
    ("lucky@casa.example", TAKEN, "lucky@casa.example"),
    ("shuttered@casa.example", CLOSED, "shuttered@casa.example"),
    ("no-luck@casa.example", FULL, "no-luck@casa.example"),
    ("far@casa.example", CLOSED, "far@casa.example"),
    ("empty@casa.example", UNKNOWN, "empty@casa.example"),
    # catch-all
    ("any@todo.example", TAKEN, "@todo.example"),
    ("a b@todo.example", TAKEN, "@todo.example"),
    ("\U0001f4e8@todo.example", TAKEN, "@todo.example"),
    ("eva@todo.example", TAKEN, "eva@todo.example"),
    ("eva+x@todo.example", TAKEN, "eva@todo.example"),
    ("closed@todo.example", CLOSED, "closed@todo.example"),
    ("any@full.example", FULL, "@full.example"),
    # alias domains
    ("ana@alias.example", TAKEN, "ana@casa.example"),
    ("ANA+x@ALIAS.example", TAKEN, "ana@casa.example"),
    ("both@alias.example", TAKEN, "both@casa.example"),
    ("closed@alias.example", CLOSED, "closed@casa.example"),
    ("full@alias.example", FULL, "full@casa.example"),
    ("nobody@alias.example", UNKNOWN, ""),
    ("any@alias-todo.example", TAKEN, "@todo.example"),
    ("maria-x@alias-hyphen.example", TAKEN, "maria@hyphen.example"),
    ("ana@shut-alias.example", CLOSED, "ana@casa.example"),
    ("ana@resting-alias.example", TAKEN, "ana@casa.example"),
    ("eva@alias-of-shut.example", CLOSED, "eva@shut.example"),
    # beyond ASCII
    ("jos\u00e9@xn--espaa-rta.example", TAKEN, "jos\u00e9@xn--espaa-rta.example"),
    ("JOS\u00c9@espa\u00f1a.example", TAKEN, "jos\u00e9@xn--espaa-rta.example"),
    ("jose\u0301+x@ESPAN\u0303A.example", TAKEN, "jos\u00e9@xn--espaa-rta.example"),
    ("ana@a\u00f1o.example", TAKEN, "ana@casa.example"),
    ("ana@xn--ao-zja.example", TAKEN, "ana@casa.example"),
]


@pytest.fixture
def names() -> None:
    ana, luis = make_mailbox("ana@casa.example"), make_mailbox("luis@casa.example", state=State.SUSPENDED)
    closed = make_mailbox("closed@casa.example", state=State.CLOSED)
    make_mailbox("gone@casa.example", state=State.DELETED)
    make_mailbox("o'brien@casa.example")
    make_mailbox("ana+shop@casa.example")
    full = _full("full@casa.example")
    _full("long-full@casa.example", "25 hours")
    put(make_mailbox("one-octet@casa.example", quota=4), b"1\r\n")
    make_domain("strict.example", over_quota=Answer.REFUSE)
    _full("full@strict.example")
    make_domain("patient.example", over_quota=Answer.DEFER)
    _full("long-full@patient.example", "25 hours")
    for name, state in (("shut", State.CLOSED), ("gone", State.DELETED), ("resting", State.SUSPENDED)):
        make_domain(f"{name}.example", state=state)
        make_mailbox(f"eva@{name}.example")
    make_alias("out@shut.example", "eva@outside.example")
    for name, separator in (("hyphen", "-"), ("under", "_"), ("plain", "")):
        make_domain(f"{name}.example", separator=separator)
        make_mailbox(f"maria@{name}.example")
    make_mailbox("maria-jose@hyphen.example")
    make_alias("both@casa.example", ana, luis)
    make_alias("away@casa.example", "eva@outside.example")
    make_alias("lucky@casa.example", closed, full, ana)
    make_alias("shuttered@casa.example", closed)
    make_alias("no-luck@casa.example", closed, full)
    make_alias("far@casa.example", Mailbox.objects.get(address_text="eva@shut.example"))
    make_alias("empty@casa.example")
    make_alias("@todo.example", ana, "eva@outside.example")
    make_mailbox("eva@todo.example")
    make_mailbox("closed@todo.example", state=State.CLOSED)
    make_alias("@full.example", full)
    make_mailbox("jos\u00e9@xn--espaa-rta.example")
    _make_alias_domains()


def _full(address: str, since: str = "") -> Mailbox:
    box = make_mailbox(address, quota=3)
    put(box, b"1\r\n")
    if since:
        find_recipients([Recipient(address)])
        age("mailboxes_mailbox", f"id = {box.pk}", full_since=since)
    return box


def _make_alias_domains() -> None:
    for name, other, state in (
        ("alias", "casa", State.ACTIVE),
        ("alias-todo", "todo", State.ACTIVE),
        ("alias-hyphen", "hyphen", State.ACTIVE),
        ("shut-alias", "casa", State.CLOSED),
        ("resting-alias", "casa", State.SUSPENDED),
        ("alias-of-shut", "shut", State.ACTIVE),
        ("xn--ao-zja", "casa", State.ACTIVE),
    ):
        make_domain(f"{name}.example", alias_of=Domain.objects.get(name=f"{other}.example"), state=state)


def said_by_lmtp(target: Target) -> str:
    match target:
        case Accepted():
            return TAKEN
        case OverQuota(policy):
            return FULL if policy == "defer" else FULL_FOR_GOOD
        case Closed():
            return CLOSED
        case Unknown():
            return UNKNOWN


def led_to_by_lmtp(target: Target) -> set[str]:
    """The addresses of all mailboxes behind a recipient, those too that do not take it, and those elsewhere."""
    numbers = [] if isinstance(target, Unknown) else [*target.mailboxes]
    numbers += [*target.closed, *target.full] if isinstance(target, Accepted) else []
    boxes = Mailbox.objects.filter(pk__in=numbers).values_list("address_text", flat=True)
    return {*boxes, *(target.outside if isinstance(target, Accepted) else ())}


@pytest.mark.usefixtures("names")
class TestBothSay:
    def test_the_same_of_every_address(self) -> None:
        targets = find_recipients([Recipient(address) for address, _, _ in OUTCOMES])
        for (address, outcome, stands_for), target in zip(OUTCOMES, targets, strict=True):
            by_sql = look_up("access", address) or [UNKNOWN]
            assert (by_sql, said_by_lmtp(target)) == ([outcome], outcome), address
            assert look_up("recipients", address) == ([stands_for] if stands_for else []), address

    def test_the_same_of_where_each_leads(self) -> None:
        asked = [address for address, outcome, _ in OUTCOMES if outcome == TAKEN]
        for address, target in zip(asked, find_recipients([Recipient(each) for each in asked]), strict=True):
            assert set(look_up("aliases", address)) == led_to_by_lmtp(target), address

    def test_a_message_after_which_there_is_room(self) -> None:
        Mailbox.objects.filter(address_text="full@casa.example").update(quota=4)
        [target] = find_recipients([Recipient("full@casa.example")])
        assert (look_up("access", "full@casa.example"), said_by_lmtp(target)) == ([TAKEN], TAKEN)


class TestTheDayOfGrace:
    """Where the mail server asks the views alone, no refusal by LMTP begins the day after which a full one refuses."""

    def test_begins_with_the_last_octet(self) -> None:
        put(make_mailbox("ana@casa.example", quota=3), b"1\r\n")
        self.said_now_and_after_a_day()

    def test_begins_with_what_is_forced_in(self) -> None:
        put(make_mailbox("ana@casa.example", quota=3), b"a warning\r\n", force=True)
        self.said_now_and_after_a_day()

    def test_begins_with_a_smaller_quota(self) -> None:
        box = make_mailbox("ana@casa.example", quota=5)
        put(box, b"1\r\n")
        changes.change_mailbox(box, actor=SHELL, quota=3)
        self.said_now_and_after_a_day()
        changes.change_mailbox(box, actor=SHELL, quota=4)
        assert look_up("access", "ana@casa.example") == [TAKEN]
        assert Mailbox.objects.get().full_since is None

    def said_now_and_after_a_day(self) -> None:
        assert look_up("access", "ana@casa.example") == [FULL]
        age("mailboxes_mailbox", full_since="25 hours")
        assert look_up("access", "ana@casa.example") == [FULL_FOR_GOOD]


@pytest.mark.usefixtures("names")
def test_domains_by_every_name() -> None:
    known = ("casa.example", "Casa.Example", "alias.example", "gone.example", "a\u00f1o.example", "xn--ao-zja.example")
    assert [len(look_up("domains", name)) for name in known] == [1] * len(known)
    assert look_up("domains", "nowhere.example") == look_up("domains", "example") == look_up("domains", "") == []


@pytest.mark.usefixtures("names")
class TestSenders:
    @pytest.mark.parametrize(
        "address",
        [
            "ana@casa.example",
            "ANA+lists@casa.example",
            "ana@alias.example",
            "alone@casa.example",
            "alone+x@alias.example",
        ],
    )
    def test_an_owner_sends_with_what_leads_to_them_alone(self, address: str) -> None:
        make_alias("alone@casa.example", Mailbox.objects.get(address_text="ana@casa.example"))
        assert look_up("senders", address) == ["ana@casa.example"]

    @pytest.mark.parametrize(
        "address",
        [
            "both@casa.example",
            "away@casa.example",
            "nobody@casa.example",
            "ana@nowhere.example",
            "any@todo.example",  # leads to another address as well
        ],
    )
    def test_nobody_sends_with_what_leads_to_others_too(self, address: str) -> None:
        assert look_up("senders", address) == []

    def test_an_alias_that_is_nobodys_is_not_the_catch_alls(self) -> None:
        make_alias("@casa.example", Mailbox.objects.get(address_text="ana@casa.example"))
        assert look_up("senders", "any@casa.example") == ["ana@casa.example"]
        assert look_up("senders", "both@casa.example") == look_up("senders", "away@casa.example") == []

    def test_all_behind_an_alias_where_the_administrator_allows_it(self) -> None:
        Address.objects.filter(local="both").update(send_as=True)
        assert sorted(*[each.split(",") for each in look_up("senders", "both@alias.example")]) == [
            "ana@casa.example",
            "luis@casa.example",
        ]
        Address.objects.filter(local="away").update(send_as=True)
        assert look_up("senders", "away@casa.example") == []

    def test_what_a_login_may_send_with(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT address FROM postfix_senders WHERE login = 'luis@casa.example' AND domain = home")
            assert cursor.fetchall() == [("luis@casa.example",)]


COLUMNS = {
    "postfix_aliases": ["domain", "local", "separator", "address", "target"],
    "postfix_domains": ["domain", "home", "separator"],
    "postfix_recipients": ["domain", "local", "separator", "address", "access"],
    "postfix_senders": ["domain", "home", "local", "separator", "address", "login"],
}


def test_the_views_are_what_other_programs_were_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position),"
            " array_agg(DISTINCT data_type::text)"
            " FROM information_schema.columns WHERE table_name LIKE 'postfix%' GROUP BY table_name"
        )
        found = {name: (columns, types) for name, columns, types in cursor.fetchall()}
    assert found == {name: (columns, ["text"]) for name, columns in COLUMNS.items()}


@pytest.mark.parametrize("table", TABLES)
def test_no_lookup_walks_a_growing_table(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL random_page_cost = 1.1")  # as for any disk without arms
    fill(mailboxes=6000, domains=5000, with_mail=1, messages=1)
    assert walked(("SELECT * FROM mailboxes_address", {})) == {"mailboxes_address"}
    for key in ("u7+x@d8.example", "none@d8.example"):
        assert walked((statement(table, key), {})) == set()
