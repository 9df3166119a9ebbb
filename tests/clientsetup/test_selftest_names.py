"""Records and files looked at through a DNS that the test wrote, and no door into any other network."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from controlpanel.accounts.actor import SHELL
from controlpanel.clientsetup import changes, dns_records
from controlpanel.clientsetup.description import service_of
from controlpanel.clientsetup.dns_records import Record
from controlpanel.clientsetup.publishing import records_of
from controlpanel.clientsetup.selftest import files, lookups, reach, records, web, whole
from controlpanel.clientsetup.selftest.files import Wanted
from controlpanel.clientsetup.selftest.findings import Verdict
from controlpanel.clientsetup.selftest.records import joined
from controlpanel.mailboxes.models import DevicePassword, Domain
from tests.clientsetup.conftest import People
from tests.store.factories import make_domain

Names = dict[tuple[str, str], list[str] | None]

HOST = "mail.hosting.example"
HERE, ELSEWHERE = "192.0.2.10", "198.51.100.1"


@pytest.fixture
def domain(db: None, settings: Any, names: Names) -> Domain:
    settings.PUBLIC_HOST, settings.MX_HOSTS = HOST, [HOST]
    settings.PUBLIC_POP3_PORT, settings.PUBLIC_POP3S_PORT = 110, 995
    settings.SUBMISSION_HOST, settings.SUBMISSION_PORT = "smtp.hosting.example", 465
    names[HOST, "A"] = [HERE]
    there = make_domain("papelera.example")
    changes.change_setup(there, actor=SHELL, dkim_selector="mail", dkim_key="A" * 392)
    return there


def publish(names: Names, domain: Domain) -> None:
    """Put into the DNS what the page asks for, a CNAME as what it resolves to."""
    for record in records_of(domain):
        kind, value = ("A", HERE) if record.type == "CNAME" else (record.type, record.value)
        names.setdefault((record.name, kind), []).append(value)  # type: ignore[union-attr]


def judged(domain: Domain) -> dict[Record, records.Judged]:
    wanted = records_of(domain)
    answers = lookups.ask(records.questions(wanted), lookups.dns_lookup)
    return {record: records.judge(record, answers) for record in wanted}


def verdict(domain: Domain, name: str, kind: str) -> tuple[Verdict | None, str]:
    [found] = [each for record, each in judged(domain).items() if (record.name, record.type) == (name, kind)]
    return found.verdict, found.words


def test_what_is_published_is_found(domain: Domain, names: Names) -> None:
    publish(names, domain)
    assert {each.verdict for each in judged(domain).values()} == {Verdict.OK}


def test_an_empty_dns_breaks_mail_and_the_rest_is_for_attention(domain: Domain) -> None:
    found = {record: each.verdict for record, each in judged(domain).items()}
    wrong = {record.type + " " + record.reason for record, verdict in found.items() if verdict is Verdict.WRONG}
    assert wrong == {"MX receive", "TXT signature"}
    assert set(found.values()) == {Verdict.WRONG, Verdict.ATTENTION}


def test_a_dns_that_does_not_answer_says_nothing_of_the_records(domain: Domain, names: Names) -> None:
    for record in records_of(domain):
        for kind in ("A", "AAAA", record.type):
            names[record.name, kind] = None
    assert {each.verdict for each in judged(domain).values()} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("name", "kind", "values", "expected", "words"),
    [
        ("papelera.example", "MX", ["10 old.example."], Verdict.WRONG, "goes to another server"),
        ("papelera.example", "MX", ["5 old.example.", f"20 {HOST.upper()}."], Verdict.OK, "Published"),
        ("papelera.example", "TXT", ['"v=spf1 mx ~all"', '"v=spf1 -all"'], Verdict.WRONG, "two SPF records"),
        ("papelera.example", "TXT", ['"v=spf1 a:other.example -all"'], Verdict.ATTENTION, "another one"),
        ("papelera.example", "TXT", ['"google-site-verification=1"'], Verdict.ATTENTION, "anybody may send"),
        ("_dmarc.papelera.example", "TXT", ['"v=DMARC1; p=reject"'], Verdict.OK, "policy of its own"),
        ("_pop3s._tcp.papelera.example", "SRV", ["0 1 995 old.example."], Verdict.WRONG, "another server or port"),
        ("_pop3s._tcp.papelera.example", "SRV", [f"5 9 995 {HOST.upper()}."], Verdict.OK, "Published"),
        ("_imaps._tcp.papelera.example", "SRV", ["0 1 993 imap.old.example."], Verdict.WRONG, "old one"),
        ("_imaps._tcp.papelera.example", "SRV", ["0 0 0 ."], Verdict.OK, "Published"),
        ("_ua-auto-config.papelera.example", "TXT", ['"v=UAAC1; a=sha256; d=x"'], Verdict.WRONG, "other settings"),
        ("mail._domainkey.papelera.example", "TXT", ['"v=DKIM1; k=rsa; p=BBBB"'], Verdict.WRONG, "another key"),
    ],
)
def test_what_is_there_instead_is_said_in_words(
    domain: Domain, names: Names, name: str, kind: str, values: list[str], expected: Verdict, words: str
) -> None:
    names[name, kind] = values  # type: ignore[assignment]
    found, sentence = verdict(domain, name, kind)
    assert found is expected
    assert words in sentence


def test_a_dkim_key_counts_however_it_is_cut_and_spaced(domain: Domain, names: Names) -> None:
    key = "A" * 392
    names["mail._domainkey.papelera.example", "TXT"] = [f'"v=DKIM1;k=rsa;" "p={key[:200]}" "{key[200:]}"']
    assert verdict(domain, "mail._domainkey.papelera.example", "TXT")[0] is Verdict.OK


def test_a_name_that_points_elsewhere(domain: Domain, names: Names) -> None:
    names["autoconfig.papelera.example", "A"] = [ELSEWHERE]
    names["autodiscover.papelera.example", "AAAA"] = ["2001:db8::1"]
    assert verdict(domain, "autoconfig.papelera.example", "CNAME")[0] is Verdict.WRONG
    assert verdict(domain, "autodiscover.papelera.example", "CNAME")[0] is Verdict.WRONG
    names["autoconfig.papelera.example", "A"] = [ELSEWHERE, HERE]
    assert verdict(domain, "autoconfig.papelera.example", "CNAME")[0] is Verdict.OK


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"one"', "one"),
        ('"one" "two"', "onetwo"),
        (r'"a\"b\\c"', 'a"b\\c'),
        ('"semi;colon" ', "semi;colon"),
        ("", ""),
    ],
)
def test_txt_values_are_put_together(written: str, text: str) -> None:
    assert joined(written) == text
    assert joined(dns_records.text("x" * 700)) == "x" * 700


class TestReach:
    """Where the panel may connect: the operator's addresses, whatever a customer's DNS says."""

    def answers(self, *hosts: str) -> lookups.Answers:
        return lookups.ask(reach.questions(*hosts), lookups.dns_lookup)

    def test_only_the_operators_addresses_are_reached(self, domain: Domain, names: Names, settings: Any) -> None:
        inner = "autoconfig.papelera.example"
        names[inner, "A"] = ["10.0.0.1", "169.254.169.254", HERE, "127.0.0.1"]
        assert reach.addresses(inner, self.answers(inner)) == [HERE]
        assert reach.addresses(HOST, self.answers()) == [HERE]
        settings.CHECKED_HOSTS = ["web.hosting.example"]
        names["web.hosting.example", "AAAA"] = ["2001:db8::5"]
        names[inner, "AAAA"] = ["2001:db8::5", "::1"]
        assert reach.addresses(inner, self.answers(inner)) == [HERE, "2001:db8::5"]

    def test_a_host_that_names_an_address_is_reached_by_nobody(self, domain: Domain, names: Names) -> None:
        for host in ("127.0.0.1", "169.254.169.254", "localhost"):
            assert reach.addresses(host, self.answers(host)) == []

    def test_loopback_is_reached_where_the_operator_named_it(self, domain: Domain, settings: Any) -> None:
        settings.PUBLIC_HOST = "localhost"
        assert reach.addresses("localhost", self.answers()) == ["127.0.0.1", "::1"]

    def test_a_silent_dns_reaches_nothing(self, domain: Domain, names: Names) -> None:
        names[HOST, "A"] = names[HOST, "AAAA"] = None
        names["autoconfig.papelera.example", "A"] = [HERE]
        answers = self.answers("autoconfig.papelera.example")
        assert reach.addresses("autoconfig.papelera.example", answers) == []
        with pytest.raises(lookups.UnansweredError):
            reach.addresses(HOST, answers)


class Site(http.server.BaseHTTPRequestHandler):
    """Answers with what the test put into `pages`, and writes down who asked for what."""

    pages: dict[str, tuple[int, bytes]] = {}
    asked: list[tuple[str, str, bytes]] = []

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        host = self.headers["Host"]
        self.asked.append((self.command, f"{host}{self.path}", self.rfile.read(length)))
        status, body = self.pages.get(f"{host}{self.path.partition('?')[0]}", (404, b"nothing"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(b"" if status == 302 else body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_parts: object) -> None:
        pass


@pytest.fixture
def site(domain: Domain, names: Names, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Site]]:
    """A site at 127.0.0.1, where the names of the domain point; it speaks HTTP alone."""
    names[HOST, "A"] = ["127.0.0.1"]
    for prefix in ("autoconfig", "autodiscover"):
        names[f"{prefix}.papelera.example", "A"] = ["127.0.0.1"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    monkeypatch.setattr(web, "PORTS", {True: server.server_port, False: server.server_port})
    Site.pages, Site.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site
    server.shutdown()
    thread.join()
    server.server_close()


def check(domain: Domain, *wanted: Wanted) -> list[tuple[str, Verdict, str]]:
    found = list(wanted) or files.wanted_files(service_of(domain), None)
    answers = lookups.ask(reach.questions(*(each.host for each in found)), lookups.dns_lookup)
    return [(each.what, each.verdict, each.words) for each in files.check_files(found, answers).findings]


def in_clear(domain: Domain) -> list[Wanted]:
    """The domain's files, all asked for without TLS."""
    plain = [each for each in files.wanted_files(service_of(domain), None) if "hosting" not in each.host]
    return [Wanted(each.readers, each.host, each.path, each.content, False, each.body) for each in plain]


