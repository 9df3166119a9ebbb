"""The records to publish, parsed by dnspython as a resolver's answer would be."""

from dataclasses import replace

import dns.rdata
import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.clientsetup import pacc
from controlpanel.clientsetup.dns_records import Published, Reason, Record, public_hosts, records, text
from controlpanel.clientsetup.service import DescriptionError, Server, ServiceDescription
from tests.clientsetup.examples import RECEIVE_ONLY, SERVICE, STLS_ONLY, hosts, services

PUBLISHED = Published(mail_exchangers=((20, "mx2.example.net"), (10, "MX1.example.net")), web_host="panel.example.net")


def by_name(service: ServiceDescription, published: Published = PUBLISHED) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records(service, published):
        found.setdefault((record.name, record.type), []).append(record)
    return found


def value(service: ServiceDescription, name: str, kind: str = "SRV") -> str:
    return by_name(service)[name, kind][0].value


def test_pop3_by_tls_is_preferred_and_imap_is_not_offered() -> None:
    assert value(SERVICE, "_pop3s._tcp.example.test") == "0 1 995 pop.example.net."
    assert value(SERVICE, "_pop3._tcp.example.test") == "10 1 110 pop.example.net."
    assert value(SERVICE, "_imaps._tcp.example.test") == "0 0 0 ."
    assert value(SERVICE, "_imap._tcp.example.test") == "0 0 0 ."


def test_what_is_not_offered_is_a_dot() -> None:
    assert value(STLS_ONLY, "_pop3s._tcp.example.test") == "0 0 0 ."
    assert value(replace(SERVICE, pop3=None), "_pop3._tcp.example.test") == "0 0 0 ."


def test_submission_by_tls_is_there_for_claws_too() -> None:
    assert value(SERVICE, "_submissions._tcp.example.test") == "0 1 465 smtp.example.net."
    assert value(SERVICE, "_submission._tcp.example.test") == "10 1 465 smtp.example.net."


def test_submission_by_starttls() -> None:
    assert value(STLS_ONLY, "_submissions._tcp.example.test") == "0 0 0 ."
    assert value(STLS_ONLY, "_submission._tcp.example.test") == "0 1 587 smtp.example.net."


def test_a_service_that_only_receives_says_nothing_of_sending() -> None:
    names = {name for name, _ in by_name(RECEIVE_ONLY)}
    assert not any("submission" in name for name in names)
    assert value(RECEIVE_ONLY, "example.test", "TXT") == '"v=spf1 mx ~all"'


def test_mail_arrives_and_its_senders_are_named() -> None:
    found = by_name(SERVICE)
    assert [record.value for record in found["example.test", "MX"]] == ["10 mx1.example.net.", "20 mx2.example.net."]
    assert value(SERVICE, "example.test", "TXT") == '"v=spf1 mx a:smtp.example.net ~all"'
    assert value(SERVICE, "_dmarc.example.test", "TXT").startswith('"v=DMARC1; p=none;')


def test_clients_find_the_panel_by_name() -> None:
    assert value(SERVICE, "autoconfig.example.test", "CNAME") == "panel.example.net."
    assert value(SERVICE, "autodiscover.example.test", "CNAME") == "panel.example.net."
    assert value(SERVICE, "_autodiscover._tcp.example.test") == "0 1 443 panel.example.net."


def test_clients_find_a_panel_that_has_addresses_alone() -> None:
    published = Published(mail_exchangers=(), web_addresses=("192.0.2.7", "2001:db8::7"))
    found = by_name(SERVICE, published)
    assert found["autoconfig.example.test", "A"][0].value == "192.0.2.7"
    assert found["autoconfig.example.test", "AAAA"][0].value == "2001:db8::7"
    assert found["_autodiscover._tcp.example.test", "SRV"][0].value == "0 1 443 autodiscover.example.test."


def test_a_panel_that_is_nowhere_is_refused() -> None:
    with pytest.raises(DescriptionError):
        Published(mail_exchangers=())


def test_old_and_new_document_are_vouched_for_during_a_change() -> None:
    documents = (pacc.document(SERVICE), pacc.document(RECEIVE_ONLY))
    found = by_name(SERVICE, replace(PUBLISHED, pacc_documents=documents))
    digests = found["_ua-auto-config.example.test", "TXT"]
    assert [record.value for record in digests] == [f'"{pacc.digest_record(document)}"' for document in documents]
    assert found["ua-auto-config.example.test", "CNAME"][0].value == "panel.example.net."


@given(services(), hosts, st.booleans())
def test_every_record_is_as_a_resolver_would_print_it(service: ServiceDescription, host: str, with_pacc: bool) -> None:
    documents = (pacc.document(replace(service, pop3s=Server(host, 995))),) if with_pacc else ()
    published = Published(mail_exchangers=((10, host),), web_host=host, pacc_documents=documents)
    for record in records(service, published):
        assert dns.rdata.from_text("IN", record.type, record.value).to_text() == record.value
        assert record.reason in Reason


def test_the_lines_make_a_zone() -> None:
    published = replace(PUBLISHED, pacc_documents=(pacc.document(SERVICE),))
    lines = [record.zone_line() for record in records(SERVICE, published)]
    zone = dns.zone.from_text("$TTL 3600\n" + "\n".join(lines), origin="example.test.", check_origin=False)
    assert sum(len(rdataset) for _, rdataset in zone.iterate_rdatasets()) == len(lines)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=1200))
def test_a_long_text_is_cut_into_strings_that_read_back(content: str) -> None:
    (rdata,) = [dns.rdata.from_text("IN", "TXT", text(content))]
    assert b"".join(rdata.strings).decode() == content


def test_the_hosts_that_need_a_certificate() -> None:
    assert public_hosts("Example.test") == (
        "autoconfig.example.test",
        "autodiscover.example.test",
        "ua-auto-config.example.test",
    )
    assert public_hosts("example.test", with_pacc=False) == ("autoconfig.example.test", "autodiscover.example.test")
