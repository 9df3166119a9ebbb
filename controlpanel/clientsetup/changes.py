"""What changes in a domain's set-up: its name, colour and sending server, its DKIM key, its PACC document."""

import re
from typing import Any, TypedDict, Unpack

from django.conf import settings as operator
from django.utils.translation import gettext as _

from controlpanel.accounts.actor import Actor
from controlpanel.clientsetup import colours, pacc
from controlpanel.clientsetup.description import service_of, setup_of
from controlpanel.clientsetup.models import DomainSetup
from controlpanel.clientsetup.service import (
    NAME_LIMIT,
    PLACEHOLDER,
    DescriptionError,
    NotExpressibleError,
    ascii_host,
    one_line,
)
from controlpanel.journal import record
from controlpanel.mailboxes.changes.refused import ChangeRefused, change
from controlpanel.mailboxes.models import Domain
from controlpanel.mailboxes.rules import Act, require

SELECTOR = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
DKIM_LIMIT = 1000
DKIM_KEY = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")


class SetupSettings(TypedDict, total=False):
    name: str
    colour: str
    submission_host: str
    submission_port: int
    dkim_selector: str
    dkim_key: str


def change_setup(domain: Domain, *, actor: Actor, **settings: Unpack[SetupSettings]) -> DomainSetup:
    """Change what is named in `settings` and nothing else. Refused: the setting's own name."""
    require(actor, Act.CHANGE_DOMAIN, domain)
    wanted = {name: _CHECKS[name](value) for name, value in settings.items()}
    with change():
        setup = _locked(domain)
        before = {name: getattr(setup, name) for name in wanted}
        differing = {name: value for name, value in wanted.items() if value != before[name]}
        for name, value in differing.items():
            setattr(setup, name, value)
        if differing:
            setup.save()
            _tell(actor, domain, {name: [before[name], value] for name, value in differing.items()})
    return setup


def serve_pacc(domain: Domain, *, actor: Actor) -> None:
    """Serve the document that describes the service now: its digest stands in the DNS already."""
    require(actor, Act.CHANGE_DOMAIN, domain)
    fresh = fresh_pacc(domain)
    with change():
        setup = _locked(domain)
        if setup.pacc != fresh:
            setup.pacc = fresh
            setup.save()
            _tell(actor, domain, {})


def served_pacc(domain: Domain) -> bytes | None:
    """Return the bytes that are served, stored when they are first asked for; None where PACC cannot say it."""
    setup = setup_of(domain)
    if setup.pacc is not None:
        return bytes(setup.pacc)
    fresh = fresh_pacc(domain)
    if fresh is None:
        return None
    with change():
        setup = _locked(domain)
        if setup.pacc is None:
            setup.pacc = fresh
            setup.save()
    return bytes(setup.pacc)


def fresh_pacc(domain: Domain) -> bytes | None:
    """Return the document for the service as it is now; None where PACC cannot say it."""
    try:
        return pacc.document(service_of(domain), operator.PACC_SENDING_KEY)
    except NotExpressibleError:
        return None


def _locked(domain: Domain) -> DomainSetup:
    DomainSetup.objects.bulk_create([DomainSetup(domain=domain)], ignore_conflicts=True)
    return DomainSetup.objects.select_for_update(no_key=True).get(domain=domain)


def _name(text: str) -> str:
    if not text.strip():
        return ""
    try:
        name = one_line(text, NAME_LIMIT, "")
    except DescriptionError:
        raise ChangeRefused("name", _("Use at most 60 characters, on one line.")) from None
    if PLACEHOLDER.search(name):
        raise ChangeRefused("name", _("Mail clients would replace what stands between percent signs."))
    return name


def _colour(text: str) -> str:
    text = text.strip().lower()
    if text and colours.read(text) is None:
        raise ChangeRefused("colour", _("Write a colour as #0b6164."))
    return text


def _host(text: str) -> str:
    try:
        return ascii_host(text) if text.strip() else ""
    except DescriptionError:
        raise ChangeRefused("submission_host", _("This is no host name.")) from None


def _port(number: int) -> int:
    if not 0 < number < 65_536:
        raise ChangeRefused("submission_port", _("Ports go from 1 to 65535."))
    return number


def _selector(text: str) -> str:
    text = text.strip().lower()
    if text and not SELECTOR.fullmatch(text):
        raise ChangeRefused("dkim_selector", _("A selector has letters, digits, hyphens and dots."))
    return text


def dkim_value(text: str) -> str:
    """Return the TXT value for a key as people paste it: the bare key, the whole value, or lines in quotes.

    Refused: dkim_key.
    """
    joined = "".join(part for part in re.split(r'["\s()]+', text.strip()) if part)
    if not joined:
        return ""
    tags = dict(tag.partition("=")[::2] for tag in joined.split(";") if tag) if ";" in joined else {"p": joined}
    if not DKIM_KEY.fullmatch(tags.get("p", "")) or tags.get("v", "DKIM1") != "DKIM1":
        raise ChangeRefused("dkim_key", _("This is no DKIM key: paste the public key, or the whole TXT value."))
    value = "; ".join(["v=DKIM1", f"k={tags.get('k', 'rsa')}", f"p={tags['p']}"])
    if len(value) > DKIM_LIMIT or not value.isascii():
        raise ChangeRefused("dkim_key", _("This key is too long."))
    return value


_CHECKS: dict[str, Any] = {
    "name": _name,
    "colour": _colour,
    "submission_host": _host,
    "submission_port": _port,
    "dkim_selector": _selector,
    "dkim_key": dkim_value,
}


def _tell(actor: Actor, domain: Domain, details: dict[str, object]) -> None:
    record.activity(actor, "change_setup", domain_id=domain.pk, subject=domain.name, details=details)
