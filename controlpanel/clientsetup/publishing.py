"""What a domain should publish in the DNS, from its rows and the settings."""

from django.conf import settings

from controlpanel.clientsetup import changes, dns_records
from controlpanel.clientsetup.description import service_of, setup_of
from controlpanel.clientsetup.dns_records import Published, Record
from controlpanel.mailboxes.models import Domain

PREFERENCE_STEP = 10


def records_of(domain: Domain) -> tuple[Record, ...]:
    """Return the records, those of the PACC document that is served and, if it differs, of the one to be served."""
    return dns_records.records(service_of(domain), _published(domain))


def _published(domain: Domain) -> Published:
    setup = setup_of(domain)
    served, fresh = changes.served_pacc(domain), changes.fresh_pacc(domain)
    documents = dict.fromkeys(document for document in (served, fresh) if document is not None)
    exchangers = ((PREFERENCE_STEP * number, host) for number, host in enumerate(settings.MX_HOSTS, 1))
    return Published(
        mail_exchangers=tuple(exchangers),
        web_host=settings.PUBLIC_HOST,
        pacc_documents=tuple(documents),
        dkim=(setup.dkim_selector, setup.dkim_key) if setup.dkim_selector and setup.dkim_key else None,
    )
