"""Readers of our XML written after the clients' own, refusing what those refuse.

Thunderbird: readFromXML.sys.mjs and Sanitizer.sys.mjs; K-9: RealAutoconfigParser.kt; KMail: ispdbservice.cpp and
serverconfiguration.cpp; Autodiscover: Thunderbird's ExchangeAutoDiscover.sys.mjs.
"""

import re
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.I)


class RefusedError(Exception):
    pass


@dataclass
class Account:
    type: str
    hostname: str
    port: int
    socket_type: str
    authentication: str
    username: str
    password: str | None = None
    leave_on_server: bool = True  # the defaults of AccountConfig.createNewIncoming
    days: int = 14
    use_global_preferred_server: bool = False


@dataclass
class Config:
    id: str
    domains: list[str]
    display_name: str
    incoming: list[Account] = field(default_factory=list)
    outgoing: list[Account] = field(default_factory=list)


def hostname(text: str | None) -> str:
    if not text or not HOST.fullmatch(text) or len(text) > 253:
        raise RefusedError(f"hostname {text!r}")
    return text.lower()


def integer(text: str | None) -> int:
    match = re.match(r"\s*[+-]?\d+", text or "")  # parseInt
    if not match:
        raise RefusedError(f"number {text!r}")
    return int(match[0])


def boolean(text: str | None) -> bool:
    if text not in ("true", "false"):
        raise RefusedError(f"boolean {text!r}")
    return text == "true"


def first_of(values: list[ET.Element], allowed: dict[str, str]) -> str:
    for value in values:
        if value.text in allowed:
            return allowed[value.text]
    raise RefusedError("no supported value")


SOCKETS = {"plain": "plain", "SSL": "SSL", "STARTTLS": "STARTTLS"}
INCOMING_AUTH = {
    "password-cleartext": "cleartext",
    "plain": "cleartext",
    "password-encrypted": "CRAM-MD5",
    "secure": "CRAM-MD5",
    "GSSAPI": "GSSAPI",
    "NTLM": "NTLM",
}
OUTGOING_AUTH = INCOMING_AUTH | {"none": "none", "client-IP-address": "none", "smtp-after-pop": "none"}


def thunderbird(content: bytes) -> Config:
    root = ET.fromstring(content)
    if root.tag != "clientConfig" or root.find("emailProvider") is None:
        raise RefusedError("no emailProvider")
    provider = root.find("emailProvider")
    assert provider is not None
    config = Config(hostname(provider.get("id")), [], provider.findtext("displayName") or "")
    config.domains = [hostname(element.text) for element in provider.findall("domain")]
    if not config.domains:
        raise RefusedError("need proper <domain>")
    config.incoming = _valid(provider.findall("incomingServer"), _incoming)
    config.outgoing = _valid(provider.findall("outgoingServer"), _outgoing)
    return config


def _valid(elements: list[ET.Element], read) -> list[Account]:  # type: ignore[no-untyped-def]
    found, why = [], RefusedError("need a server")
    for element in elements:
        try:
            found.append(read(element))
        except RefusedError as refused:
            why = refused
    if not found:
        raise why
    return found


def _server(element: ET.Element, kinds: tuple[str, ...], mechanisms: dict[str, str]) -> Account:
    if element.get("type") not in kinds:
        raise RefusedError("type")
    port = integer(element.findtext("port"))
    if not 1 <= port <= 65535:
        raise RefusedError("port")
    username = element.findtext("username")
    if username is None:
        raise RefusedError("username")
    return Account(
        element.get("type", ""),
        hostname(element.findtext("hostname")),
        port,
        first_of(element.findall("socketType"), SOCKETS),
        first_of(element.findall("authentication"), mechanisms),
        username,
        element.findtext("password"),
    )


