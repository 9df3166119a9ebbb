"""The PACC document and the digest that vouches for it, read as draft-ietf-mailmaint-pacc says."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from controlpanel.clientsetup import changes, pacc
from controlpanel.clientsetup.service import NotExpressibleError, Security, Server, ServiceDescription
from tests.clientsetup.examples import RECEIVE_ONLY, SERVICE, STLS_ONLY, services
from tests.store.factories import make_domain


def vouched(content: bytes, record: str) -> bool:
    """Tell whether a client believes the bytes: tags v, a and d, the digest over the bytes as served."""
    tags = dict(part.strip().split("=", 1) for part in record.split(";"))
    assert (tags["v"], tags["a"]) == ("UAAC1", "sha256")
    return base64.b64decode(tags["d"], validate=True) == hashlib.sha256(content).digest()


def test_the_document_names_hosts_and_the_provider() -> None:
    assert json.loads(pacc.document(SERVICE)) == {
        "protocols": {"pop3": {"host": "pop.example.net"}, "submit": {"host": "smtp.example.net"}},
        "authentication": {"password": True},
        "info": {
            "provider": {"name": SERVICE.name, "shortName": SERVICE.short_name},
            "help": {"documentation": "https://panel.example.net/help?a=1&b=2"},
        },
    }


def test_the_sending_key_of_older_drafts_can_be_had() -> None:
    assert set(json.loads(pacc.document(SERVICE, "smtp"))["protocols"]) == {"pop3", "smtp"}


@pytest.mark.django_db
def test_the_operator_says_how_the_sending_server_is_called(settings: Any) -> None:
    settings.SUBMISSION_HOST, settings.SUBMISSION_PORT, settings.PUBLIC_POP3S_PORT = "smtp.example.net", 465, 995
    domain = make_domain("example.test")
    served = changes.served_pacc(domain)
    settings.PACC_SENDING_KEY = "smtp"
    fresh = changes.fresh_pacc(domain)
    assert served is not None
    assert fresh is not None
    assert [set(json.loads(each)["protocols"]) for each in (served, fresh)] == [{"pop3", "submit"}, {"pop3", "smtp"}]
    assert changes.served_pacc(domain) == served, "the octets that the DNS vouches for stay"


@pytest.mark.parametrize(
    "outgoing", [None, Server("smtp.example.net", 587, Security.STARTTLS), Server("smtp.example.net", 2465)]
)
def test_sending_is_named_only_by_tls_on_its_own_port(outgoing: Server | None) -> None:
    assert set(json.loads(pacc.document(replace(SERVICE, outgoing=outgoing)))["protocols"]) == {"pop3"}


@pytest.mark.parametrize("service", [STLS_ONLY, replace(SERVICE, pop3s=Server("pop.example.net", 1995))])
def test_what_the_document_cannot_say_is_not_said_wrongly(service: ServiceDescription) -> None:
    with pytest.raises(NotExpressibleError, match="995"):
        pacc.document(service)


def test_the_same_description_gives_the_same_bytes_and_another_gives_others() -> None:
    assert pacc.document(SERVICE) == pacc.document(replace(SERVICE))
    assert pacc.document(SERVICE) != pacc.document(RECEIVE_ONLY)


@given(services())
def test_the_digest_vouches_for_these_bytes_and_no_others(service: ServiceDescription) -> None:
    content = pacc.document(replace(service, pop3s=Server("pop.example.net", 995)))
    record = pacc.digest_record(content)
    assert vouched(content, record)
    assert not vouched(content.rstrip(), record)
    assert json.loads(content)["info"]["provider"]["name"] == service.name
