"""The data of the set-up page: what to do in each mail client, with this service's values.

The words and orders of the clients are in client_facts.py and the tables beside it; here they meet the description.
Texts are lazy translations; values are plain strings to copy.
"""

from dataclasses import dataclass

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from controlpanel.clientsetup import clients_desktop, clients_linux, clients_mobile
from controlpanel.clientsetup.client_facts import (
    INCOMING,
    OUTGOING,
    Client,
    Deletes,
    Facts,
    Group,
    Quickest,
    Slot,
    Text,
)
from controlpanel.clientsetup.service import Person, Retention, ServiceDescription

TABLE: dict[Client, Facts] = {
    Client.THUNDERBIRD: clients_desktop.THUNDERBIRD,
    Client.OUTLOOK_CLASSIC: clients_desktop.OUTLOOK_CLASSIC,
    Client.OUTLOOK_NEW: clients_desktop.OUTLOOK_NEW,
    Client.APPLE_MAIL: clients_desktop.APPLE_MAIL,
    Client.IPHONE: clients_mobile.IPHONE,
    Client.THUNDERBIRD_ANDROID: clients_mobile.THUNDERBIRD_ANDROID,
    Client.CLAWS: clients_linux.CLAWS,
    Client.KMAIL: clients_linux.KMAIL,
    Client.EVOLUTION: clients_linux.EVOLUTION,
    Client.OTHER: clients_mobile.OTHER,
}

ANY_NAME = _("the name that others see")
ANY_ADDRESS = _("the whole address")
ANY_PASSWORD = _("the password made for this mail client")
RECEIVES_ONLY = _("Here mail is only received: leave the outgoing server that the mail client has already.")
SENDS_TOO = _("Sending takes the same address and the same password as fetching.")
PORT_TOO_LARGE = _("This mail client takes ports up to {largest} only, so it cannot reach port {port}.")
NOTHING_TWICE = _(
    "An account that exists is changed, not added again: the mail client then knows what it has fetched already. "
    "That holds where the old mailbox was brought here together with its messages' unique ids."
)

FOR_ITS_OWNER = (
    _("The quickest way is on the set-up page of the mailbox, for whoever signs in: nothing needs to be typed there."),
    _("Or add an account by hand, with POP3 as its type, and fill in the fields below."),
)

COPIED = frozenset(
    {Slot.NAME, Slot.ADDRESS, Slot.USER, Slot.IN_HOST, Slot.IN_PORT, Slot.IN_HOST_PORT}
    | {Slot.OUT_HOST, Slot.OUT_PORT, Slot.OUT_HOST_PORT}
)
SENDING = frozenset({Slot.OUT_HOST, Slot.OUT_PORT, Slot.OUT_SECURITY, Slot.OUT_HOST_PORT})

