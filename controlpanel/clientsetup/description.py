"""The ServiceDescription of a domain or a mailbox, from the settings, the domain's choices and the owner's."""

from dataclasses import replace

from django.conf import settings
from django.urls import reverse

from controlpanel.clientsetup.models import DomainSetup
from controlpanel.clientsetup.service import (
    KEEP_ALWAYS,
    LANGUAGES,
    REMOVE,
    SHORT_NAME_LIMIT,
    Person,
    Retention,
    Security,
    Server,
    ServiceDescription,
)
from controlpanel.mailboxes.addresses import domain_shown
from controlpanel.mailboxes.models import Domain, Mailbox

SUBMISSIONS_PORT = 465  # RFC 8314 section 3.3


def service_of(domain: Domain) -> ServiceDescription:
    """Return what anybody may know: it depends on the domain alone."""
    return _described(domain, domain.leave_days)


def service_for(mailbox: Mailbox) -> ServiceDescription:
    """Return the service with the owner's own choice about leaving mail, for pages and files that only they get."""
    return _described(mailbox.domain, mailbox.leaving)


def service_shown(mailbox: Mailbox) -> ServiceDescription:
    """Return what the mailbox's guides show: a mailbox that may not send has no server to send by.

    Files and codes that set up an account keep the server: their readers refuse an account without one.
    """
    service = service_for(mailbox)
    return service if mailbox.send_enabled else replace(service, outgoing=None)


def person_of(mailbox: Mailbox) -> Person:
    return Person(mailbox.address_text, mailbox.name, str(mailbox.pk))


def setup_of(domain: Domain) -> DomainSetup:
    """Return what the domain chose, or an unsaved row of defaults."""
    return DomainSetup.objects.filter(domain=domain).first() or DomainSetup(domain=domain)


def service_by_mx() -> ServiceDescription | None:
    """Return what every domain has that chose nothing: for clients that come by the MX record and name no address.

    None where the mail exchanger has no domain of its own.
    """
    parent = _mx_parent()
    return None if "." not in parent else _service(parent, DomainSetup(), KEEP_ALWAYS, {})


def _described(domain: Domain, leave_days: int | None) -> ServiceDescription:
    pages = {language: help_url(domain.name, language) for language in LANGUAGES}
    return _service(domain.name, setup_of(domain), retention(leave_days), pages)


def _service(domain: str, setup: DomainSetup, wanted: Retention, documentation: dict[str, str]) -> ServiceDescription:
    name = setup.name or domain_shown(domain)[: DomainSetup._meta.get_field("name").max_length]
    return ServiceDescription(
        domain=domain,
        name=name,
        short_name=_short(name, domain),
        pop3s=Server(settings.PUBLIC_HOST, settings.PUBLIC_POP3S_PORT),
        pop3=Server(settings.PUBLIC_HOST, settings.PUBLIC_POP3_PORT, Security.STARTTLS),
        outgoing=_outgoing(setup),
        mx_domain=_mx_domain(domain),
        retention=wanted,
        documentation=documentation,
    )


def retention(leave_days: int | None) -> Retention:
    """Return what `Domain.leave_days` and `Mailbox.leaving` mean."""
    return REMOVE if leave_days == 0 else Retention(days=leave_days)


def help_url(domain: str, language: str) -> str:
    """Return the address of the domain's public page, absolute, the same whoever asks."""
    path: str = reverse("help-in", args=[domain, language])
    return f"{settings.PANEL_URL}{path}"


def _short(name: str, domain: str) -> str:
    return name if len(name) <= SHORT_NAME_LIMIT else domain_shown(domain).partition(".")[0][:SHORT_NAME_LIMIT]


def _outgoing(setup: DomainSetup) -> Server | None:
    if setup.submission_host:
        return submission(setup.submission_host, setup.submission_port)
    if settings.SUBMISSION_HOST:
        return submission(settings.SUBMISSION_HOST, settings.SUBMISSION_PORT)
    return None


def submission(host: str, port: int) -> Server:
    """Return the server to send by; its port says how TLS begins."""
    return Server(host, port, Security.TLS if port == SUBMISSIONS_PORT else Security.STARTTLS)


def _mx_domain(domain: str) -> str | None:
    """Return the domain under which clients look that come by the MX record, none if it is the domain's own."""
    found = _mx_parent()
    return None if found == domain or "." not in found else found


def _mx_parent() -> str:
    host: str = settings.MX_HOSTS[0]
    parent = host.partition(".")[2]
    return parent if "." in parent else host
