"""This service's own description, from its settings and a domain's row."""

from django.conf import settings

from controlpanel.clientsetup.service import Person, Security, Server, ServiceDescription
from controlpanel.mailboxes.addresses import domain_shown
from controlpanel.mailboxes.models import Domain, Mailbox

NAME_LIMIT, SHORT_NAME_LIMIT = 60, 20


def description(domain: Domain) -> ServiceDescription:
    """Return what mail clients of the domain have to know. The listeners' ports are those that clients reach."""
    name = domain_shown(domain.name)
    return ServiceDescription(
        domain=domain.name,
        name=name if len(name) <= NAME_LIMIT else "Casilla",
        short_name=name if len(name) <= SHORT_NAME_LIMIT else "Casilla",
        pop3s=Server(settings.PUBLIC_HOST, _port(settings.POP3S_BIND), Security.TLS),
        pop3=Server(settings.PUBLIC_HOST, _port(settings.POP3_BIND), Security.STARTTLS),
    )


def person(mailbox: Mailbox) -> Person:
    return Person(mailbox.address_text, mailbox.name, str(mailbox.pk))


def _port(bind: str) -> int:
    return int(bind.rpartition(":")[2])
