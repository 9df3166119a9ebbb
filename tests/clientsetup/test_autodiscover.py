"""Outlook's Autodiscover: what it sends, hostile or not, and what it is answered."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlpanel.clientsetup import autodiscover
from controlpanel.clientsetup.autodiscover import Request, RequestError, answer, error, json_answer, parse_request
from controlpanel.clientsetup.service import Security, Server, ServiceDescription
from tests.clientsetup import xml_readers
from tests.clientsetup.examples import RECEIVE_ONLY, SERVICE, STLS_ONLY, services

OUTLOOK = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
  <Request>
    <EMailAddress>%s</EMailAddress>
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
  </Request>
</Autodiscover>"""
MOBILE = OUTLOOK.replace("outlook/responseschema/2006a", "mobilesync/responseschema/2006")
PREFIXED = (
    '<a:Autodiscover xmlns:a="urn:x"><a:Request><a:EMailAddress>ana@example.test</a:EMailAddress></a:Request>'
    "</a:Autodiscover>"
)
LAUGHS = """<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]>"""
OUTSIDE = """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>"""

ANA = Request("ana@example.test", "example.test")


@pytest.mark.parametrize(
    "body",
    [
        (OUTLOOK % "ana@example.test").encode(),
        (OUTLOOK % "\n   ana@example.test ").encode(),
        (OUTLOOK.replace("utf-8", "utf-16") % "ana@example.test").encode("utf-16"),
        PREFIXED.encode(),
    ],
    ids=["as Outlook sends it", "with white space", "in UTF-16", "prefixed, without a schema"],
)
def test_the_address_is_found_in_a_request(body: bytes) -> None:
    assert parse_request(body) == ANA


def test_the_domain_is_an_a_label_and_the_address_stays_as_sent() -> None:
    request = parse_request((OUTLOOK % "Ana@Ñandú.example").encode())
    assert (request.address, request.domain) == ("Ana@Ñandú.example", "xn--and-6ma2c.example")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 600),
        (b"<Autodiscover>", 600),
        (b"\xff\xfe\x00", 600),
        (b"POST /x HTTP/1.1", 600),
        (b"<Autodiscover/>", 600),
        ((OUTLOOK % "").encode(), 600),
        ((OUTLOOK % "ana").encode(), 600),
        ((OUTLOOK % "ana@a..test").encode(), 600),
        ((OUTLOOK % ("a" * 500 + "@a.test")).encode(), 600),
        ((OUTLOOK % "<b>ana@example.test</b>").encode(), 600),
        (OUTLOOK.replace("?>", "?>" + LAUGHS).replace("%s", "&y;@example.test").encode(), 600),
        (OUTLOOK.replace("?>", "?>" + OUTSIDE).replace("%s", "&x;@example.test").encode(), 600),
        (b"<!DOCTYPE Autodiscover>" + PREFIXED.encode(), 600),
        (b"<a>" * 100 + b"</a>" * 100, 600),
        (b" " * autodiscover.REQUEST_LIMIT + b"<a/>", 600),
        (b'<?xml version="1.0" encoding="no-such"?>' + PREFIXED.encode(), 600),
        ((MOBILE % "ana@example.test").encode(), 601),
    ],
)
def test_a_request_that_cannot_be_answered_has_its_code(body: bytes, code: int) -> None:
    with pytest.raises(RequestError) as refused:
        parse_request(body)
    assert refused.value.code == code


def read(body: bytes) -> int | None:
    """Return the code with which a request is refused, or none."""
    try:
        parse_request(body)
    except RequestError as refused:
        return refused.code
    return None


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert read(body) in {None, *autodiscover.MESSAGES}


@given(st.data())
def test_any_damage_to_a_request_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray((OUTLOOK % "ana@example.test").encode())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert read(bytes(body)) in {None, *autodiscover.MESSAGES}