def test_right_files_are_right_octet_for_octet(domain: Domain, site: type[Site]) -> None:
    wanted = in_clear(domain)
    site.pages = {each.host + each.path.partition("?")[0]: (200, each.content) for each in wanted}
    assert [verdict for _what, verdict, _words in check(domain, *wanted)] == [Verdict.OK] * 3
    [pox] = [body for method, _where, body in site.asked if method == "POST"]
    assert b"nobody-in-particular@papelera.example" in pox


@pytest.mark.parametrize(
    ("answer", "expected", "words"),
    [
        ((404, b""), Verdict.WRONG, "status 404"),
        ((200, b"<html>parked</html>"), Verdict.WRONG, "something else"),
        ((302, b"https://autoconfig.papelera.example/mail/config-v1.1.xml"), Verdict.OK, "leads to https"),
        ((302, b"http://169.254.169.254/"), Verdict.WRONG, "status 302"),
        ((200, b"x" * 1_000_000), Verdict.WRONG, "something else"),
    ],
)
def test_other_answers_are_judged_and_no_redirect_is_followed(
    domain: Domain, site: type[Site], answer: tuple[int, bytes], expected: Verdict, words: str
) -> None:
    kmail = in_clear(domain)[1]
    site.pages = {"autoconfig.papelera.example/mail/config-v1.1.xml": answer}
    [(_what, found, sentence)] = check(domain, kmail)
    assert (found, words in sentence) == (expected, True)
    assert len(site.asked) == 1