def _incoming(element: ET.Element) -> Account:
    account = _server(element, ("pop3", "imap", "nntp", "exchange"), INCOMING_AUTH)
    pop3 = element.find("pop3")
    if account.type == "pop3" and pop3 is not None:
        try:  # one block: what fails first drops what comes after
            if pop3.find("leaveMessagesOnServer") is not None:
                account.leave_on_server = boolean(pop3.findtext("leaveMessagesOnServer"))
            if pop3.find("daysToLeaveMessagesOnServer") is not None:
                account.days = integer(pop3.findtext("daysToLeaveMessagesOnServer"))
        except RefusedError:
            pass
    return account


def _outgoing(element: ET.Element) -> Account:
    account = _server(element, ("smtp",), OUTGOING_AUTH)
    account.use_global_preferred_server = element.findtext("useGlobalPreferredServer") == "true"
    return account


def k9(content: bytes) -> list[str]:
    """Return the protocols that K-9 would set up; raises RefusedError where it drops the whole file."""
    provider = ET.fromstring(content).find("emailProvider")
    if provider is None or not HOST.fullmatch(provider.get("id", "")):
        raise RefusedError("emailProvider")
    kept = []
    for tag, kind in (("incomingServer", "imap"), ("outgoingServer", "smtp")):
        for element in provider.findall(tag):
            if element.get("type") != kind:
                continue
            if element.findtext("socketType") not in ("SSL", "STARTTLS"):
                raise RefusedError("socketType")
            if not element.findtext("hostname") or element.findtext("username") is None:
                raise RefusedError("hostname or username")
            kept.append(kind)
    return kept


def kmail(content: bytes, local: str, domain: str) -> list[tuple[str, str, int, str, str, str]]:
    """Return what KMail offers: (type, host, port, security, mechanism, user) with placeholders replaced anywhere."""
    provider = ET.fromstring(content).find("emailProvider")
    assert provider is not None
    replaced = {"%EMAILLOCALPART%": local, "%EMAILADDRESS%": f"{local}@{domain}", "%EMAILDOMAIN%": domain}
    found = []
    for element in [*provider.findall("incomingServer"), *provider.findall("outgoingServer")]:
        words = {name: element.findtext(name) or "" for name in ("hostname", "username")}
        for placeholder, value in replaced.items():
            words = {name: text.replace(placeholder, value) for name, text in words.items()}
        mechanism = {"password-cleartext": "PLAIN", "password-encrypted": "CRAM-MD5"}[
            element.findtext("authentication") or ""
        ]
        socket_type = element.findtext("socketType") or ""
        port = int(element.findtext("port") or "-1")
        found.append((element.get("type", ""), words["hostname"], port, socket_type, mechanism, words["username"]))
    return found


OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
RESPONSE = "{http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006}"


def autodiscover(content: bytes) -> list[dict[str, str]]:
    """Return the Protocol elements of a POX answer, checked as Outlook is known to insist on them."""
    root = ET.fromstring(content)
    account = root.find(f"{OUTLOOK}Response/{OUTLOOK}Account")
    if root.tag != f"{RESPONSE}Autodiscover" or account is None:
        raise RefusedError("namespace")
    if account.findtext(f"{OUTLOOK}AccountType") != "email" or account.findtext(f"{OUTLOOK}Action") != "settings":
        raise RefusedError("account")
    protocols = [{e.tag.removeprefix(OUTLOOK): e.text or "" for e in p} for p in account.findall(f"{OUTLOOK}Protocol")]
    for protocol in protocols:
        hostname(protocol["Server"])
        integer(protocol["Port"])
        for switch in ("SSL", "SPA", "DomainRequired", "AuthRequired", "UsePOPAuth", "SMTPLast"):
            if protocol.get(switch, "on") not in ("on", "off"):
                raise RefusedError(switch)
    return protocols


def thunderbird_security(protocol: dict[str, str]) -> str:
    """Return how Thunderbird connects for a Protocol of a POX answer."""
    if protocol.get("SSL", "on").lower() == "off" or protocol.get("Encryption", "").lower() == "none":
        return "plain"
    return "STARTTLS" if int(protocol["Port"]) in (143, 110, 25, 587) else "SSL"
