"""Thunderbird's configuration file, config-v1.1.xml, as draft-ietf-mailmaint-autoconfig describes it.

Its readers differ, and the file satisfies what each insists on (Thunderbird's readFromXML, KMail's ispdbservice, K-9's
RealAutoconfigParser, which sets up no POP3 from any file). Thunderbird refuses a file without an outgoing server, takes
the first incoming server, and stores any password it finds. `password-encrypted` means CRAM-MD5 to all three, which
Casilla does not speak, so the one mechanism named is `password-cleartext`, always inside TLS. Placeholders stand in
user names alone. The file depends on the domain only: an address that does not exist gets the same bytes.
"""

from xml.etree import ElementTree as ET

from controlpanel.clientsetup.markup import add, document
from controlpanel.clientsetup.service import Retention, Security, Server, ServiceDescription

CONTENT_TYPE = "text/xml; charset=utf-8"

# Thunderbird deletes by age always, after 14 days unless told. "Never" is a number of days that keeps
# now - days * 86,400 inside 32 signed bits and after 1970, as its older versions reckon.
FAR_AWAY_DAYS = 9999

SOCKET_TYPES = {Security.TLS: "SSL", Security.STARTTLS: "STARTTLS"}

DESCRIPTIONS = {
    "en": "How to set up a mail client",
    "es": "Cómo configurar un programa de correo",
}


def config_v1_1(service: ServiceDescription) -> bytes:
    """Return the file for every address of the service's domain, UTF-8 XML without a BOM."""
    root = ET.Element("clientConfig", version="1.1")
    provider = ET.SubElement(root, "emailProvider", id=service.domain)
    add(provider, "domain", service.domain)
    if service.mx_domain is not None:
        add(provider, "domain", service.mx_domain, purpose="mx")
    add(provider, "displayName", service.name)
    add(provider, "displayShortName", service.short_name)
    for server in service.incoming:
        _pop3(_server(provider, "incomingServer", "pop3", server), service.retention)
    _outgoing(provider, service)
    for language, url in sorted(service.documentation.items()):
        page = ET.SubElement(provider, "documentation", url=url)
        add(page, "descr", DESCRIPTIONS[language], lang=language)
    return document(root)


def _server(provider: ET.Element, tag: str, protocol: str, server: Server) -> ET.Element:
    element = ET.SubElement(provider, tag, type=protocol)
    add(element, "hostname", server.host)
    add(element, "port", str(server.port))
    add(element, "socketType", SOCKET_TYPES[server.security])
    add(element, "authentication", "password-cleartext")
    add(element, "username", "%EMAILADDRESS%")
    return element


def _pop3(element: ET.Element, retention: Retention) -> None:
    """Say both values, as Thunderbird reads them in one try block: one malformed value drops the other too."""
    pop3 = ET.SubElement(element, "pop3")
    add(pop3, "leaveMessagesOnServer", "true" if retention.leave_on_server else "false")
    add(pop3, "daysToLeaveMessagesOnServer", str(retention.days or FAR_AWAY_DAYS))


def _outgoing(provider: ET.Element, service: ServiceDescription) -> None:
    element = _server(provider, "outgoingServer", "smtp", service.submission)
    if service.outgoing is None:  # a service that only receives: the client keeps the outgoing server it has
        add(element, "useGlobalPreferredServer", "true")
