"""Outlook's Autodiscover: plain old XML (POX) and the JSON that points to it.

Outlook up to 2019 and Thunderbird read the POX answer ([MS-OXDSCLI], Thunderbird's ExchangeAutoDiscover); newer ones
set POP3 up by hand. Every switch is spelled on or off: an empty element made Outlook sign in and drop the connection,
and its default for SPA is on. The answer holds nothing but the domain's servers and the address that was sent, so it
tells nobody which mailboxes exist. How long to leave mail on the server cannot be said here.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.parsers import expat

from controlpanel.clientsetup.markup import add, document
from controlpanel.clientsetup.service import DescriptionError, Security, Server, ServiceDescription, split_address

CONTENT_TYPE = "text/xml; charset=utf-8"
REQUEST_LIMIT = 16 * 1024  # octets; Outlook's request has about 400
DEPTH_LIMIT = 8
TEXT_LIMIT = 400  # characters of one element

RESPONSE_NAMESPACE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK_NAMESPACE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

ADDRESS_PATH = ["Autodiscover", "Request", "EMailAddress"]
SCHEMA_PATH = ["Autodiscover", "Request", "AcceptableResponseSchema"]

MESSAGES = {  # [MS-OXDSCLI] section 2.2.4.1.1.3.1
    500: "The email address cannot be found",
    600: "Invalid Request",
    601: "The requested schema is not provided",
}


class RequestError(ValueError):
    """A request that gets an error answer; `code` is one of MESSAGES."""

    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """Whom a client asks for: `address` as it was sent, and the domain of it as an A-label."""

    address: str
    domain: str


class _Reader:
    """Collects two texts of a request by expat itself: a DOCTYPE, and with it any entity, ends the reading."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.texts: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _refuse(self, *_parts: object) -> None:
        raise RequestError(600)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self.path.append(name.rpartition(" ")[2])
        if len(self.path) > DEPTH_LIMIT:
            raise RequestError(600)

    def _end(self, _name: str) -> None:
        self.path.pop()

    def _data(self, text: str) -> None:
        if self.path in (ADDRESS_PATH, SCHEMA_PATH):
            collected = self.texts.get(self.path[-1], "") + text
            if len(collected) > TEXT_LIMIT:
                raise RequestError(600)
            self.texts[self.path[-1]] = collected


def parse_request(body: bytes) -> Request:
    """Read a POX request in any namespace and with any prefix. Raises RequestError with its error code."""
    if len(body) > REQUEST_LIMIT:
        raise RequestError(600)
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise error if isinstance(error, RequestError) else RequestError(600) from None
    schema = reader.texts.get("AcceptableResponseSchema", OUTLOOK_NAMESPACE).strip()
    if schema != OUTLOOK_NAMESPACE:
        raise RequestError(601)
    address = reader.texts.get("EMailAddress", "").strip()
    try:
        return Request(address, split_address(address)[1])
    except DescriptionError:
        raise RequestError(600) from None


def answer(service: ServiceDescription, request: Request) -> bytes:
    """Return the settings of the service's domain, with the address asked for as the name to sign in with."""
    address = request.address
    response = ET.Element("Response", xmlns=OUTLOOK_NAMESPACE)
    user = ET.SubElement(response, "User")
    add(user, "DisplayName", address)
    account = ET.SubElement(response, "Account")
    add(account, "AccountType", "email")
    add(account, "Action", "settings")
    _protocol(account, "POP3", service.incoming[0], address)
    if service.outgoing is not None:
        protocol = _protocol(account, "SMTP", service.outgoing, address)
        add(protocol, "UsePOPAuth", "on")
        add(protocol, "SMTPLast", "off")
    return _document(response)


def error(code: int, at: datetime) -> bytes:
    """Return the error answer for a code of MESSAGES; `at` is the time of day that the format wants."""
    response = ET.Element("Response")
    element = ET.SubElement(response, "Error", Time=f"{at:%H:%M:%S.%f}", Id="1")
    add(element, "ErrorCode", str(code))
    add(element, "Message", MESSAGES[code])
    ET.SubElement(element, "DebugData")
    return _document(response)


def json_answer(protocol: str, pox_url: str) -> tuple[int, bytes]:
    """Return status and body for autodiscover.json: where the POX is, or 400 for any protocol but AutodiscoverV1."""
    if protocol.strip().lower() == "autodiscoverv1":
        return 200, json.dumps({"Protocol": "AutodiscoverV1", "Url": pox_url}).encode()
    message = "The given protocol value is invalid. Supported values are 'AutodiscoverV1'."
    return 400, json.dumps({"ErrorCode": "InvalidProtocol", "ErrorMessage": message}).encode()


def _protocol(account: ET.Element, kind: str, server: Server, address: str) -> ET.Element:
    protocol = ET.SubElement(account, "Protocol")
    add(protocol, "Type", kind)
    add(protocol, "Server", server.host)
    add(protocol, "Port", str(server.port))
    add(protocol, "LoginName", address)
    add(protocol, "DomainRequired", "off")
    add(protocol, "SPA", "off")
    add(protocol, "SSL", "on")
    if server.security is Security.STARTTLS:  # without the element SSL means TLS from the first byte
        add(protocol, "Encryption", "TLS")
    add(protocol, "AuthRequired", "on")
    return protocol


def _document(response: ET.Element) -> bytes:
    root = ET.Element("Autodiscover", xmlns=RESPONSE_NAMESPACE)
    root.append(response)
    return document(root)