def test_a_site_without_tls_is_said(domain: Domain, site: type[Site]) -> None:
    found = check(domain)
    assert found[0][1] is Verdict.WRONG
    assert "cannot be fetched" in found[0][2]


def test_a_name_that_points_elsewhere_is_not_asked(domain: Domain, site: type[Site], names: Names) -> None:
    names["autoconfig.papelera.example", "A"] = [ELSEWHERE]
    names["autodiscover.papelera.example", "A"] = []
    names["autoconfig.hosting.example", "A"] = names["autoconfig.hosting.example", "AAAA"] = None
    found = check(domain)
    assert [each[1] for each in found] == [Verdict.WRONG, Verdict.WRONG, Verdict.UNKNOWN, Verdict.ATTENTION]
    assert f"{ELSEWHERE}, which is not here" in found[0][2]
    assert site.asked == []


def test_the_whole_check_begins_with_the_name(domain: Domain, names: Names) -> None:
    names[HOST, "A"] = []
    reports = whole.check(service_of(domain), [], records_of(domain), None)
    assert reports[0].verdict is Verdict.WRONG
    assert len(reports) == 3, "without an address nothing is connected to"
    names[HOST, "A"] = names[HOST, "AAAA"] = None
    assert whole.check(service_of(domain), [], records_of(domain), None)[0].verdict is Verdict.UNKNOWN