def test_outlook_reads_pop3_first_with_every_switch_spelled() -> None:
    pop3, smtp = xml_readers.autodiscover(answer(SERVICE, ANA))
    assert pop3 == {
        "Type": "POP3",
        "Server": "pop.example.net",
        "Port": "995",
        "LoginName": "ana@example.test",
        "DomainRequired": "off",
        "SPA": "off",
        "SSL": "on",
        "AuthRequired": "on",
    }
    assert (smtp["Type"], smtp["Server"], smtp["Port"]) == ("SMTP", "smtp.example.net", "465")
    assert (smtp["UsePOPAuth"], smtp["SMTPLast"]) == ("on", "off")
    assert "Encryption" not in smtp


def test_starttls_is_said_where_tls_does_not_come_first() -> None:
    pop3, smtp = xml_readers.autodiscover(answer(STLS_ONLY, ANA))
    assert (pop3["Port"], pop3["SSL"], pop3["Encryption"]) == ("110", "on", "TLS")
    assert (smtp["Port"], smtp["SSL"], smtp["Encryption"]) == ("587", "on", "TLS")


def test_a_service_that_only_receives_names_no_outgoing_server() -> None:
    assert [protocol["Type"] for protocol in xml_readers.autodiscover(answer(RECEIVE_ONLY, ANA))] == ["POP3"]


def test_nobody_learns_which_addresses_exist() -> None:
    known, unknown = answer(SERVICE, ANA), answer(SERVICE, Request("nobody@example.test", "example.test"))
    assert known.replace(b"ana@", b"nobody@") == unknown


@given(services())
def test_thunderbird_reads_the_security_that_was_meant_on_the_usual_ports(service: ServiceDescription) -> None:
    usual = replace(
        service,
        pop3s=service.pop3s and Server(service.pop3s.host, 995),
        pop3=service.pop3 and Server(service.pop3.host, 110, Security.STARTTLS),
        outgoing=service.outgoing
        and Server(
            service.outgoing.host, 465 if service.outgoing.security is Security.TLS else 587, service.outgoing.security
        ),
    )
    meant = [usual.incoming[0], *([usual.outgoing] if usual.outgoing else [])]
    protocols = xml_readers.autodiscover(answer(usual, ANA))
    assert [protocol["Server"] for protocol in protocols] == [server.host for server in meant]
    words = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}
    assert [words[xml_readers.thunderbird_security(p)] for p in protocols] == [server.security for server in meant]


@pytest.mark.parametrize("code", autodiscover.MESSAGES)
def test_an_error_is_in_the_response_namespace(code: int) -> None:
    root = ET.fromstring(error(code, datetime(2026, 11, 24, 9, 5, 7, 120, tzinfo=UTC)))
    element = root.find(f"{xml_readers.RESPONSE}Response/{xml_readers.RESPONSE}Error")
    assert root.tag == f"{xml_readers.RESPONSE}Autodiscover"
    assert element is not None
    assert element.get("Time") == "09:05:07.000120"
    assert element.findtext(f"{xml_readers.RESPONSE}ErrorCode") == str(code)
    assert element.findtext(f"{xml_readers.RESPONSE}Message") == autodiscover.MESSAGES[code]


@pytest.mark.parametrize("protocol", ["AutodiscoverV1", "autodiscoverv1", "AUTODISCOVERV1 "])
def test_json_points_to_the_xml(protocol: str) -> None:
    status, body = json_answer(protocol, "https://autodiscover.example.test/autodiscover/autodiscover.xml")
    assert (status, json.loads(body)) == (
        200,
        {"Protocol": "AutodiscoverV1", "Url": "https://autodiscover.example.test/autodiscover/autodiscover.xml"},
    )


@pytest.mark.parametrize("protocol", ["", "ActiveSync", "EWS", "<script>", "POP3"])
def test_json_offers_no_other_protocol_and_repeats_no_input(protocol: str) -> None:
    status, body = json_answer(protocol, "https://a.test/")
    assert status == 400
    assert json.loads(body)["ErrorCode"] == "InvalidProtocol"
    assert not protocol or protocol not in body.decode()
