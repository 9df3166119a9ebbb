"""The configuration file, read as its readers read it."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from controlpanel.clientsetup.autoconfig import FAR_AWAY_DAYS, config_v1_1
from controlpanel.clientsetup.service import KEEP_ALWAYS, REMOVE, Retention, ServiceDescription
from tests.clientsetup import xml_readers
from tests.clientsetup.examples import RECEIVE_ONLY, SERVICE, STLS_ONLY, services
from tests.programs import need


def test_thunderbird_takes_pop3_by_tls_with_the_address_as_user() -> None:
    config = xml_readers.thunderbird(config_v1_1(SERVICE))
    first = config.incoming[0]
    assert (config.id, config.domains, config.display_name) == ("example.test", ["example.test"], SERVICE.name)
    assert (first.type, first.hostname, first.port, first.socket_type) == ("pop3", "pop.example.net", 995, "SSL")
    assert (first.authentication, first.username, first.password) == ("cleartext", "%EMAILADDRESS%", None)
    assert [(server.port, server.socket_type) for server in config.incoming] == [(995, "SSL"), (110, "STARTTLS")]
    assert [(server.hostname, server.port, server.socket_type) for server in config.outgoing] == [
        ("smtp.example.net", 465, "SSL")
    ]
    assert not config.outgoing[0].use_global_preferred_server


@pytest.mark.parametrize(
    ("retention", "leave", "days"),
    [(KEEP_ALWAYS, True, FAR_AWAY_DAYS), (Retention(days=30), True, 30), (REMOVE, False, FAR_AWAY_DAYS)],
)
def test_thunderbird_keeps_mail_as_long_as_the_domain_says(retention: Retention, leave: bool, days: int) -> None:
    config = xml_readers.thunderbird(config_v1_1(replace(SERVICE, retention=retention)))
    assert [(server.leave_on_server, server.days) for server in config.incoming] == [(leave, days)] * 2


def test_never_is_no_number_that_an_older_thunderbird_overflows_at() -> None:
    seconds, year_2020 = FAR_AWAY_DAYS * 86_400, 1_577_836_800
    assert FAR_AWAY_DAYS > 20 * 365
    assert seconds < 2**31
    assert seconds < year_2020


def test_a_service_that_only_receives_is_accepted_and_asks_for_the_server_that_is_there() -> None:
    config = xml_readers.thunderbird(config_v1_1(RECEIVE_ONLY))
    assert config.outgoing[0].use_global_preferred_server
    assert config.incoming[0].port == 995


def test_stls_alone_is_accepted() -> None:
    config = xml_readers.thunderbird(config_v1_1(STLS_ONLY))
    assert [(server.type, server.socket_type) for server in config.incoming] == [("pop3", "STARTTLS")]
    assert config.outgoing[0].socket_type == "STARTTLS"


def test_k9_does_not_drop_the_file_and_finds_the_outgoing_server() -> None:
    assert xml_readers.k9(config_v1_1(SERVICE)) == ["smtp"]


def test_kmail_reads_the_same_servers() -> None:
    offered = xml_readers.kmail(config_v1_1(SERVICE), "ana", "example.test")
    assert offered[0] == ("pop3", "pop.example.net", 995, "SSL", "PLAIN", "ana@example.test")
    assert offered[-1] == ("smtp", "smtp.example.net", 465, "SSL", "PLAIN", "ana@example.test")


def test_the_help_is_named_in_both_languages() -> None:
    provider = ET.fromstring(config_v1_1(SERVICE)).find("emailProvider")
    assert provider is not None
    pages = {e.find("descr").get("lang"): e.get("url") for e in provider.findall("documentation")}  # type: ignore[union-attr]
    assert pages == SERVICE.documentation


def test_a_hosters_domain_is_marked_and_comes_second() -> None:
    provider = ET.fromstring(config_v1_1(replace(SERVICE, mx_domain="hoster.test"))).find("emailProvider")
    assert provider is not None
    assert [(e.text, e.get("purpose")) for e in provider.findall("domain")] == [
        ("example.test", None),
        ("hoster.test", "mx"),
    ]


@given(services())
def test_every_description_is_accepted_whole_and_leaks_no_placeholder(service: ServiceDescription) -> None:
    content = config_v1_1(service)
    config = xml_readers.thunderbird(content)
    assert len(config.incoming) == len(service.incoming)
    assert {server.type for server in config.incoming} == {"pop3"}
    assert config.display_name == service.name
    assert all(server.password is None for server in config.incoming + config.outgoing)
    xml_readers.k9(content)
    for element in ET.fromstring(content).iter():
        if re.search(r"%[A-Z0-9]+%", element.text or ""):
            assert element.tag == "username"


@given(services())
def test_names_keep_the_drafts_limits(service: ServiceDescription) -> None:
    provider = ET.fromstring(config_v1_1(service)).find("emailProvider")
    assert provider is not None
    assert 0 < len(provider.findtext("displayName") or "") <= 60
    assert 0 < len(provider.findtext("displayShortName") or "") <= 20


def test_the_file_is_utf_8_without_a_mark_and_well_formed(tmp_path: Path) -> None:
    content = config_v1_1(SERVICE)
    assert content.startswith(b'<?xml version="1.0"')
    content.decode("utf-8")
    path = tmp_path / "config-v1.1.xml"
    path.write_bytes(content)
    subprocess.run([need("xmllint"), "--noout", "--nonet", str(path)], check=True)


@pytest.mark.parametrize(
    "drop", ["outgoingServer", "incomingServer", "domain"], ids=["no outgoing", "no incoming", "no domain"]
)
def test_the_reader_here_refuses_what_thunderbird_refuses(drop: str) -> None:
    root = ET.fromstring(config_v1_1(SERVICE))
    provider = root.find("emailProvider")
    assert provider is not None
    for element in provider.findall(drop):
        provider.remove(element)
    with pytest.raises(xml_readers.RefusedError):
        xml_readers.thunderbird(ET.tostring(root))


def test_the_reader_here_drops_both_values_when_the_first_is_malformed() -> None:
    content = config_v1_1(replace(SERVICE, retention=Retention(days=30))).replace(b">true<", b">yes<")
    server = xml_readers.thunderbird(content).incoming[0]
    assert (server.leave_on_server, server.days) == (True, 14)