class TestPages:
    def test_the_records_are_listed_at_once_and_looked_at_on_request(
        self, people: People, names: Names, settings: Any
    ) -> None:
        settings.PUBLIC_HOST = HOST
        client = people.client("administrator")
        page = client.get("/domains/papelera.example/dns/").content.decode()
        assert "_pop3s._tcp.papelera.example" in page
        assert 'hx-get="/domains/papelera.example/dns/?look"' in page
        looked = client.get("/domains/papelera.example/dns/?look").content.decode()
        assert "mail to the domain does not arrive" in looked
        assert "hx-get" not in looked
        piece = client.get("/domains/papelera.example/dns/?look", headers={"HX-Request": "true"}).content.decode()
        assert piece.lstrip().startswith('<div id="records"')

    def test_a_hostile_record_is_only_text(self, people: People, names: Names) -> None:
        names["papelera.example", "TXT"] = ['"v=spf1 <script>alert(1)</script>"']
        looked = people.client("administrator").get("/domains/papelera.example/dns/?look").content.decode()
        assert "<script>alert" not in looked
        assert "&lt;script&gt;alert" in looked

    def test_a_changed_document_is_changed_over_by_hand(self, people: People, names: Names, settings: Any) -> None:
        settings.PUBLIC_HOST, settings.PUBLIC_POP3S_PORT = HOST, 995
        client = people.client("administrator")
        assert "document has changed" not in client.get("/domains/papelera.example/dns/").content.decode()
        settings.PUBLIC_HOST = "pop.hosting.example"
        page = client.get("/domains/papelera.example/dns/").content.decode()
        assert page.count("v=UAAC1; a=sha256") >= 2
        assert "document has changed" in page
        client.post("/domains/papelera.example/dns/pacc/")
        assert "document has changed" not in client.get("/domains/papelera.example/dns/").content.decode()

    def test_a_wrong_key_is_said_beside_its_field_and_kept(self, people: People, names: Names) -> None:
        form = {"dkim_selector": "mail", "dkim_key": "not a key at all"}
        page = people.client("administrator").post("/domains/papelera.example/dns/dkim/", form).content.decode()
        assert 'id="id_dkim_key_error"' in page
        assert "not a key at all" in page
        alone = people.client("administrator").post("/domains/papelera.example/dns/dkim/", {"dkim_selector": "mail"})
        assert "belong together" in alone.content.decode()

    def test_a_check_names_the_fault_and_the_next_waits(self, people: People, names: Names, settings: Any) -> None:
        settings.PUBLIC_HOST = HOST
        client, path = people.client("administrator"), f"/mail/{people.mailbox.pk}/setup/check/"
        assert "no address: no mail client finds it" in client.post(path).content.decode()
        again = client.post(path).content.decode()
        assert "A check has just run" in again
        assert "no mail client finds it" not in again
        owner = people.client("owner").post(path).content.decode()
        assert "no address: no mail client finds it" in owner, "one person's pause is not another's"
        assert not DevicePassword.objects.filter(lent=True, revoked=None).exists()