CHANGED = (  # what is changed in an account that exists
    Group(
        INCOMING,
        (
            (_("Server"), Slot.IN_HOST),
            (_("Port"), Slot.IN_PORT),
            (_("Encryption"), Slot.IN_SECURITY),
            (_("User name"), Slot.USER),
            (_("Password"), Slot.PASSWORD),
        ),
    ),
    Group(
        OUTGOING,
        (
            (_("Server"), Slot.OUT_HOST),
            (_("Port"), Slot.OUT_PORT),
            (_("Encryption"), Slot.OUT_SECURITY),
            (_("User name"), Slot.USER),
            (_("Password"), Slot.PASSWORD),
        ),
        sending=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a client's screen: `copy` if its value is worth a copy button, `secret` if it is a password."""

    label: Text
    value: Text
    copy: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    title: Text
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One client with this service's values: a new account (`steps`, `screens`) and one that exists (`existing…`).

    `default` is what the client does with mail on the server unless told, `setting` what to set, and `to_set` whether
    anything has to be set in a new account (false where it does by itself what is wanted), `to_set_by_hand` if only the
    quickest way sets it. What an account that exists was once told nobody knows.
    """

    client: Client
    name: Text
    platforms: tuple[str, ...]
    quickest: Quickest
    steps: tuple[Text, ...]
    screens: tuple[Screen, ...]
    deletes: Deletes
    default: Text
    setting: Text
    to_set: bool
    to_set_by_hand: bool
    existing: tuple[Text, ...]
    existing_screens: tuple[Screen, ...]
    caveats: tuple[Text, ...]


def guides(service: ServiceDescription, person: Person | None = None) -> tuple[Guide, ...]:
    """Return a guide for every client, in the order in which the page offers them."""
    return tuple(guide(client, service, person) for client in TABLE)


def guide(
    client: Client, service: ServiceDescription, person: Person | None = None, *, published: Retention | None = None
) -> Guide:
    """Return the guide for one client; without a person, for anyone in the domain.

    `published` is what the domain's public files tell clients, if that is not the retention that the service has here:
    an owner's own choice stands in no public file.
    """
    facts = TABLE[client]
    values = _values(facts, service, person)
    to_set = _to_set(facts, service.retention, published or service.retention)
    owners_only = person is None and facts.quickest in (Quickest.PROFILE, Quickest.QR)
    return Guide(
        client=client,
        name=facts.name,
        platforms=facts.platforms,
        quickest=Quickest.BY_HAND if owners_only else facts.quickest,
        steps=FOR_ITS_OWNER if owners_only else facts.steps,
        screens=_screens(facts.groups, values),
        deletes=facts.deletes,
        default=facts.default,
        setting=_setting(facts, service.retention),
        to_set=to_set,
        to_set_by_hand=not to_set and _differs(facts, service.retention),
        existing=facts.existing,
        existing_screens=_screens(CHANGED, values),
        caveats=_caveats(facts, service),
    )


def _values(facts: Facts, service: ServiceDescription, person: Person | None) -> dict[Slot, Text]:
    """Return the value for each slot; of a service that only receives, none for sending."""
    incoming, outgoing = service.incoming[0], service.submission
    values: dict[Slot, Text] = {
        Slot.NAME: person.name if person else ANY_NAME,
        Slot.ADDRESS: person.address if person else ANY_ADDRESS,
        Slot.USER: person.address if person else ANY_ADDRESS,
        Slot.PASSWORD: ANY_PASSWORD,
        Slot.PROTOCOL: "POP3",
        Slot.AUTHENTICATION: facts.authentication,
        Slot.MECHANISMS: ", ".join(service.mechanisms),
        Slot.ON: pgettext_lazy("a field of a mail client", "on"),
        Slot.OFF: pgettext_lazy("a field of a mail client", "off"),
        Slot.IN_HOST: incoming.host,
        Slot.IN_PORT: str(incoming.port),
        Slot.IN_SECURITY: facts.security[incoming.security],
        Slot.IN_HOST_PORT: f"{incoming.host}:{incoming.port}",
        Slot.OUT_HOST: outgoing.host,
        Slot.OUT_PORT: str(outgoing.port),
        Slot.OUT_SECURITY: facts.security[outgoing.security],
        Slot.OUT_HOST_PORT: f"{outgoing.host}:{outgoing.port}",
    }
    return values if service.outgoing else {slot: text for slot, text in values.items() if slot not in SENDING}


def _screens(groups: tuple[Group, ...], values: dict[Slot, Text]) -> tuple[Screen, ...]:
    """Return the groups with their values; those for sending only where there is a server to send by."""
    sends = not SENDING.isdisjoint(values)
    return tuple(Screen(group.title, _fields(group, values)) for group in groups if sends or not group.sending)


def _fields(group: Group, values: dict[Slot, Text]) -> tuple[Field, ...]:
    return tuple(_field(label, slot, values[slot]) for label, slot in group.fields if slot in values)


def _field(label: Text, slot: Slot, value: Text) -> Field:
    copied = slot in COPIED and isinstance(value, str)
    return Field(label, value, copy=copied, secret=slot is Slot.PASSWORD)


def _setting(facts: Facts, retention: Retention) -> Text:
    if not retention.leave_on_server:
        return facts.remove
    return facts.keep if retention.days is None else format_lazy(facts.keep_days, days=retention.days)


def _to_set(facts: Facts, retention: Retention, published: Retention) -> bool:
    if facts.automatic_retention:
        return retention != published
    return _differs(facts, retention)


def _differs(facts: Facts, retention: Retention) -> bool:
    """Whether the client, unless told, does otherwise."""
    if not retention.leave_on_server:
        return facts.deletes is not Deletes.AT_ONCE
    if retention.days is None:
        return facts.deletes is not Deletes.NEVER
    return (facts.deletes, facts.default_days) != (Deletes.AFTER_DAYS, retention.days)


def _caveats(facts: Facts, service: ServiceDescription) -> tuple[Text, ...]:
    port = service.incoming[0].port
    return (
        *((format_lazy(PORT_TOO_LARGE, largest=facts.largest_port, port=port),) if port > facts.largest_port else ()),
        RECEIVES_ONLY if service.outgoing is None else SENDS_TOO,
        *facts.caveats,
    )
